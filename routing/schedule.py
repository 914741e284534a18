"""When a contract is open: weekly hours on the wall clock of its zone.

Hours that a clock change skips do not occur, hours that it repeats are open twice: what counts is what the clock on
the buyer's wall shows.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from routing.documents import Problems
from routing.windows import WEEKDAYS

DAY = 24 * 60
WEEK = 7 * DAY
AT_MOST = 100
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Open spans in minutes of the week (Monday 00:00 is 0), each from its start up to its end; none: always open."""

    document: tuple[Any, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    def is_open(self, local: datetime) -> bool:
        """Whether this local time is inside a span."""
        if not self.spans:
            return True
        minute = local.weekday() * DAY + local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.spans)


ALWAYS = Schedule()


def parse_schedule(document: object, path: str = "schedule") -> Schedule:
    """A schedule from `[{"days": ["mon"], "from": "09:00", "to": "17:00"}]`.

    A span whose end is not after its start runs into the next day: 22:00 to 02:00 on Friday ends on Saturday.
    Without `days` it holds on every day; without `from` or `to` from midnight or until midnight ("24:00").
    Raises FieldProblems with every problem found.
    """
    problems = Problems()
    spans: list[tuple[int, int]] = []
    for where, item in problems.items(document, path, at_most=AT_MOST):
        spans += _spans(item, where, problems)
    problems.refuse()
    assert isinstance(document, list)
    return Schedule(tuple(document), tuple(sorted(set(spans))))


def _spans(item: object, path: str, problems: Problems) -> list[tuple[int, int]]:
    before = len(problems)
    members = problems.members(item, path, known=("days", "from", "to"))
    days = _days(members.get("days", list(WEEKDAYS)), f"{path}.days", problems)
    start = _minutes(members.get("from", "00:00"), f"{path}.from", problems)
    end = _minutes(members.get("to", "24:00"), f"{path}.to", problems)
    if start == end and len(problems) == before:
        problems.add(path, "empty_span", "is empty; write 00:00 to 24:00 for a whole day")
    length = (end - start) % DAY or DAY
    return [span for day in days for span in _within_week(day * DAY + start, length)]


def _within_week(start: int, length: int) -> list[tuple[int, int]]:
    end = start + length
    if end <= WEEK:
        return [(start, end)]
    return [(start, WEEK), (0, end - WEEK)] if start < WEEK else [(start - WEEK, end - WEEK)]


def _days(value: object, path: str, problems: Problems) -> list[int]:
    days = []
    for where, day in problems.items(value, path, at_most=7):
        if isinstance(day, str) and day in WEEKDAYS:
            days.append(WEEKDAYS.index(day))
        else:
            problems.add(where, "unknown_day", f"must be one of {', '.join(WEEKDAYS)}")
    if value == []:
        problems.add(path, "required", "must name at least one day")
    return days


def _minutes(value: object, path: str, problems: Problems) -> int:
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        problems.add(path, "not_a_time", 'must be a time such as "09:00", at most "24:00"')
        return 0
    return int(value[:2]) * 60 + int(value[3:])
