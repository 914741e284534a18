"""Who bid is told how it ended, once it is certain and the source has its answer: by events, and by loss notices.

An auction is told of once, whoever dies: the events are written in the transaction that marks it. A loss notice is a
courtesy between machines; it is sent after that, once, and nobody waits for what becomes of it.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.principals import Principal
from accounts.vault import Erased
from buyers.models import Buyer, Contract
from core import json
from core.clock import rfc3339
from core.errors import DomainError
from core.http.fan_out import Ask, fan_out
from core.ids import encode, new_id
from core.money import to_major
from leads import snapshot
from leads.asking import loss_values
from leads.bids import FRESH_SECONDS, Bidding, bidding_of
from leads.confirmation import system_principal
from leads.drafts import Draft
from leads.models import Auction, Lead, Ping, Sale, Source
from leads.preparation import prepare_ping
from leads.recall import recall
from leads.telling import API_VERSION
from leads.types import Submission
from routing.models import Campaign
from routing.reasons import Reason
from routing.types import BidOutcome
from webhooks import subscriptions
from webhooks.outbox import NewEvent, enqueue

log = logging.getLogger(__name__)

NOTICE_MS: Final = 5_000.0
SETTLED: Final = timedelta(seconds=30)
"""How long after its end a promise may still be taken, by a lead that came in time and is on its way."""
NOT_TAKEN: Final = "not_taken"
"""The reason of everybody who bid on a ping whose source never posted the lead."""
_CODES: Final = {
    Reason.OUTBID.value: 102,
    Reason.BUYER_ALREADY_WON.value: 102,
    Reason.BELOW_FLOOR.value: 100,
    Reason.BELOW_PROMISED.value: 100,
    Reason.BID_OUT_OF_RANGE.value: 3,
    NOT_TAKEN: 2,
}
"""Loss reasons as OpenRTB 2.6 numbers them; 1 stands for all that is ours to know."""


@dataclass(frozen=True, slots=True)
class _End:
    """How it ended for one bidder: `reason` None means that it won. Prices are minor units."""

    contract_id: UUID
    buyer_id: UUID
    bid: int
    price: int | None
    reason: str | None


def tell_bidders(*, now: datetime, limit: int = 100) -> int:
    """Opens transactions, then the network. Tell those that bid in auctions which are over; of how many auctions.

    While one of several buyers has yet to answer, its place may go to another by the same bids, as long as these stand.
    One that cannot be told of is logged and does not hold up the others.
    """
    open_sales = Sale.objects.filter(lead=OuterRef("lead"), state=Sale.State.PENDING)
    certain = Q(started_at__lt=now - timedelta(seconds=FRESH_SECONDS)) | ~Q(Exists(open_sales))
    over = Q(lead__isnull=False) & ~Q(lead__status=Lead.Status.PENDING) & certain
    over |= Q(lead=None, ping__expires_at__lt=now - SETTLED)
    rows = Auction.objects.filter(over, told_at=None).order_by("started_at", "id")
    notices: list[Ask[None]] = []
    count = 0
    for row in rows.select_related("lead__agency", "ping__agency", "ping__source", "ping__campaign")[:limit]:
        try:
            told = _tell(row, now)
        except Exception:
            log.exception("the bidders of auction %s could not be told", row.pk)
            Auction.objects.filter(pk=row.pk).update(told_at=now)
            continue
        count += told is not None
        notices += told or ()
    fan_out(notices, size=len(notices), within_ms=NOTICE_MS)
    return count


def _tell(row: Auction, now: datetime) -> list[Ask[None]] | None:
    """Mark and tell in one transaction; the loss notices to send, or None where another process told of it."""
    subject = row.lead or row.ping
    assert subject is not None
    bidding = bidding_of(row)
    ends = _ends(row, bidding)
    with transaction.atomic():
        if not Auction.objects.filter(pk=row.pk, told_at=None).update(told_at=now):
            return None
        _enqueue(subject, ends, now)
    return _notices(row, bidding, [end for end in ends if end.reason is not None])


def _ends(row: Auction, bidding: Bidding) -> list[_End]:
    won = {} if row.lead is None else _won(row.lead)
    reasons = {} if row.lead is None else _reasons(row.lead)
    return [
        _End(
            bid.contract_id,
            pinged.buyer_id,
            bid.price or 0,
            won.get(bid.contract_id),
            None if bid.contract_id in won else reasons.get(bid.contract_id, NOT_TAKEN),
        )
        for pinged in bidding.pinged
        if (bid := pinged.bid).outcome is BidOutcome.BID
    ]


def _won(lead: Lead) -> dict[UUID, int]:
    """What each contract that has the lead pays for it."""
    standing = Sale.objects.filter(lead=lead).exclude(state__in=[Sale.State.REFUSED, Sale.State.EXPIRED])
    return dict(standing.values_list("contract_id", "price"))


def _reasons(lead: Lead) -> Mapping[UUID, str]:
    """Why each contract did not get the lead, by the last decision on it."""
    last = lead.decisions.select_related("config_version").order_by("-number").first()
    if last is None:
        return {}
    contracts = json.loads(bytes(last.config_version.content))["contracts"]
    return {UUID(contract["id"]): code for contract, code in zip(contracts, last.codes, strict=True)}


# --- events ------------------------------------------------------------------------------------------------------


def _enqueue(subject: Lead | Ping, ends: Iterable[_End], now: datetime) -> None:
    """Needs a transaction. Events for those ends that somebody subscribed to hear of."""
    version = subject.agency.version
    told = subscriptions.load(agency_id=subject.agency_id, mode=subject.mode, version=version)
    wanted = [end for end in ends if any(told.of(_event(end), end.buyer_id, subject.campaign_id))]
    if not wanted:
        return
    sequence = _next_sequence(subject, len(wanted))
    events = [_new_event(subject, end, sequence + place, now) for place, end in enumerate(wanted)]
    enqueue(agency_id=subject.agency_id, mode=subject.mode, events=events)


def _event(end: _End) -> str:
    return "ping.won" if end.reason is None else "ping.lost"


def _next_sequence(subject: Lead | Ping, amount: int) -> int:
    """The number of the first of so many further events of a lead; those of a ping count from 1."""
    if isinstance(subject, Ping):
        return 1
    lead = Lead.objects.select_for_update(no_key=True).get(pk=subject.pk)
    Lead.objects.filter(pk=lead.pk).update(last_sequence=lead.last_sequence + amount)
    return lead.last_sequence + 1


def _new_event(subject: Lead | Ping, end: _End, sequence: int, now: datetime) -> NewEvent:
    event = _event(end)
    lead = subject if isinstance(subject, Lead) else None
    facts = {"lead_id": lead and lead.public_id, "score": lead and lead.score}
    body: dict[str, Any] = {
        "event": event,
        "type": event,
        **facts,
        "buyer_id": encode(Buyer.prefix, end.buyer_id),
        "contract_id": encode(Contract.prefix, end.contract_id),
        "timestamp": rfc3339(now),
        "bid": to_major(end.bid, subject.currency),
        "price": None if end.price is None else to_major(end.price, subject.currency),
        "reason": end.reason,
        "delivery_method": "http",
        "sequence": sequence,
        "api_version": API_VERSION,
        "lead": {**facts, "test": subject.mode == "test"},
    }
    return NewEvent(
        id=new_id(),
        type=event,
        key=f"{event}:{subject.pk}:{end.contract_id}:{sequence}",
        body=json.dumps(body),
        lead_ref=lead.pk if lead else None,
        buyer_ref=end.buyer_id,
        campaign_ref=subject.campaign_id,
        sequence=sequence,
    )


# --- loss notices ------------------------------------------------------------------------------------------------


def _notices(row: Auction, bidding: Bidding, lost: Iterable[_End]) -> list[Ask[None]]:
    """The loss notices to buyers whose method asks for them. Mocks are told nothing."""
    subject = row.lead or row.ping
    losers = list(lost)
    if subject is None or subject.mode != "live" or not losers:
        return []
    draft = _draft(subject, bidding)
    if draft is None:
        return []
    to_win = sum(_won(row.lead).values()) if row.lead is not None else 0
    return [ask for end in losers if (ask := _notice(draft, end, to_win or None)) is not None]


def _notice(draft: Draft, end: _End, to_win: int | None) -> Ask[None] | None:
    contract = draft.campaign.contracts.get(end.contract_id)
    if contract is None or contract.exchange is None or contract.exchange.loss is None:
        return None
    code = _CODES.get(end.reason or "", 1)
    values = loss_values(draft, contract, price=end.bid, to_win=to_win, code=code)
    return Ask(contract.exchange.loss.request(values), read=lambda told: None)


def _draft(subject: Lead | Ping, bidding: Bidding) -> Draft | None:
    """What the bids were about; None where it was erased or there is no market for it any more."""
    principal = system_principal(subject.agency, subject.mode, "tell_bidders")
    view = snapshot.read(agency_id=subject.agency_id, version=principal.version)
    try:
        if isinstance(subject, Lead):
            draft = recall(principal=principal, view=view, lead=subject)
        else:
            draft = _asked_about(subject, principal, view)
    except (Erased, DomainError):
        return None
    return replace(draft, bidding=bidding)


def _asked_about(ping: Ping, principal: Principal, view: snapshot.Snapshot) -> Draft:
    told = Submission(
        fields=ping.fields,
        source=encode(Source.prefix, ping.source_id),
        campaign_id=encode(Campaign.prefix, ping.campaign_id),
        external_id=None,
        metadata={},
    )
    return prepare_ping(principal=principal, view=view, submission=told, received_at=ping.created_at)
