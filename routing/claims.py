"""Which counters a decision reads, and which a sale takes: the link between caps here and counters in the database."""

from collections.abc import Iterable
from datetime import datetime

from routing.caps import Claim, UsageKey
from routing.terms import ContractTerms, MarketTerms, SourceTerms
from routing.types import Winner
from routing.windows import quarter_of


def usage_keys(
    terms: MarketTerms, source: SourceTerms, now: datetime, *, contenders: Iterable[ContractTerms] | None = None
) -> tuple[UsageKey, ...]:
    """Every counter that `decide` may ask for at this moment, in order; one that does not exist counts as zero.

    With `contenders` only those that matter where all other contracts are screened out.
    """
    quarter = quarter_of(now)
    rooms = [source.room, terms.room]
    for contract in terms.contracts if contenders is None else contenders:
        rooms += (contract.room, contract.buyer_room)
    return tuple(sorted({key for room in rooms if room.caps for key in room.keys(quarter)}))


def cap_claims(terms: MarketTerms, source: SourceTerms, winner: Winner, now: datetime) -> tuple[Claim, ...]:
    """What settling one sale must claim of contract, buyer, source and campaign: one claim per subject and window.

    Each claim adds one lead and its `money` (the price; for the source its payout), and must be refused where that
    would exceed one of its limits. Subjects without caps claim nothing.
    """
    quarter = quarter_of(now)
    contract = terms.contract(winner.contract_id)
    return (
        *contract.room.claims(quarter, winner.price),
        *contract.buyer_room.claims(quarter, winner.price),
        *source.room.claims(quarter, winner.payout),
        *terms.room.claims(quarter, winner.price),
    )
