"""How much room is left: counters that settling claims by condition, and that the market reads.

A counter is a projection of sales and live holds, kept so that a claim is one conditional statement. Changing a limit
leaves it alone. Where a window is new, or its zone moved, the counter of the running period is dropped and opened
again from the sales themselves, so that no edit ever resets a count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from buyers.models import CapCounter
from core.errors import DomainError
from core.sql import Params, Statement, any_of, as_instant, as_uuid, bind, insert
from routing.caps import Claim, UsageKey
from routing.windows import Window

_TABLE = CapCounter._meta.db_table
_KEY = '"mode" = %s AND "subject_id" = %s AND "period_start" = %s AND "window" = %s'

CounterKey = UsageKey
"""Subject, window, start of the period: what one counter counts."""


class CapReached(DomainError):
    """There is no room left in this cap."""

    code = "cap_reached"

    def __init__(self, subject_id: UUID, window: str) -> None:
        super().__init__(f"The cap per {window} has no room left.")
        self.subject_id = subject_id
        self.window = window


@dataclass(frozen=True, slots=True)
class Count:
    """A counter's state: what its subject has bought in the period, leads and minor units."""

    subject_id: UUID
    window: Window
    period_start: datetime
    leads: int
    money: int

    @property
    def key(self) -> CounterKey:
        """What is counted."""
        return self.subject_id, self.window, self.period_start


def claim_statements(*, mode: str, claims: Iterable[Claim]) -> list[Statement]:
    """Statements that take one lead and its money from each cap, or refuse with CapReached.

    They belong last in settle's batch, before the balance: each locks its counter until the commit, in one order
    everywhere (subject, window, period), so that no two settlements wait for one another in a circle.
    """

    def place(claim: Claim) -> tuple[bytes, Window, datetime]:
        return claim.subject_id.bytes, claim.window, claim.period_start

    return [_claim(mode, claim) for claim in sorted(claims, key=place)]


def _claim(mode: str, claim: Claim) -> Statement:
    refusal = CapReached(claim.subject_id, claim.window)
    if _too_much(claim.leads_limit, 1) or _too_much(claim.money_limit, claim.money):
        raise refusal
    room, limits = "", []
    for column, added, limit in (("leads", 1, claim.leads_limit), ("money", claim.money, claim.money_limit)):
        if limit is not None:
            room += f' {"AND" if room else "WHERE"} "{_TABLE}"."{column}" <= %s'
            limits.append(limit - added)
    sql = (
        f'INSERT INTO "{_TABLE}" ("mode", "subject_id", "period_start", "window", "leads", "money") '
        'VALUES (%s, %s, %s, %s, 1, %s) ON CONFLICT ("mode", "subject_id", "period_start", "window") '
        f'DO UPDATE SET "leads" = "{_TABLE}"."leads" + 1, "money" = "{_TABLE}"."money" + excluded."money"{room}'
    )
    return Statement(sql, (*_key_params(mode, claim), claim.money, *limits), expect=1, refusal=refusal)


def _too_much(limit: int | None, amount: int) -> bool:
    return limit is not None and amount > limit


def release_statements(*, mode: str, claims: Iterable[tuple[CounterKey, int]]) -> list[Statement]:
    """Statements that give back what `claim_statements` took: one lead and its money per counter.

    A counter that is gone is left so: it opens again from the sales, of which this one is none any more.
    """
    sql = (
        f'UPDATE "{_TABLE}" SET "leads" = "leads" - 1, "money" = "money" - %s '
        f'WHERE {_KEY} AND "leads" >= 1 AND "money" >= %s'
    )
    ordered = sorted(claims, key=lambda claim: (claim[0][0].bytes, claim[0][1]))
    return [
        Statement(sql, (money, mode, bind(subject_id), bind(period_start), str(window), money))
        for (subject_id, window, period_start), money in ordered
    ]


def counters_statement(*, mode: str, keys: Iterable[CounterKey]) -> Statement:
    """One SELECT of the counters named by the keys, and perhaps a few more; read its rows with `counts`.

    Periods are few and subjects many, so each is listed once and the unique index answers for both.
    """
    subjects, periods = set(), set()
    for subject_id, _, period_start in keys:
        subjects.add(subject_id)
        periods.add(period_start)
    of_subject, subject_params = any_of('"subject_id"', sorted(subjects))
    in_period, period_params = any_of('"period_start"', sorted(periods))
    sql = (
        f'SELECT "subject_id", "window", "period_start", "leads", "money" FROM "{_TABLE}" '
        f'WHERE "mode" = %s AND {of_subject} AND {in_period}'
    )
    return Statement(sql, (mode, *subject_params, *period_params))


def counts(rows: Iterable[Params]) -> list[Count]:
    """The rows of `counters_statement`, with ids and instants as Python knows them on either database."""
    return [
        Count(cast(UUID, as_uuid(subject_id)), Window(window), cast(datetime, as_instant(period_start)), leads, money)
        for subject_id, window, period_start, leads, money in rows
    ]


def open_counters_statements(*, mode: str, rows: Sequence[Count]) -> list[Statement]:
    """Statements that open counters at the given counts. A counter opened meanwhile by another stays as it is."""
    if not rows:
        return []
    values: list[dict[str, Any]] = [
        {
            "mode": mode,
            "subject_id": row.subject_id,
            "period_start": row.period_start,
            "window": str(row.window),
            "leads": row.leads,
            "money": row.money,
        }
        for row in sorted(rows, key=lambda row: (row.subject_id.bytes, row.window))
    ]
    return [insert(CapCounter, values, conflict="ON CONFLICT DO NOTHING")]


def forget_counters(*, subject_ids: Iterable[UUID], windows: Iterable[str] | None = None) -> None:
    """Drop the counters of the subjects (of these windows, or all), so that they open again from the sales.

    For verbs that add a window or move a zone: call it after `publish_change`, whose lock keeps settlements out, so
    every sale of the old configuration is committed when the counter opens again.
    """
    rows = CapCounter.objects.filter(subject_id__in=list(subject_ids))
    (rows if windows is None else rows.filter(window__in=list(windows))).delete()


def _key_params(mode: str, claim: Claim) -> Params:
    return mode, bind(claim.subject_id), bind(claim.period_start), str(claim.window)
