"""Who of the ranked gets the lead: one alone, or several up to the campaign's number.

Where the first takes leads exclusively (always so in a campaign that sells once), it alone wins. Otherwise the ranking
is walked for contracts that share, one per buyer, as far as the source's and campaign's caps have room; exclusive ones
further down do not fit. A contract that sells both ways and finds nobody to share with gets the lead exclusively, at
that price, if floor, caps and funds allow it, and else keeps it at the shared price. Where others share the lead
already, only the places that they leave are given away.
"""

from typing import NamedTuple

from routing.eligibility import Case, Loss, price_refusal
from routing.pricing import exclusive_price, shared_price
from routing.ranking import Offer, Place, Ranked
from routing.reasons import Reason
from routing.terms import ContractTerms


class Choice(NamedTuple):
    """The winners with their places, and by position why each other eligible contract did not win."""

    won: Ranked
    lost: dict[int, Loss]


def offer_of(case: Case, position: int, contract: ContractTerms) -> Offer:
    """How the contract would buy in this campaign, before it is known who else does."""
    if case.market.terms.max_sales == 1 or contract.sells == "exclusive":
        return Offer(position, contract, exclusive_price(contract, case.fields), exclusive=True)
    return Offer(position, contract, shared_price(contract, case.fields), exclusive=False)


def choose(case: Case, ranked: Ranked) -> Choice:
    """The winners among ranked offers."""
    if ranked and ranked[0][0].exclusive and not case.state.shared_with:
        return Choice(ranked[:1], {offer.position: _outranked(place) for offer, place in ranked[1:]})
    choice = share(case, ranked)
    if len(choice.won) == 1 and not case.state.shared_with:
        (offer, place), *_ = choice.won
        return choice._replace(won=[(_whole(case, offer), place)])
    return choice


def share(case: Case, ranked: Ranked) -> Choice:
    """Who of the ranked gets the lead together with others; what each takes is counted in `case`."""
    won: Ranked = []
    lost: dict[int, Loss] = {}
    places = case.market.terms.max_sales - case.state.shared_with
    for offer, place in ranked:
        loss = _outranked(place) if len(won) >= places else _misfit(case, offer, won)
        if loss is None:
            won.append((offer, place))
            case.take(offer.price)
        else:
            lost[offer.position] = loss
    return Choice(won, lost)


def _misfit(case: Case, offer: Offer, won: Ranked) -> Loss | None:
    """Why the offer cannot join those that won."""
    contract = offer.contract
    if offer.exclusive:
        return Reason.NOT_SOLD_THIS_WAY, {"sells": contract.sells, "sold": "shared"}
    if any(contract.buyer_id == other.contract.buyer_id for other, _ in won):
        return Reason.BUYER_ALREADY_WON, {}
    return price_refusal(case, contract, offer.price) if won else None


def _whole(case: Case, offer: Offer) -> Offer:
    """The offer of a winner that shares with nobody."""
    if offer.contract.sells != "both":
        return offer
    price = exclusive_price(offer.contract, case.fields)
    alone = price_refusal(Case(case.market), offer.contract, price) is None
    return offer._replace(price=price, exclusive=True) if alone else offer


def _outranked(place: Place) -> Loss:
    return Reason.OUTRANKED, place.inputs
