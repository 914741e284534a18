"""What buyers' systems were asked of one lead in real time and what they answered: for the API and the lead's page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from buyers.exchange.answers import UNSENT
from buyers.models import Buyer, Contract
from core.clock import rfc3339
from core.ids import encode
from core.money import to_major
from leads.bids import Bidding, Pinged, bidding_of
from leads.models import Lead, Ping, Sale
from routing.types import BidOutcome


def auctions_of(lead: Lead) -> list[Bidding]:
    """The rounds of pings of a lead in which somebody was asked, the first one first. One statement."""
    rounds = map(bidding_of, lead.auctions.order_by("started_at", "id"))
    return [one for one in rounds if one.pinged]


def auction_records(lead: Lead) -> list[dict[str, Any]]:
    """The auctions as the API shows them to the agency."""
    return [_auction_record(bidding, lead.currency) for bidding in auctions_of(lead)]


def post_records(sales: Iterable[Sale]) -> list[dict[str, Any]]:
    """How far the posts to buyers have come that these sales called for."""
    return [_post_record(sale) for sale in sales if sale.post]


def _auction_record(bidding: Bidding, currency: str) -> dict[str, Any]:
    return {
        "started_at": rfc3339(bidding.started_at),
        "window_ms": bidding.window_ms,
        "ping_id": encode(Ping.prefix, bidding.ping_id) if bidding.ping_id else None,
        "pings": [_ping_record(one, currency) for one in bidding.pinged],
    }


def _ping_record(pinged: Pinged, currency: str) -> dict[str, Any]:
    bid = pinged.bid
    return {
        "contract_id": encode(Contract.prefix, bid.contract_id),
        "buyer_id": encode(Buyer.prefix, pinged.buyer_id),
        "told": list(pinged.fields),
        "asked_at_ms": bid.asked_at_ms,
        "answered_ms": bid.answered_ms,
        "outcome": bid.outcome.value,
        "answer": pinged.said,
        "bid": None if bid.price is None else to_major(bid.price, currency),
        "reason": bid.reason or None,
    }


def _post_record(sale: Sale) -> dict[str, Any]:
    answer = sale.post_answer or {}
    return {
        "sale_id": sale.public_id,
        "contract_id": encode(Contract.prefix, sale.contract_id),
        "buyer_id": encode(Buyer.prefix, sale.buyer_id),
        "state": sale.post,
        "told": answer.get("fields", []),
        "answered_at": answer.get("at"),
        "answered_ms": answer.get("ms"),
        "answer": answer.get("outcome"),
        "reason": answer.get("reason") or None,
        "redirect_url": answer.get("redirect") or None,
    }


# --- the page ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PingRow:
    """One buyer asked: what it was told, what it answered and when."""

    contract: str
    buyer: str
    sent: bool
    fields: tuple[str, ...]
    asked_at_ms: int
    answered_ms: int | None
    outcome: str
    bid: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class AuctionTable:
    """One round of pings, the highest bid first."""

    started_at: datetime
    window_ms: int
    rows: tuple[PingRow, ...]

    @property
    def asked(self) -> int:
        """How many of them a question was sent to."""
        return sum(row.sent for row in self.rows)


def auction_tables(lead: Lead) -> tuple[AuctionTable, ...]:
    """The auctions of a lead for its page. Two statements, however many buyers."""
    rounds = auctions_of(lead)
    ids = {one.bid.contract_id for bidding in rounds for one in bidding.pinged}
    known = Contract.objects.filter(agency_id=lead.agency_id, pk__in=ids).select_related("buyer").in_bulk()
    return tuple(AuctionTable(one.started_at, one.window_ms, _rows(one, known)) for one in rounds)


def _rows(bidding: Bidding, known: Mapping[UUID, Contract]) -> tuple[PingRow, ...]:
    def place(one: Pinged) -> tuple[bool, int]:
        return one.bid.outcome is not BidOutcome.BID, -(one.bid.price or 0)

    return tuple(_row(one, known.get(one.bid.contract_id)) for one in sorted(bidding.pinged, key=place))


def _row(pinged: Pinged, contract: Contract | None) -> PingRow:
    bid = pinged.bid
    return PingRow(
        contract=contract.name if contract else "A contract that is gone",
        buyer=contract.buyer.name if contract else "",
        sent=bid.outcome is not BidOutcome.BREAKER_OPEN and pinged.said not in UNSENT,
        fields=pinged.fields,
        asked_at_ms=bid.asked_at_ms,
        answered_ms=bid.answered_ms,
        outcome=bid.outcome.value,
        bid=bid.price,
        reason=bid.reason,
    )
