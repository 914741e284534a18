"""One look at the market for one lead, in one round trip: who had this person, what room is left, whose turn it is.

Read under the person's lock and the agency's shared configuration lock, so that what is seen stays true until the
commit for everything that is not itself guarded (caps and balances are, by the statements that claim them).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from accounts.idempotency import Repeat, Stored, find_statement, stored
from accounts.models import Agency
from accounts.versions import config_lock
from billing.queries import funds_statement
from buyers.caps import Count, CounterKey, counters_statement, counts, missing_counters
from buyers.rotation import places, places_statement
from core.sql import Params, Statement, as_instant, as_uuid, bind, lock, lock_shared, run
from leads.drafts import Draft
from leads.models import Lead, Sale
from routing.claims import usage_keys
from routing.types import Earlier, Funds, State, Turn, Usage, Window

_LEAD, _SALE = Lead._meta.db_table, Sale._meta.db_table
_ROTATING = frozenset(("round_robin", "weighted"))


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. `missing` counters must be opened before this look may decide."""

    version: int
    active: bool
    repeat: Stored | None
    duplicate_of: UUID | None
    state: State
    missing: tuple[CounterKey, ...]


def look(draft: Draft, *, repeat: Repeat | None, now: datetime) -> Look:
    """Needs a transaction; holds the person and, shared, the configuration until it ends. One round trip."""
    keys = usage_keys(draft.campaign.terms.market, draft.source.terms, now)
    statements = {
        "agency": Statement(
            f'SELECT "version", "status" FROM "{Agency._meta.db_table}" WHERE "id" = %s',
            (bind(draft.snapshot.agency_id),),
        ),
        "duplicate": _duplicate_statement(draft, now),
        "earlier": _earlier_statement(draft, now),
        "counters": counters_statement(mode=draft.mode, keys=keys),
        "funds": funds_statement(_accounts(draft)),
    }
    if repeat is not None:
        statements["repeat"] = find_statement(repeat)
    if draft.campaign.terms.market.method in _ROTATING:
        statements["turns"] = places_statement(mode=draft.mode, contract_ids=draft.campaign.contracts)
    locks = [*lock_shared(config_lock(draft.snapshot.agency_id)), *lock(*_person(draft))]
    results = run([*locks, *statements.values()])[len(locks) :]
    rows = dict(zip(statements, (result.rows for result in results), strict=True))
    return _read(rows, keys, repeat)


def _read(rows: dict[str, list[Params]], keys: Sequence[CounterKey], repeat: Repeat | None) -> Look:
    ((version, status),) = rows["agency"]
    counters = counts(rows["counters"])
    found = rows.get("repeat")
    return Look(
        version=version,
        active=status == "active",
        repeat=stored(repeat, found[0]) if repeat is not None and found else None,
        duplicate_of=as_uuid(rows["duplicate"][0][0]) if rows["duplicate"] else None,
        state=_state(rows, counters),
        missing=tuple(missing_counters(keys, counters)),
    )


def _state(rows: dict[str, list[Params]], counters: Sequence[Count]) -> State:
    return State(
        usage={
            (count.subject_id, Window(count.window), count.period_start): Usage(count.leads, count.money)
            for count in counters
        },
        funds={row[0]: Funds(row[1], row[2], row[3], bool(row[4])) for row in rows["funds"]},
        rotation={place.contract_id: Turn(place.ticket, place.pass_value) for place in places(rows.get("turns", ()))},
        earlier=tuple(
            Earlier(cast(UUID, as_uuid(contract)), cast(UUID, as_uuid(buyer)), cast(datetime, as_instant(sold_at)))
            for contract, buyer, sold_at in rows["earlier"]
        ),
    )


def _accounts(draft: Draft) -> list[int]:
    return sorted({view.accounts[draft.mode] for view in draft.campaign.contracts.values()})


def _person(draft: Draft) -> list[str]:
    marks = (("phone", draft.phone_hash), ("email", draft.email_hash))
    return [f"{kind}:{draft.snapshot.agency_id}:{draft.mode}:{mark.hex()}" for kind, mark in marks if mark is not None]


def _same_person(draft: Draft, table: str) -> tuple[str, Params]:
    """The condition that a lead is of the same person; false where nothing identifies one."""
    marks = [
        (column, mark) for column, mark in (("phone_hash", draft.phone_hash), ("email_hash", draft.email_hash)) if mark
    ]
    if not marks:
        return "1 = 0", ()
    either = " OR ".join(f'{table}."{column}" = %s' for column, _ in marks)
    agency = f'{table}."agency_id" = %s AND {table}."mode" = %s AND {table}."id" <> %s AND ({either})'
    return agency, (bind(draft.snapshot.agency_id), draft.mode, bind(draft.id), *(mark for _, mark in marks))


def _duplicate_statement(draft: Draft, now: datetime) -> Statement:
    """The newest lead of this person that makes this one a duplicate."""
    person, params = _same_person(draft, "l")
    since = bind(now - timedelta(days=draft.campaign.dedupe_days))
    sql = f'SELECT l."id" FROM "{_LEAD}" l WHERE {person} AND l."created_at" > %s'
    params = (*params, since)
    if draft.campaign.dedupe_counts == "sold":
        sql += " AND l.\"status\" IN ('accepted', 'pending')"
    else:
        sql += " AND l.\"status\" NOT IN ('rejected', 'duplicate')"
    if draft.campaign.dedupe_scope == "campaign":
        sql += ' AND l."campaign_id" = %s'
        params = (*params, bind(draft.campaign.id))
    return Statement(f'{sql} ORDER BY l."created_at" DESC, l."id" DESC LIMIT 1', params)


def _earlier_statement(draft: Draft, now: datetime) -> Statement:
    """Sales of this person to anybody in the last year, and of this very lead: no buyer gets the same person twice."""
    person, params = _same_person(draft, "l")
    sql = (
        f'SELECT s."contract_id", s."buyer_id", s."sold_at" FROM "{_SALE}" s JOIN "{_LEAD}" l ON l."id" = s."lead_id" '
        f'WHERE ({person} OR l."id" = %s) AND s."sold_at" > %s AND s."state" NOT IN (\'refused\', \'expired\') '
        'ORDER BY s."sold_at", s."id"'
    )
    return Statement(sql, (*params, bind(draft.id), bind(now - timedelta(days=366))))
