"""One look at the market for one lead, in one round trip: who had this person, what room is left, whose turn it is.

Most contracts are out by what is known beforehand (`ask`): counters and balances are read only of the others.
Read under the person's lock and the agency's shared configuration lock, so that what is seen stays true until the
commit for everything that is not itself guarded (caps and balances are, by the statements that claim them).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from accounts.idempotency import Repeat, Stored, find_statement, stored
from accounts.models import Agency
from accounts.versions import config_lock
from billing.queries import funds_statement
from buyers.caps import Count, CounterKey, counters_statement, counts, missing_counters
from buyers.rotation import places, places_statement
from core import trips
from core.sql import Params, Statement, as_instant, as_uuid, bind, lock, lock_shared
from leads.drafts import Draft
from leads.models import Lead, Sale
from routing.claims import usage_keys
from routing.engine import Screened, screen
from routing.types import ContractTerms, Earlier, Facts, Funds, Market, State, Turn, Usage, Window
from routing.values import Held

_LEAD, _SALE = Lead._meta.db_table, Sale._meta.db_table
_ROTATING = frozenset(("round_robin", "weighted"))


@dataclass(frozen=True, slots=True)
class Asked:
    """The engine's market before anything was read, and whom it screened out already."""

    market: Market
    screened: Screened

    @property
    def contenders(self) -> list[ContractTerms]:
        """The contracts that only counters, balances and history can still keep out."""
        contracts = self.market.terms.contracts
        return [contract for position, contract in enumerate(contracts) if position not in self.screened]

    def answered(self, state: State) -> Market:
        """The market with what was seen."""
        return replace(self.market, state=state)


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. `missing` counters must be opened before this look may decide."""

    version: int
    active: bool
    repeat: Stored | None
    duplicate_of: UUID | None
    state: State
    missing: tuple[CounterKey, ...]


def ask(draft: Draft, now: datetime) -> Asked:
    """What the engine says of this lead at this instant without any reading.

    The seed is the lead's own id: the same lead, the same dice.
    """
    market = Market(
        terms=draft.campaign.terms.market,
        source=draft.source.terms,
        facts=Facts(
            fields=cast("Mapping[str, Held]", draft.data.fields),
            score=draft.scored.score,
            received_at=draft.received_at,
        ),
        state=State(closed=draft.closed),
        now=now,
        seed=draft.id.int & (2**63 - 1),
        mode=draft.mode,
    )
    return Asked(market, screen(market))


def look(draft: Draft, asked: Asked, *, repeat: Repeat | None) -> Look:
    """Needs a transaction; holds the person and, shared, the configuration until it ends. One round trip."""
    now, terms, contenders = asked.market.now, asked.market.terms, asked.contenders
    keys = usage_keys(terms, asked.market.source, now, contenders=contenders)
    statements = {
        "agency": Statement(
            f'SELECT "version", "status" FROM "{Agency._meta.db_table}" WHERE "id" = %s',
            (bind(draft.snapshot.agency_id),),
        ),
        "duplicate": _duplicate_statement(draft, now),
        "earlier": _earlier_statement(draft, now),
        "counters": counters_statement(mode=draft.mode, keys=keys),
        "funds": funds_statement(_accounts(draft, contenders)),
    }
    if repeat is not None:
        statements["repeat"] = find_statement(repeat)
    if terms.method in _ROTATING:
        statements["turns"] = places_statement(mode=draft.mode, contract_ids=draft.campaign.contracts)
    locks = [*lock_shared(config_lock(draft.snapshot.agency_id)), *lock(*_person(draft))]
    return _read(draft, trips.read(locks, statements), keys, repeat)


def _read(draft: Draft, rows: dict[str, list[Params]], keys: Sequence[CounterKey], repeat: Repeat | None) -> Look:
    ((version, status),) = rows["agency"]
    counters = counts(rows["counters"])
    found = rows.get("repeat")
    return Look(
        version=version,
        active=status == "active",
        repeat=stored(repeat, found[0]) if repeat is not None and found else None,
        duplicate_of=as_uuid(rows["duplicate"][0][0]) if rows["duplicate"] else None,
        state=_state(draft, rows, counters),
        missing=tuple(missing_counters(keys, counters)),
    )


def _state(draft: Draft, rows: dict[str, list[Params]], counters: Sequence[Count]) -> State:
    return State(
        closed=draft.closed,
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


def _accounts(draft: Draft, contenders: Iterable[ContractTerms]) -> list[int]:
    accounts = {contract.account(draft.mode) for contract in contenders}
    return sorted(account for account in accounts if account is not None)


def _person(draft: Draft) -> list[str]:
    marks = (("phone", draft.phone_hash), ("email", draft.email_hash))
    return [f"{kind}:{draft.snapshot.agency_id}:{draft.mode}:{mark.hex()}" for kind, mark in marks if mark is not None]


def _person_leads(draft: Draft) -> tuple[str, Params]:
    """`WITH person AS` all leads of the same person, this one too once it is stored; each arm has an index of its own.

    Materialized, so that the planner cannot prefer an index over all leads of the agency because it looks new to it.
    """
    marks = [("id", bind(draft.id)), ("phone_hash", draft.phone_hash), ("email_hash", draft.email_hash)]
    arms = [(column, mark) for column, mark in marks if mark is not None]
    columns = '"id", "agency_id", "mode", "status", "campaign_id", "created_at"'
    union = " UNION ".join(f'SELECT {columns} FROM "{_LEAD}" WHERE "{column}" = %s' for column, _ in arms)
    return f"WITH person AS MATERIALIZED ({union}) ", tuple(mark for _, mark in arms)


def _duplicate_statement(draft: Draft, now: datetime) -> Statement:
    """The newest lead of this person that makes this one a duplicate."""
    person, params = _person_leads(draft)
    sql = f'{person}SELECT "id" FROM person WHERE "agency_id" = %s AND "mode" = %s AND "id" <> %s AND "created_at" > %s'
    since = now - timedelta(days=draft.campaign.dedupe_days)
    params += (bind(draft.snapshot.agency_id), draft.mode, bind(draft.id), bind(since))
    if draft.campaign.dedupe_counts == "sold":
        sql += " AND \"status\" IN ('accepted', 'pending')"
    else:
        sql += " AND \"status\" NOT IN ('rejected', 'duplicate')"
    if draft.campaign.dedupe_scope == "campaign":
        sql += ' AND "campaign_id" = %s'
        params += (bind(draft.campaign.id),)
    return Statement(f'{sql} ORDER BY "created_at" DESC, "id" DESC LIMIT 1', params)


def _earlier_statement(draft: Draft, now: datetime) -> Statement:
    """Sales of this person to anybody in the last year, and of this very lead: no buyer gets the same person twice."""
    person, params = _person_leads(draft)
    sql = (
        f'{person}SELECT s."contract_id", s."buyer_id", s."sold_at" FROM person p '
        f'JOIN "{_SALE}" s ON s."lead_id" = p."id" WHERE p."agency_id" = %s AND p."mode" = %s AND s."sold_at" > %s '
        'AND s."state" NOT IN (\'refused\', \'expired\') ORDER BY s."sold_at", s."id"'
    )
    since = bind(now - timedelta(days=366))
    return Statement(sql, (*params, bind(draft.snapshot.agency_id), draft.mode, since))
