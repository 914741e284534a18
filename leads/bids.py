"""What an auction brought: whom it asked, what each was told and bid, and the tokens by which buyers know their bids.

It holds nothing personal: names of fields, prices, times and the buyers' words. Tokens are sealed all the same, since
whoever has one may buy in the buyer's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from buyers.exchange.answers import Answer, AnswerOutcome
from core import json
from core.ids import new_id
from core.sealing import root
from core.sql import Statement, bind, insert
from leads.models import Auction
from routing.types import Bid, BidOutcome, Promised

FRESH_SECONDS: Final = 60
"""How long a bid stands: a lead that is decided again later is pinged again."""

_OUTCOMES: Final = {
    AnswerOutcome.ACCEPTED: BidOutcome.BID,
    AnswerOutcome.NO_BID: BidOutcome.NO_BID,
    AnswerOutcome.REFUSED: BidOutcome.NO_BID,
    AnswerOutcome.DUPLICATE: BidOutcome.NO_BID,
    AnswerOutcome.BAD_BID: BidOutcome.UNREADABLE,
    AnswerOutcome.UNREADABLE: BidOutcome.UNREADABLE,
    AnswerOutcome.TOO_LARGE: BidOutcome.UNREADABLE,
    AnswerOutcome.TIMEOUT: BidOutcome.LATE,
}


@dataclass(frozen=True, slots=True)
class Pinged:
    """One buyer asked: the names of what it was told, its bid, and how its answer was read (`said`).

    `record` is all that as plain JSON: made when the buyer answers, while others are still waited for.
    """

    buyer_id: UUID
    bid: Bid
    said: str
    fields: tuple[str, ...] = ()
    record: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the record."""
        bid = [str(self.bid[0]), *self.bid[1:]]
        record = {"buyer": str(self.buyer_id), "bid": bid, "said": self.said, "fields": self.fields}
        object.__setattr__(self, "record", record)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Pinged":
        """Read back."""
        contract_id, outcome, *rest = record["bid"]
        bid = Bid(UUID(contract_id), BidOutcome(outcome), *rest)
        return cls(UUID(record["buyer"]), bid, record["said"], tuple(record["fields"]))


@dataclass(frozen=True, slots=True)
class Promise:
    """What a source was told that its lead brings; `takers`: the contracts whose bids it took, None for anybody's.

    It holds whenever the lead is decided again on its way, whoever refuses it.
    """

    least: Promised
    takers: frozenset[UUID] | None = None

    def to_record(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"least": list(self.least), "takers": self.takers and sorted(map(str, self.takers))}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Promise":
        """Read back."""
        takers = record["takers"]
        return cls(Promised(*record["least"]), takers and frozenset(map(UUID, takers)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bidding:
    """One round of pings. `promise` is what a source was told of it; `ping_id` the ping that began it."""

    started_at: datetime
    window_ms: int
    pinged: tuple[Pinged, ...]
    tokens: Mapping[UUID, str] = field(default_factory=dict, repr=False)
    promise: Promise | None = None
    ping_id: UUID | None = None
    id: UUID = field(default_factory=new_id)

    @property
    def bids(self) -> dict[UUID, Bid]:
        """The ends of the pings by contract."""
        return {one.bid.contract_id: one.bid for one in self.pinged}

    def insertion(self, *, lead_id: UUID | None) -> Statement:
        """The INSERT of the auction, for the batch that writes the lead or the ping."""
        row = {
            "id": self.id,
            "lead": lead_id,
            "ping": self.ping_id,
            "started_at": self.started_at,
            "record": self._record(),
            "sealed": _seal(self.id, self.tokens),
        }
        return insert(Auction, [row])

    def adoption(self, *, lead_id: UUID) -> Statement:
        """The UPDATE by which the auction of a ping becomes that of its lead."""
        sql = f'UPDATE "{Auction._meta.db_table}" SET "lead_id" = %s, "record" = %s WHERE "id" = %s'
        return Statement(sql, (bind(lead_id), bind(self._record()), bind(self.id)))

    def _record(self) -> dict[str, Any]:
        return {
            "window_ms": self.window_ms,
            "promise": self.promise and self.promise.to_record(),
            "pings": [one.record for one in self.pinged],
        }


def is_fresh(asked_at: datetime, now: datetime) -> bool:
    """Whether what buyers were asked then still stands."""
    return (now - asked_at).total_seconds() < FRESH_SECONDS


def bidding_of(row: Auction) -> Bidding:
    """The round that a row keeps."""
    promise = row.record["promise"]
    return Bidding(
        id=row.pk,
        started_at=row.started_at,
        window_ms=row.record["window_ms"],
        pinged=tuple(Pinged.from_record(one) for one in row.record["pings"]),
        tokens=_open(row.pk, row.sealed),
        promise=promise and Promise.from_record(promise),
        ping_id=row.ping_id,
    )


def bid_of(contract_id: UUID, answer: Answer, *, price: int, asked_at_ms: float, answered_ms: float | None) -> Bid:
    """The bid in a buyer's answer. One that says yes and names no price bids `price`, its contract's own."""
    offered = (answer.price or price) if answer.accepted else answer.price
    return Bid(
        contract_id,
        _OUTCOMES.get(answer.outcome, BidOutcome.ERROR),
        offered,
        reason=answer.reason,
        asked_at_ms=round(asked_at_ms),
        answered_ms=None if answered_ms is None else round(answered_ms),
    )


def _seal(auction_id: UUID, tokens: Mapping[UUID, str]) -> bytes | None:
    if not tokens:
        return None
    plain = json.dumps({str(contract_id): token for contract_id, token in tokens.items()})
    return root("auctions").seal(plain, _context(auction_id))


def _open(auction_id: UUID, sealed: bytes | memoryview | None) -> dict[UUID, str]:
    if sealed is None:
        return {}
    plain: dict[str, str] = json.loads(root("auctions").open(bytes(sealed), _context(auction_id)))
    return {UUID(contract_id): token for contract_id, token in plain.items()}


def _context(auction_id: UUID) -> str:
    return f"leads.auction.sealed/{auction_id}"
