"""What the agency wants to keep of a lead: offers that are not expected to bring its cost and the margin are none.

The cost is what the source is expected to earn by it: a sale that its buyer refuses earns nothing. Known of campaigns
alone that rank by expected value: without odds nobody can say what an offer brings, and where none are known of a buyer
its whole price counts, and its whole cost.
"""

from bisect import bisect_left
from collections.abc import Sequence
from math import prod

from routing.eligibility import Case, Loss
from routing.expectation import CERTAIN, MILLION, Odds
from routing.pricing import payout_of
from routing.promises import shortfall
from routing.ranking import Offer
from routing.reasons import Reason


def too_little(case: Case, offers: Sequence[Offer]) -> Loss | None:
    """Why sales of these offers, the first one first, would keep neither promise nor margin; None where they do.

    Where others have the lead already nothing is asked: one more who shares it only brings both nearer.
    """
    if case.state.shared_with:
        return None
    return shortfall(case, [offer.price for offer in offers]) or _thin(case, offers)


def too_dear(case: Case, offer: Offer) -> Loss | None:
    """Why an offer to share the lead takes more from those who share it than it brings; None where it does not.

    A fixed payout is owed once, whoever else shares: it is no cost of one of them.
    """
    if not _asks_margin(case) or case.market.source.payout_kind == "fixed":
        return None
    return _short(_value(case, [offer]), expected_payout(case, [offer]), 0)


def dearest(case: Case, offers: Sequence[Offer]) -> int | None:
    """The place of the one of those who share without whom most more would be left; None where each brings more.

    A fixed sum is owed where any of them accepts: whoever is surer to accept than to pay makes it likelier.
    """
    left = _left(case, offers)
    gains = [_left(case, [*offers[:at], *offers[at + 1 :]]) - left for at in range(len(offers))]
    gain, place = max(((gain, at) for at, gain in enumerate(gains)), default=(0, 0))
    return place if gain > 0 and len(offers) > 1 else None


def price_with_margin(case: Case, offers: Sequence[Offer], position: int, least: int) -> int:
    """The least price, from `least` on, of the offer at this position that leaves the margin beside the others.

    At most its own, of which that is known.
    """

    def is_enough(price: int) -> bool:
        changed = [offer._replace(price=price) if at == position else offer for at, offer in enumerate(offers)]
        return _thin(case, changed) is None

    if not _asks_margin(case) or case.state.shared_with:
        return least
    return least + bisect_left(range(least, offers[position].price), True, key=is_enough)


def expected_payout(case: Case, offers: Sequence[Offer]) -> int:
    """What the source is expected to earn by sales of these offers, rounded up to minor units.

    A share of each price where its buyer accepts, or the fixed sum where any of them does. What a buyer gives back
    later is not taken off: whether the source gives it back too is another agreement.
    """
    source, accepts = case.market.source, [_odds(case, offer).accept for offer in offers]
    if source.payout_kind == "percent":
        shares = [payout_of(source, offer.price, first=False) for offer in offers]
        return _up(sum(accept * share for accept, share in zip(accepts, shares, strict=True)), MILLION)
    whole = MILLION ** len(offers)
    nobody = prod(MILLION - accept for accept in accepts)
    return _up(payout_of(source, 0, first=True) * (whole - nobody), whole)


def _left(case: Case, offers: Sequence[Offer]) -> int:
    return _value(case, offers) - expected_payout(case, offers)


def _thin(case: Case, offers: Sequence[Offer]) -> Loss | None:
    least = case.market.terms.min_margin
    if least is None or not _asks_margin(case):
        return None
    return _short(_value(case, offers), expected_payout(case, offers), least)


def _short(value: int, payout: int, least: int) -> Loss | None:
    if value - payout >= least:
        return None
    return Reason.BELOW_MARGIN, {"expected_value": value, "expected_payout": payout, "min_margin": least}


def _asks_margin(case: Case) -> bool:
    return case.market.terms.min_margin is not None and case.market.terms.by_value


def _value(case: Case, offers: Sequence[Offer]) -> int:
    return sum(_odds(case, offer).value(offer.price) for offer in offers)


def _odds(case: Case, offer: Offer) -> Odds:
    return case.state.odds.get(offer.contract.id, CERTAIN)


def _up(amount: int, parts: int) -> int:
    return -(-amount // parts)
