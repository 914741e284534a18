"""Bids as buyers write them, made minor units: bounded, finite, above zero, or refused with a reason each."""

import re
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any, Final

from core.money import exponent

UNITS: Final = ("dollars", "cents", "text")
"""dollars: a number in major units; cents: in minor units; both may be text. text: as people write it, "$1,234.50"."""

LARGEST: Final = 100_000_000
"""Minor units. A bid of a million is a mistake of the buyer's, and no lead's price."""

_PLAIN: Final = re.compile(r"[+-]?(?:\d{1,20}\.?\d{0,20}|\.\d{1,20})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_ENDLESS: Final = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_WRITTEN: Final = re.compile(
    r"(?P<minus>-)?\s*(?:[A-Z]{0,3}\s*[$€£¥]|[A-Z]{3})?\s*(?P<inner>-)?(?P<number>[\d.,' \u00a0\u202f]+?)\s*"
    r"(?:[€£$¥]|[A-Z]{3})?",
    re.ASCII,
)
_GROUPS: Final = re.compile(r"\d{1,3}(?:[,.]\d{3})+", re.ASCII)


class BadPrice(ValueError):
    """This is no bid; the message is the reason's code."""


def read_price(value: Any, unit: str, currency: str) -> int:
    """Minor units, rounded down: a buyer never pays more than it bid. Zero is zero, and for the caller to judge.

    Raises BadPrice: price_wrong_type, price_not_a_number, price_not_finite, price_negative, price_huge.
    """
    amount = _amount(value, unit)
    if not amount.is_finite():
        raise BadPrice("price_not_finite")
    if amount < 0:
        raise BadPrice("price_negative")
    if amount > LARGEST:  # before scaling, which has limits of its own
        raise BadPrice("price_huge")
    minor = amount if unit == "cents" else amount.scaleb(exponent(currency))
    if minor > LARGEST:
        raise BadPrice("price_huge")
    return int(minor.to_integral_value(rounding=ROUND_DOWN))


def _amount(value: Any, unit: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadPrice("price_wrong_type")
    if not isinstance(value, str):
        return Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    text = value.strip()
    if _ENDLESS.fullmatch(text):
        raise BadPrice("price_not_finite")
    plain = _written(text) if unit == "text" else text
    if not _PLAIN.fullmatch(plain):
        raise BadPrice("price_not_a_number")
    try:
        return Decimal(plain)
    except InvalidOperation as error:
        raise BadPrice("price_not_a_number") from error


def _written(text: str) -> str:
    """The plain number of "$1,234.50", "1.234,50 EUR", "42,50", "($5.00)"; empty where it is none."""
    negative = text.startswith("(") and text.endswith(")")
    match = _WRITTEN.fullmatch(text.strip("()") if negative else text) if len(text) <= 40 else None
    if match is None:
        return ""
    number = re.sub(r"['\s\u00a0\u202f]", "", match["number"])
    sign = "-" if negative or match["minus"] or match["inner"] else ""
    return sign + _one_point(number)


def _one_point(number: str) -> str:
    """Points and commas sorted out: with both, the last one is the decimal mark; alone, groups of three are thousands.

    Only "1.250" stays ambiguous, and is read as one and a quarter: the lower of its two meanings.
    """
    point, comma = number.rfind("."), number.rfind(",")
    if point >= 0 and comma >= 0:
        thousands, decimal = (",", ".") if point > comma else (".", ",")
        whole, _, rest = number.rpartition(decimal)
        return f"{whole.replace(thousands, '')}.{rest}"
    if comma >= 0:
        return number.replace(",", "") if _GROUPS.fullmatch(number) else number.replace(",", ".")
    return number.replace(".", "") if number.count(".") > 1 and _GROUPS.fullmatch(number) else number
