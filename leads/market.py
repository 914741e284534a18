"""One look at the market for leads that wait together: who had a person, what room is left, whose turn it is.

Most contracts are out by what is known beforehand (`ask`): counters and balances are read only of the others.
Read under the person's lock and the agency's shared configuration lock, so that what is seen stays true until the
commit for everything that is not itself guarded (caps and balances are, by the statements that claim them).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import cast
from uuid import UUID

from accounts.idempotency import KeyReused, Repeat, Stored, find_statement, stored
from accounts.models import Agency
from accounts.versions import config_lock
from billing.queries import funds_statement
from buyers.caps import CounterKey, counters_statement, counts
from buyers.rotation import places, places_statement
from core import trips
from core.sql import Params, Statement, as_instant, as_uuid, bind, lock, lock_shared
from leads.bids import Promise
from leads.drafts import Draft
from leads.models import Decision, Lead, Sale
from leads.odds import buyers_odds
from leads.room import Room
from routing.claims import usage_keys
from routing.engine import Screened, screen
from routing.reasons import Reason
from routing.types import Bid, ContractTerms, Earlier, Facts, Funds, Market, Odds, State, Turn, Usage
from routing.values import Held
from scoring.scorecard import grade_of

_LEAD, _SALE = Lead._meta.db_table, Sale._meta.db_table
_ROTATING = frozenset(("round_robin", "weighted"))


@dataclass(frozen=True, slots=True)
class Asked:
    """The engine's market before anything was read, and whom it screened out already.

    `keys` are the counters that a decision may ask for, `accounts` those of who may have to pay.
    """

    market: Market
    screened: Screened
    keys: tuple[CounterKey, ...]
    accounts: tuple[int, ...]

    @classmethod
    def of(cls, market: Market) -> "Asked":
        """Screen the market, and reckon what is to be read for it."""
        screened = screen(market)
        contenders = _contenders(market, screened)
        accounts = {contract.account(market.mode) for contract in contenders}
        return cls(
            market=market,
            screened=screened,
            keys=usage_keys(market.terms, market.source, market.now, contenders=contenders),
            accounts=tuple(sorted(one for one in accounts if one is not None)),
        )

    @property
    def contenders(self) -> list[ContractTerms]:
        """The contracts that only counters, balances and history can still keep out."""
        return _contenders(self.market, self.screened)

    def expecting(self, odds: Mapping[UUID, Odds]) -> "Asked":
        """The same with what contenders' buyers are expected to do."""
        return replace(self, market=replace(self.market, state=replace(self.market.state, odds=odds)))

    def offered(self, bids: Mapping[UUID, Bid]) -> "Asked":
        """The same with what buyers bid, which keeps out nobody beforehand."""
        return replace(self, market=replace(self.market, state=replace(self.market.state, bids=bids)))

    def answered(self, state: State) -> Market:
        """The market with what was seen."""
        return replace(self.market, state=state)


@dataclass(frozen=True, slots=True)
class Rider:
    """A lead before the market, and the request that may come again."""

    draft: Draft
    asked: Asked
    repeat: Repeat | None = None
    kind: str = Decision.Kind.ROUTE


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one lead. `missing` counters must be opened before this look may decide."""

    version: int
    active: bool
    repeat: Stored | KeyReused | None
    duplicate_of: UUID | None
    earlier: tuple[Earlier, ...]
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
            score=None if draft.partial else draft.scored.score,
            received_at=draft.received_at,
            percentile=draft.scored.percentile,
            return_probability=draft.scored.return_probability,
            conversion_probability=draft.scored.conversion_probability,
            grade=grade_of(draft.scored.percentile),
        ),
        state=_beforehand(draft),
        now=now,
        seed=draft.id.int & (2**63 - 1),
        mode=draft.mode,
    )
    asked = Asked.of(market)
    if market.terms.by_value and (odds := buyers_odds(draft, asked.contenders)):
        return asked.expecting(odds)
    return asked


def _contenders(market: Market, screened: Screened) -> list[ContractTerms]:
    return [contract for position, contract in enumerate(market.terms.contracts) if position not in screened]


def _beforehand(draft: Draft) -> State:
    """What the draft brings along: who had his chance, what buyers bid, and what its source was promised."""
    promise, bids = draft.promise, draft.bidding.bids if draft.bidding else {}
    shared_with = draft.standing.sales if draft.standing else 0
    if promise is None:
        return State(closed=draft.closed, bids=bids, shared_with=shared_with)
    closed = {**_not_taken(draft, promise), **draft.closed}
    return State(closed=closed, bids=bids, promised=promise.least, shared_with=shared_with)


def _not_taken(draft: Draft, promise: Promise) -> dict[UUID, Reason]:
    """Who may not have the lead, where its source took only some of the bids: everybody else."""
    if promise.takers is None:
        return {}
    return {known: Reason.BID_NOT_TAKEN for known in draft.campaign.contracts if known not in promise.takers}


def look(riders: Sequence[Rider], *, locked: bool = True) -> tuple[Room, list[Look]]:
    """Needs a transaction; holds the persons and, shared, the configuration until it ends. One round trip.

    For leads of one agency and book. What is not `locked` may be over a moment later: no transaction is needed then.
    """
    keys = list(dict.fromkeys(key for rider in riders for key in rider.asked.keys))
    shared, *own = trips.read(
        _locks(riders) if locked else [], [_shared_statements(riders, keys), *map(_own_statements, riders)]
    )
    room = _room(shared)
    ((version, status),) = shared["agency"]
    return room, [_look(rider, room, rows, version, status) for rider, rows in zip(riders, own, strict=True)]


def _locks(riders: Sequence[Rider]) -> list[Statement]:
    persons = [name for rider in riders for name in person_names(rider.draft)]
    return [*lock_shared(config_lock(riders[0].draft.snapshot.agency_id)), *lock(*persons)]


def _shared_statements(riders: Sequence[Rider], keys: Sequence[CounterKey]) -> dict[str, Statement]:
    draft = riders[0].draft
    statements = {
        "agency": Statement(
            f'SELECT "version", "status" FROM "{Agency._meta.db_table}" WHERE "id" = %s',
            (bind(draft.snapshot.agency_id),),
        ),
        "counters": counters_statement(mode=draft.mode, keys=keys),
        "funds": funds_statement(sorted({account for rider in riders for account in rider.asked.accounts})),
    }
    rotating = [rider.draft.campaign for rider in riders if rider.asked.market.terms.method in _ROTATING]
    if rotating:  # of all their configurations: the newest of them may know contracts that the others do not
        contracts = {contract_id for campaign in rotating for contract_id in campaign.contracts}
        statements["turns"] = places_statement(mode=draft.mode, contract_ids=sorted(contracts))
    return statements


def _own_statements(rider: Rider) -> dict[str, Statement]:
    now = rider.asked.market.now
    statements = {
        "duplicate": _duplicate_statement(rider.draft, now),
        "earlier": _earlier_statement(rider.draft, now),
    }
    if rider.repeat is not None:
        statements["repeat"] = find_statement(rider.repeat)
    return statements


def _room(rows: trips.Rows) -> Room:
    return Room(
        usage={count.key: Usage(count.leads, count.money) for count in counts(rows["counters"])},
        funds={row[0]: Funds(row[1], row[2], row[3], bool(row[4])) for row in rows["funds"]},
        rotation={place.contract_id: Turn(place.ticket, place.pass_value) for place in places(rows.get("turns", ()))},
    )


def _look(rider: Rider, room: Room, rows: trips.Rows, version: int, status: str) -> Look:
    found = rows.get("repeat")
    return Look(
        version=version,
        active=status == "active",
        repeat=_answered(rider.repeat, found[0]) if rider.repeat is not None and found else None,
        duplicate_of=as_uuid(rows["duplicate"][0][0]) if rows["duplicate"] else None,
        earlier=tuple(
            Earlier(cast(UUID, as_uuid(contract)), cast(UUID, as_uuid(buyer)), cast(datetime, as_instant(sold_at)))
            for contract, buyer, sold_at in rows["earlier"]
        ),
        missing=tuple(key for key in rider.asked.keys if key not in room.usage),
    )


def _answered(repeat: Repeat, row: Params) -> Stored | KeyReused:
    try:
        return stored(repeat, row)
    except KeyReused as refusal:
        return refusal


def state_of(rider: Rider, room: Room, seen: Look) -> State:
    """What the engine is told for this lead of what was seen: nothing of contracts that are out already."""
    rotating = rider.asked.market.terms.method in _ROTATING
    turns = rider.draft.campaign.contracts if rotating else ()
    return replace(
        rider.asked.market.state,
        usage={key: room.usage[key] for key in rider.asked.keys if key in room.usage},
        funds={account: room.funds[account] for account in rider.asked.accounts if account in room.funds},
        rotation={contract_id: room.rotation[contract_id] for contract_id in turns if contract_id in room.rotation},
        earlier=seen.earlier,
    )


def person_names(draft: Draft) -> list[str]:
    """What identifies the lead's person within its agency's book: names to lock, and to keep apart, by."""
    marks = (("phone", draft.phone_hash), ("email", draft.email_hash))
    return [f"{kind}:{draft.snapshot.agency_id}:{draft.mode}:{mark.hex()}" for kind, mark in marks if mark is not None]


def _duplicate_statement(draft: Draft, now: datetime) -> Statement:
    """The newest lead of this person that makes this one a duplicate."""
    columns, marks = _person(draft)
    campaign, since = draft.campaign, now - timedelta(days=draft.campaign.dedupe_days)
    params = (*marks, bind(draft.snapshot.agency_id), draft.mode, bind(draft.id), bind(since))
    if campaign.dedupe_scope == "campaign":
        params += (bind(campaign.id),)
    return Statement(_duplicate_sql(columns, campaign.dedupe_counts, campaign.dedupe_scope), params)


def _earlier_statement(draft: Draft, now: datetime) -> Statement:
    """Sales of this person to anybody in the last year, and of this very lead: no buyer gets the same person twice."""
    columns, marks = _person(draft)
    since = bind(now - timedelta(days=366))
    return Statement(_earlier_sql(columns), (*marks, bind(draft.snapshot.agency_id), draft.mode, since))


def _person(draft: Draft) -> tuple[tuple[str, ...], Params]:
    """By which columns the leads of the same person are found, and what they hold; this one too once it is stored."""
    marks = {"id": bind(draft.id), "phone_hash": draft.phone_hash, "email_hash": draft.email_hash}
    found = {column: mark for column, mark in marks.items() if mark is not None}
    return tuple(found), tuple(found.values())


# Texts are made once each: every lead asks by one of a few.


@cache
def _person_sql(by: tuple[str, ...]) -> str:
    """`WITH person AS` all leads of one person; each arm has an index of its own.

    Materialized, so that the planner cannot prefer an index over all leads of the agency because it looks new to it.
    """
    columns = '"id", "agency_id", "mode", "status", "campaign_id", "created_at"'
    union = " UNION ".join(f'SELECT {columns} FROM "{_LEAD}" WHERE "{column}" = %s' for column in by)
    return f"WITH person AS MATERIALIZED ({union}) "


@cache
def _duplicate_sql(by: tuple[str, ...], counts: str, scope: str) -> str:
    found = "IN ('accepted', 'pending')" if counts == "sold" else "NOT IN ('rejected', 'duplicate')"
    within = ' AND "campaign_id" = %s' if scope == "campaign" else ""
    return (
        f'{_person_sql(by)}SELECT "id" FROM person WHERE "agency_id" = %s AND "mode" = %s AND "id" <> %s '
        f'AND "created_at" > %s AND "status" {found}{within} ORDER BY "created_at" DESC, "id" DESC LIMIT 1'
    )


@cache
def _earlier_sql(by: tuple[str, ...]) -> str:
    return (
        f'{_person_sql(by)}SELECT s."contract_id", s."buyer_id", s."sold_at" FROM person p '
        f'JOIN "{_SALE}" s ON s."lead_id" = p."id" WHERE p."agency_id" = %s AND p."mode" = %s AND s."sold_at" > %s '
        'AND s."state" NOT IN (\'refused\', \'expired\') ORDER BY s."sold_at", s."id"'
    )
