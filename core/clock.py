"""The one door to the system clock. Everything that decides takes its `now` as an argument instead."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, the one form in which times leave the product."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_date(moment: datetime, zone: str) -> date:
    """The day of the instant on a calendar in the zone, such as America/New_York."""
    return moment.astimezone(ZoneInfo(zone)).date()


def read_instant(text: str) -> datetime | None:
    """The instant, in UTC, that a time with its zone names; None for any other text, and beyond the years 1 to 9999."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
