"""What buyers answered when they were asked for a price, and what the source was promised for the lead."""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from routing.reasons import Reason


class BidOutcome(StrEnum):
    """What became of one ping. Only `bid` can win."""

    BID = "bid"
    NO_BID = "no_bid"
    LATE = "late"
    ERROR = "error"
    UNREADABLE = "unreadable"
    BREAKER_OPEN = "breaker_open"


LOST = {
    BidOutcome.NO_BID: Reason.NO_BID,
    BidOutcome.LATE: Reason.BID_LATE,
    BidOutcome.ERROR: Reason.BID_ERROR,
    BidOutcome.UNREADABLE: Reason.BID_UNREADABLE,
    BidOutcome.BREAKER_OPEN: Reason.BREAKER_OPEN,
}
"""Why a contract whose ping ended so does not get the lead."""


class Bid(NamedTuple):
    """The end of one ping: what the contract's buyer offered, or how that failed.

    `price` (minor units, above zero) is for the lead in the way the contract buys it: alone where it may take it alone,
    else together with others. `reason` is what the buyer said, in its own words. `asked_at_ms` counts from the
    beginning of the auction to the ping, `answered_ms` from the ping to the whole answer; None where there was none. A
    price of what came late is kept for the record.
    """

    contract_id: UUID
    outcome: BidOutcome
    price: int | None = None
    reason: str = ""
    asked_at_ms: int = 0
    answered_ms: int | None = None


class Promised(NamedTuple):
    """What an answer to the source's own ping promised: the least that the lead must fetch, and earn it, in all.

    Minor units. A ping by an agency's key is promised a price, one by a source's key a payout.
    """

    price: int = 0
    payout: int = 0
