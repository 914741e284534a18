"""The periods that caps count in: which hour, day, week or month an instant belongs to, in the zone of the cap."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

QUARTER = 900  # seconds; every zone in use is a multiple of this from UTC, so no period begins inside a quarter


class Window(StrEnum):
    """How long a cap counts before it starts anew."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"

    __hash__ = str.__hash__  # as fast as text: windows are parts of the keys that every lead looks up


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def quarter_of(now: datetime) -> int:
    """The number of the quarter hour an instant lies in: what the reckonings below are remembered by."""
    return int(now.timestamp() // QUARTER)


@lru_cache(maxsize=4_096)
def period_start(window: Window, zone: str, quarter: int) -> datetime:
    """When the period containing this quarter hour began, in UTC. Weeks begin on Monday; `total` began with the epoch.

    Where clocks are set back, the repeated hour is a period of its own; where midnight is skipped, the day begins
    with its first instant.
    """
    if window is Window.TOTAL:
        return SINCE_EVER
    local = datetime.fromtimestamp(quarter * QUARTER, ZoneInfo(zone))
    start = local.replace(minute=0, second=0, microsecond=0)
    if window is Window.HOUR:
        return start.astimezone(UTC)
    start = start.replace(hour=0, fold=0)
    if window is Window.WEEK:
        start -= timedelta(days=start.weekday())
    elif window is Window.MONTH:
        start = start.replace(day=1)
    return start.astimezone(UTC)


@lru_cache(maxsize=4_096)
def weekday(zone: str, quarter: int) -> int:
    """The day of the week in the zone, Monday being 0."""
    return datetime.fromtimestamp(quarter * QUARTER, ZoneInfo(zone)).weekday()
