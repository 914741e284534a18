"""What each contract offers in an auction: its buyer's bid, or the price that the contract names.

Whose buyer was pinged offers what it bid; everybody else takes part at the contract's price, price rules included. A
contract that sells both ways makes two offers, one to have the lead alone and one to share it. To share it a live
bidder offers its bid, or the contract's shared price where that is lower.

An offer is ranked by its **effective bid**, a fixed share of its price: what is left after the contract's return
penalty. In a campaign that ranks by expected value it is the share that the buyer's odds leave of it; whoever has no
odds keeps the price less penalty. Because it is a share, it can be told at which price an offer would still win.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from routing.bids import LOST, Bid, BidOutcome
from routing.eligibility import Case, Loss, had_before, not_to_ping, price_refusal
from routing.expectation import MILLION, Odds
from routing.margins import too_dear, too_little
from routing.pricing import exclusive_price, shared_price
from routing.ranking import Offer, Place, Ranked
from routing.reasons import Reason
from routing.terms import ContractTerms

WHOLE = 10_000  # basis points


class Worth(NamedTuple):
    """The share of its price that an offer is ranked by."""

    part: int
    of: int

    def effective(self, price: int) -> int:
        """What an offer at this price is ranked by, rounded down to minor units."""
        return price * self.part // self.of

    def least(self, effective: int, bid: int) -> int:
        """The least price that is ranked by this much, never above the bid."""
        return min(bid, -(-effective * self.of // self.part)) if self.part else bid


@dataclass(frozen=True, slots=True)
class Offers:
    """What is on offer, best first: to have the lead alone, and to share it; and what is known of each contract.

    `worths`, `prices` (the first that the contract was judged at) and `notes` are by the contract's position.
    """

    alone: Ranked = field(default_factory=list)
    shared: Ranked = field(default_factory=list)
    losses: dict[int, Loss] = field(default_factory=dict)
    worths: dict[int, Worth] = field(default_factory=dict)
    prices: dict[int, int] = field(default_factory=dict)
    notes: dict[int, dict[str, Any]] = field(default_factory=dict)

    def effective(self, offer: Offer) -> int:
        """What this offer is ranked by."""
        return self.worths[offer.position].effective(offer.price)


def collect_offers(case: Case, screened: Mapping[int, Loss]) -> Offers:
    """The offers of all contracts that were not screened out, and why some make none."""
    found = Offers(losses=dict(screened))
    for position, contract in enumerate(case.market.terms.contracts):
        if position not in screened and (loss := _enter(case, position, contract, found)) is not None:
            found.losses[position] = loss
    for ranked in (found.alone, found.shared):
        ranked.sort(key=lambda placed: placed[1].key)
    return found


def _enter(case: Case, position: int, contract: ContractTerms, found: Offers) -> Loss | None:
    """Put the contract's offers among those found; why it makes none."""
    bid = case.state.bids.get(contract.id)
    if bid is None and contract.pinged:
        return not_to_ping(case, contract) or (Reason.NOT_PINGED, {})
    found.notes[position] = _note(bid)
    if (loss := had_before(case, contract) or _failed(bid)) is not None:
        return loss
    offers = list(_offers(case, position, contract, bid))
    if not offers:
        return Reason.NOT_SOLD_THIS_WAY, {"sells": contract.sells, "sold": "shared"}
    first = found.prices[position] = offers[0].price
    found.worths[position] = _worth(case, contract)
    found.notes[position] |= {"bid": first, "effective_bid": found.effective(offers[0]), **_expected(case, contract)}
    if len(offers) > 1:
        found.notes[position]["shared_bid"] = offers[1].price
    losses = [_place(case, offer, bid, found) for offer in offers]
    return losses[0] if None not in losses else None


def _failed(bid: Bid | None) -> Loss | None:
    """Why what came of the ping is no offer."""
    if bid is None:
        return None
    if bid.outcome is not BidOutcome.BID:
        return LOST[bid.outcome], {}
    return None if (bid.price or 0) > 0 else (Reason.BID_UNREADABLE, {})


def _note(bid: Bid | None) -> dict[str, Any]:
    """What the verdict tells of the ping; `static` is a contract whose price is known without one."""
    if bid is None:
        return {"outcome": "static"}
    timing = {"asked_at_ms": bid.asked_at_ms, "answered_ms": bid.answered_ms}
    return {"outcome": bid.outcome.value, "bid": bid.price, **timing, **({"said": bid.reason} if bid.reason else {})}


def _offers(case: Case, position: int, contract: ContractTerms, bid: Bid | None) -> Iterator[Offer]:
    alone, most = not case.state.shared_with, case.market.terms.max_sales
    if alone and (most == 1 or contract.sells != "shared"):
        yield Offer(position, contract, _price_alone(case, contract, bid), exclusive=True)
    if most > 1 and contract.sells != "exclusive":
        yield Offer(position, contract, _price_shared(case, contract, bid), exclusive=False)


def _price_alone(case: Case, contract: ContractTerms, bid: Bid | None) -> int:
    return exclusive_price(contract, case.fields) if bid is None else bid.price or 0


def _price_shared(case: Case, contract: ContractTerms, bid: Bid | None) -> int:
    if bid is None:
        return shared_price(contract, case.fields)
    price = bid.price or 0
    return price if contract.sells == "shared" or contract.shared_price is None else min(price, contract.shared_price)


def _worth(case: Case, contract: ContractTerms) -> Worth:
    odds = _odds(case, contract)
    return Worth(WHOLE - contract.return_penalty, WHOLE) if odds is None else Worth(odds.kept, MILLION**2)


def _expected(case: Case, contract: ContractTerms) -> dict[str, Any]:
    odds = _odds(case, contract)
    return {} if odds is None else odds.told()


def _odds(case: Case, contract: ContractTerms) -> Odds | None:
    return case.state.odds.get(contract.id) if case.market.terms.by_value else None


def _place(case: Case, offer: Offer, bid: Bid | None, found: Offers) -> Loss | None:
    """Put one offer where it belongs; why it cannot be accepted."""
    loss = _out_of_range(offer, bid) or price_refusal(case, offer.contract, offer.price)
    if loss is None:
        loss = too_little(case, [offer]) if offer.exclusive else too_dear(case, offer)
    if loss is None:
        answered = 0 if bid is None else bid.answered_ms or 0
        key = (-found.effective(offer), offer.contract.priority, answered, offer.position)
        (found.alone if offer.exclusive else found.shared).append((offer, Place(key, {})))
    return loss


def _out_of_range(offer: Offer, bid: Bid | None) -> Loss | None:
    least, most = offer.contract.min_bid, offer.contract.max_bid
    if bid is None or ((least or 0) <= offer.price and (most is None or offer.price <= most)):
        return None
    return Reason.BID_OUT_OF_RANGE, {"min_bid": least, "max_bid": most, "price": offer.price}
