"""How much may be sold in a period, in leads and in money: reading caps, and finding the first that has no room.

A cap counts committed sales and live holds of its subject (a contract, its buyer, the source or the campaign). What
was used is counted by subject, window and period, not by cap: changing a cap never changes what was used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from routing.documents import Problems
from routing.windows import WEEKDAYS, Window, period_start, weekday

AT_MOST = 20


class Unit(StrEnum):
    """What a cap counts."""

    LEADS = "leads"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` (leads, or minor units) in one window; hours and days may have another limit by weekday."""

    window: Window
    unit: Unit
    limit: int
    weekdays: tuple[tuple[str, int], ...] = ()

    def limit_on(self, day: int) -> int:
        """The limit on a day of the week, Monday being 0."""
        for name, limit in self.weekdays:
            if name == WEEKDAYS[day]:
                return limit
        return self.limit

    def to_content(self) -> dict[str, Any]:
        """The cap as it is stored: money in minor units."""
        content = {"window": self.window.value, "unit": self.unit.value, "limit": self.limit}
        return {**content, "weekdays": dict(self.weekdays)} if self.weekdays else content


class Usage(NamedTuple):
    """What a subject used in one period: sales, and their money in minor units."""

    leads: int = 0
    money: int = 0


UsageKey = tuple[UUID, Window, datetime]
NOTHING = Usage()


class Claim(NamedTuple):
    """What one sale takes of one subject's period; no limit means that only counting is asked for."""

    subject_id: UUID
    window: Window
    period_start: datetime
    money: int
    leads_limit: int | None = None
    money_limit: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Capped:
    """A subject with its caps and the zone in which its periods begin."""

    id: UUID
    zone: str
    caps: tuple[Cap, ...]

    def keys(self, quarter: int) -> Iterable[UsageKey]:
        """Which counters must be known to judge this subject."""
        return (key for _, key, _ in _at(self, quarter))

    def full(self, usage: Mapping[UsageKey, Usage], quarter: int, money: int) -> dict[str, Any] | None:
        """The inputs of the first cap that has no room for one more lead of this money; None where all have."""
        for cap, key, limit in _at(self, quarter):
            leads, spent = usage.get(key, NOTHING)
            in_leads = cap.unit is Unit.LEADS
            if (leads + 1 if in_leads else spent + money) > limit:
                since = key[2].isoformat()
                found = {"window": cap.window.value, "unit": cap.unit.value, "limit": limit, "since": since}
                return {**found, "used": leads} if in_leads else {**found, "used": spent, "adding": money}
        return None

    def claims(self, quarter: int, money: int) -> list[Claim]:
        """One claim per window with the tightest limits of its caps, in the order of the windows' first caps."""
        by_window: dict[Window, Claim] = {}
        for cap, key, limit in _at(self, quarter):
            claim = by_window.get(cap.window) or Claim(*key, money)
            by_window[cap.window] = (
                claim._replace(leads_limit=_least(claim.leads_limit, limit))
                if cap.unit is Unit.LEADS
                else claim._replace(money_limit=_least(claim.money_limit, limit))
            )
        return list(by_window.values())


@lru_cache(maxsize=16_384)
def _at(subject: Capped, quarter: int) -> tuple[tuple[Cap, UsageKey, int], ...]:
    """Each cap of a subject at a moment, with its counter and its limit of that day."""
    zone, day = subject.zone, weekday(subject.zone, quarter)
    return tuple(
        (cap, (subject.id, cap.window, period_start(cap.window, zone, quarter)), cap.limit_on(day))
        for cap in subject.caps
    )


def _least(known: int | None, limit: int) -> int:
    return limit if known is None else min(known, limit)


def parse_caps(document: object, path: str = "caps", *, currency: str | None = None) -> tuple[Cap, ...]:
    """Caps from `[{"window": "day", "unit": "leads", "limit": 10, "weekdays": {"sat": 3}}]`.

    With a currency, limits in money are read in its major units, as the API speaks; without, in minor units, as they
    are stored (`Cap.to_content`). Raises FieldProblems with every problem found.
    """
    problems = Problems()
    caps = [_cap(item, where, currency, problems) for where, item in problems.items(document, path, at_most=AT_MOST)]
    problems.refuse()
    return tuple(caps)


def _cap(item: object, path: str, currency: str | None, problems: Problems) -> Cap:
    required = ("window", "unit", "limit")
    members = problems.members(item, path, known=(*required, "weekdays"), required=required)
    if not members:
        return Cap(Window.TOTAL, Unit.LEADS, 0)
    window = _one_of(Window, members["window"], f"{path}.window", problems) or Window.TOTAL
    unit = _one_of(Unit, members["unit"], f"{path}.unit", problems) or Unit.LEADS
    money = currency if unit is Unit.MONEY else None
    limit = problems.whole(members["limit"], f"{path}.limit", currency=money)
    weekdays = problems.members(members.get("weekdays", {}), f"{path}.weekdays", known=WEEKDAYS)
    if weekdays and window not in (Window.HOUR, Window.DAY):
        problems.add(f"{path}.weekdays", "not_daily", "only caps by hour or day may differ by weekday")
    limits = [(day, problems.whole(value, f"{path}.weekdays.{day}", currency=money)) for day, value in weekdays.items()]
    return Cap(window, unit, limit, tuple(limits))


def _one_of(kind: Any, value: object, path: str, problems: Problems) -> Any:
    known = [member.value for member in kind]
    if isinstance(value, str) and value in known:
        return kind(value)
    problems.add(path, "unknown_choice", f"must be one of {', '.join(known)}")
    return None
