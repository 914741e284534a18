"""One field of a lead as the engine sees it: plain JSON, and read as text, number, moment or ZIP code on demand.

Every reader is total: whatever a lead holds, it gives the reading or None.
"""

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

Plain = str | int | float | bool | None
Held = Plain | list[Plain]
"""What one field holds: a plain value, or several where a form let people tick more than one."""

_LARGEST = 2**53  # the largest integer every JSON reader keeps exact
_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?", re.ASCII)
_ZIP = re.compile(r"(\d{5})(-?\d{4})?", re.ASCII)


def plain(value: object) -> Plain:
    """The value as JSON keeps it, so that a decision read back from its record sees exactly what this one sees."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_LARGEST < value < _LARGEST else format(Decimal(value), "f")
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    return plain(str(value))


def held(value: object) -> Held:
    """The value of a field as JSON keeps it; a list item by item."""
    if type(value) is str and value.isascii():
        return value  # as nearly all are
    return [plain(item) for item in value] if isinstance(value, list | tuple) else plain(value)


def text(value: Plain) -> str | None:
    """The value folded for comparison without regard to case; None where it is missing or blank."""
    if isinstance(value, str):
        return value.strip().casefold() or None
    if value is None:
        return None
    return str(value).casefold()


def number(value: Plain) -> Decimal | None:
    """The value as an exact number; text counts where it is a plain decimal such as "42" or "-0.5"."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.fullmatch(value):
            return None
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return None
    return exact if exact.is_finite() else None


def moment(value: Plain) -> datetime | None:
    """The value as an instant: an ISO date (its midnight in UTC) or date and time (UTC where it names no offset)."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def zip5(value: Plain) -> str | None:
    """The five digits of a US ZIP code or ZIP+4."""
    if not isinstance(value, str):
        return None
    found = _ZIP.fullmatch(value.strip())
    return found[1] if found else None


def flag(value: Plain) -> bool | None:
    """The value as yes or no: a JSON boolean, or the text "true" or "false"."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(text(value) or "")
