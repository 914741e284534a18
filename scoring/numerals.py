"""Numbers as people and spreadsheets write them."""

import re
from math import isfinite, nan
from typing import Final

_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d+")


def read_number(text: str) -> float:
    """The number that is written there, with `$`, `%`, thousands commas or a decimal comma; NaN for anything else.

    >>> read_number("$1,250.50"), read_number("4,963"), read_number("1,25"), read_number("many")
    (1250.5, 4963.0, 1.25, nan)
    """
    trimmed = text.strip().lstrip("$€£").rstrip("%").strip()
    if "," in trimmed:
        if _GROUPED.fullmatch(trimmed):
            trimmed = trimmed.replace(",", "")
        elif _DECIMAL_COMMA.fullmatch(trimmed):
            trimmed = trimmed.replace(",", ".")
    try:
        value = float(trimmed)
    except ValueError:
        return nan
    return value if isfinite(value) else nan
