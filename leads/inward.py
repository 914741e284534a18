"""A source asks for a price first: partial data in, a promise out. No lead is recorded and nobody is named.

The market is looked at and buyers are pinged as for a lead; what they would pay is promised for a minute. Nothing is
held for it: who posts in time gets the promise if caps and wallets still have room (`leads.promising`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts.idempotency import Repeat, insert_statement
from accounts.principals import Principal
from core import json
from core.clock import now as clock
from core.clock import rfc3339
from core.errors import DomainError
from core.ids import encode, new_id
from core.money import to_major
from core.sql import insert
from core.trips import commit
from leads import snapshot
from leads.auction import ask_buyers, contenders
from leads.bids import FRESH_SECONDS, Bidding, Promise
from leads.drafts import Draft, Fate
from leads.fates import duplicate_fate, fate_of
from leads.market import Look, Rider, ask, look, state_of
from leads.models import Auction, Ping
from leads.pipeline import sender_now, travel, unprepared
from leads.preparation import prepare_ping
from leads.room import Room
from leads.trip import Outcome, arrived, early_end
from leads.types import Submission
from routing.engine import decide
from routing.types import Promised

PROMISED_FOR: Final = timedelta(seconds=FRESH_SECONDS)
KEPT_FOR: Final = timedelta(days=30)
BID: Final = "bid"
PRICE, PAYOUT = "price", "payout"


@dataclass(frozen=True, slots=True)
class Leg:
    """One sale that was promised: amounts in minor units."""

    bid_id: UUID
    contract_id: UUID
    price: int
    payout: int
    exclusive: bool

    def to_record(self) -> dict[str, Any]:
        """Plain JSON."""
        plain = {"price": self.price, "payout": self.payout, "exclusive": self.exclusive}
        return {"bid": str(self.bid_id), "contract": str(self.contract_id), **plain}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Leg":
        """Read back."""
        return cls(
            UUID(record["bid"]), UUID(record["contract"]), record["price"], record["payout"], record["exclusive"]
        )


def ask_price(
    *, principal: Principal, submission: Submission, received_at: datetime, repeat: Repeat | None = None
) -> Outcome:
    """Opens a transaction, after the network. What the lead would fetch, promised for a minute; recorded as a ping.

    Raises FieldProblems, UnknownCampaign, KeyReused, Busy, and what `leads.pipeline.sender_now` raises.
    """
    held: Bidding | None = None

    def trip(view: snapshot.Snapshot) -> Outcome:
        nonlocal held
        sender = sender_now(principal, view)
        try:
            draft = prepare_ping(principal=sender, view=view, submission=submission, received_at=received_at)
        except DomainError as refusal:
            return unprepared(refusal, view=view, repeat=repeat)
        rider = Rider(draft, ask(draft, received_at), repeat)
        room, (seen,) = look([rider], locked=False)
        if (end := early_end(rider, seen)) is not None:
            return arrived(end)
        if held is None and draft.campaign.pings and seen.duplicate_of is None:
            held = ask_buyers(draft, contenders(rider, room, seen), started_at=clock())
        return _answer(rider, room, seen, held)

    return travel(snapshot.read(agency_id=principal.agency_id, version=principal.version), trip)


def prune_pings(*, now: datetime) -> int:
    """Opens a transaction. Forget pings older than KEPT_FOR that never became a lead, and their auctions; how many."""
    with transaction.atomic():
        Auction.objects.filter(lead=None, started_at__lt=now - KEPT_FOR).delete()
        return Ping.objects.filter(lead_id=None, created_at__lt=now - KEPT_FOR).delete()[0]


def _answer(rider: Rider, room: Room, seen: Look, bidding: Bidding | None) -> Outcome:
    """Decide by the bids, as a lead would be, and write down what is promised."""
    draft, now = rider.draft, clock()
    if seen.duplicate_of is not None:
        fate = duplicate_fate(seen.duplicate_of)
    else:
        bidden = replace(draft, bidding=bidding)
        again = Rider(bidden, ask(bidden, rider.asked.market.now))
        market = again.asked.answered(state_of(again, room, seen))
        fate, *_ = fate_of(bidden, market, decide(market, again.asked.screened), now=now)
    legs = [Leg(new_id(), sale.contract_id, sale.price, sale.payout, sale.exclusive) for sale in fate.sales]
    body = _body(draft, fate, legs, now)
    _record(rider, fate, legs, bidding, body, now)
    return Outcome(201, body)


def promise_of(legs: Sequence[Leg], *, of: str) -> Promised:
    """What these legs promise: to an agency the `price` that buyers pay, to a source the `payout` that it earns."""
    if of == PRICE:
        return Promised(price=sum(leg.price for leg in legs))
    return Promised(payout=sum(leg.payout for leg in legs))


def _body(draft: Draft, fate: Fate, legs: Sequence[Leg], now: datetime) -> dict[str, Any]:
    currency, principal = draft.campaign.currency, draft.principal
    amounts = [leg.price if principal.sees_money else leg.payout for leg in legs]
    return {
        "ping_id": encode(Ping.prefix, draft.id),
        "status": Ping.Status.BID.value if legs else Ping.Status.NO_BID.value,
        "price": to_major(sum(amounts), currency) if legs else None,
        "currency": currency,
        "expires_at": rfc3339(now + PROMISED_FOR),
        "reason": fate.reason or None,
        "bids": [
            {"bid_id": encode(BID, leg.bid_id), "price": to_major(amount, currency), "exclusive": leg.exclusive}
            for leg, amount in zip(legs, amounts, strict=True)
        ],
    }


def _record(
    rider: Rider, fate: Fate, legs: Sequence[Leg], bidding: Bidding | None, body: dict[str, Any], now: datetime
) -> None:
    draft, repeat = rider.draft, rider.repeat
    promised = promise_of(legs, of=PRICE if draft.principal.sees_money else PAYOUT)
    statements = [insert(Ping, [_row(draft, fate, legs, promised, now)])]
    if bidding is not None:
        kept = replace(bidding, ping_id=draft.id, promise=Promise(promised) if legs else None)
        statements.append(kept.insertion(lead_id=None))
    if repeat is not None:
        statements.append(insert_statement(repeat, status=201, body=json.dumps(body), now=now))
    with transaction.atomic():
        commit(statements, [])


def _row(draft: Draft, fate: Fate, legs: Sequence[Leg], promised: Promised, now: datetime) -> dict[str, Any]:
    source = draft.source.terms
    return draft.received() | {
        "status": Ping.Status.BID if legs else Ping.Status.NO_BID,
        "reason": fate.reason,
        "price": (promised.price or promised.payout) if legs else None,
        "fields": dict(draft.data.fields),
        "terms": {
            "legs": [leg.to_record() for leg in legs],
            "promises": PRICE if draft.principal.sees_money else PAYOUT,
            "payout": [source.payout_kind, source.payout_value],
        },
        "created_at": now,
        "expires_at": now + PROMISED_FOR,
    }
