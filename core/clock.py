"""The one door to the system clock. Everything that decides takes its `now` as an argument instead."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, the one form in which times leave the product."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_date(moment: datetime, zone: str) -> date:
    """The day of the instant on a calendar in the zone, such as America/New_York."""
    return moment.astimezone(ZoneInfo(zone)).date()


def read_instant(value: object) -> datetime | None:
    """The instant, in UTC, of an RFC 3339 time with its zone; None for anything else.

    Only of the years 1900 to 2999: whoever reckons with it may add and take away a zone's hours or a window's days.
    """
    try:
        moment = (
            datetime.fromisoformat(value.upper()) if isinstance(value, str) and _RFC_3339.fullmatch(value) else None
        )
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment and 1900 <= moment.year <= 2999 else None
