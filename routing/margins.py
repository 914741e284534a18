"""What the agency wants to keep of a lead: offers that are not expected to bring its cost and the margin are none.

The cost is what the source earns by it. Known of campaigns alone that rank by expected value: without odds nobody can
say what an offer brings, and where none are known of a buyer its whole price counts.
"""

from bisect import bisect_left
from collections.abc import Sequence

from routing.eligibility import Case, Loss
from routing.expectation import CERTAIN
from routing.pricing import payout_of
from routing.promises import shortfall
from routing.ranking import Offer
from routing.reasons import Reason


def too_little(case: Case, offers: Sequence[Offer]) -> Loss | None:
    """Why sales of these offers, the first one first, would keep neither promise nor margin; None where they do."""
    return shortfall(case, [offer.price for offer in offers]) or _thin(case, offers)


def _thin(case: Case, offers: Sequence[Offer]) -> Loss | None:
    terms, odds = case.market.terms, case.state.odds
    if terms.min_margin is None or not terms.by_value:
        return None
    value = sum(odds.get(offer.contract.id, CERTAIN).value(offer.price) for offer in offers)
    payout = sum(payout_of(case.market.source, offer.price, first=at == 0) for at, offer in enumerate(offers))
    if value - payout >= terms.min_margin:
        return None
    return Reason.BELOW_MARGIN, {"expected_value": value, "payout": payout, "min_margin": terms.min_margin}


def price_with_margin(case: Case, offers: Sequence[Offer], position: int) -> int:
    """The least price of the offer at this position that, beside the others, leaves the margin; at most its own."""
    if case.market.terms.min_margin is None:
        return 0

    def is_enough(price: int) -> bool:
        changed = [offer._replace(price=price) if at == position else offer for at, offer in enumerate(offers)]
        return _thin(case, changed) is None

    return bisect_left(range(offers[position].price), True, key=is_enough)
