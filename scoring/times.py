"""Times as other systems write them: which of the usual forms a column has, and reading it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_PARTS: Final = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d++)?)?\s*+([AaPp][Mm])?.*)?"
)
_ENOUGH: Final = 0.95
_CENTURY_TURNS: Final = 69  # as POSIX has it: 69 to 99 are of the last century


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """The order of a date's parts, such as `ymd`, and whether hours stand beside them."""

    order: str
    has_hours: bool

    def read(self, text: str) -> datetime | None:
        """The moment on the wall clock of whoever wrote it; None for what is no such time."""
        match = _PARTS.fullmatch(text.strip())
        if match is None:
            return None
        parts = dict(zip(self.order, match.group(1, 2, 3), strict=True))
        if self.order == "ymd" and len(parts["y"]) < 4:
            return None  # a short year never stands first
        year = _year(parts["y"])
        hour = int(match[4] or 0) % 12 + 12 * (match[7].lower() == "pm") if match[7] else int(match[4] or 0)
        try:
            return datetime(year, int(parts["m"]), int(parts["d"]), hour, int(match[5] or 0))  # noqa: DTZ001
        except ValueError:
            return None


def _year(text: str) -> int:
    year = int(text)
    if len(text) > 2:
        return year
    return year + (1900 if year >= _CENTURY_TURNS else 2000)


def time_format(values: Sequence[str], *, sure: bool = False) -> TimeFormat | None:
    """The form in which nearly all of these are times; None where they are not.

    Where day and month cannot be told apart, the day stands first after a dot, else the month. With `sure` (somebody
    said it is a time) a few more may be unreadable.
    """
    sample = values[:: max(len(values) // 2000, 1)]
    with_hours = sum(":" in value for value in sample) > 0.5 * len(sample)
    orders = ("ymd", "dmy", "mdy") if "." in sample[0] else ("ymd", "mdy", "dmy")
    if not any(_PARTS.fullmatch(value.strip()) for value in sample[:50]):
        return None
    shares = {order: _share(TimeFormat(order, with_hours), sample) for order in orders}
    best = max(orders, key=lambda order: shares[order])
    return TimeFormat(best, with_hours) if shares[best] >= (0.5 if sure else _ENOUGH) else None


def _share(form: TimeFormat, sample: Sequence[str]) -> float:
    read = (form.read(value) for value in sample)
    return sum(moment is not None and 1900 <= moment.year < 2200 for moment in read) / len(sample)
