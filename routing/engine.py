"""The decision: who gets this lead, and why everybody else does not. The same market always gives the same answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from routing.auction import hold_auction
from routing.eligibility import Case, Loss, had_before, not_to_ping, price_refusal, refusals
from routing.margins import dearest, too_dear, too_little
from routing.offers import collect_offers
from routing.pricing import payout_of
from routing.ranking import Offer, Ranked, next_ticket, rank, rank_by_value, stride_of
from routing.reasons import Reason
from routing.selection import Choice, choose, offer_of
from routing.types import ContractTerms, Decision, Market, MarketTerms, Verdict, Winner

Told = tuple[Reason | None, dict[str, Any]]
_CHOSEN: Told = (None, {})
Screened = Mapping[int, Loss]
"""Why contracts are out whatever was counted, by their position among the market's."""


def screen(market: Market) -> Screened:
    """Ask every contract what needs no counter, balance or history: of the market's state only closed and excluded."""
    return dict(refusals(Case(market)))


def eligible_for_ping(market: Market, screened: Screened | None = None) -> tuple[ContractTerms, ...]:
    """Whose buyers are to be asked for a bid, in the order of their ids: those that could win with some bid.

    Counters, funds and earlier sales are those of the market's state; room is asked for the least price at which the
    contract could win, since its bid is not known yet. `screened` as for `decide`.
    """
    case = Case(market)
    out = screen(market) if screened is None else screened
    contracts = enumerate(market.terms.contracts)
    asked = (contract for position, contract in contracts if contract.pinged and position not in out)
    return tuple(contract for contract in asked if not_to_ping(case, contract) is None)


def decide(market: Market, screened: Screened | None = None) -> Decision:
    """Judge every contract, rank the eligible, choose the winners, and say of each contract what became of it.

    `screened` is what `screen` said of this market when its state was not known yet; without it, it is asked here.
    """
    out = screen(market) if screened is None else screened
    return _decide_auction(market, out) if market.terms.method == "ping_post" else _decide_by_price(market, out)


def _decide_by_price(market: Market, screened: Screened) -> Decision:
    """As `decide`, where every contract offers the price that it names."""
    case = Case(market)
    offers: dict[int, Offer] = {}
    losses: dict[int, Loss] = dict(screened)
    for position, contract in enumerate(market.terms.contracts):
        if position in losses:
            continue
        if (loss := had_before(case, contract)) is None:
            offer = offers[position] = offer_of(case, position, contract)
            loss = price_refusal(case, contract, offer.price) or _too_little(case, offer)
        if loss is not None:
            losses[position] = loss

    ranked = _ranked(market, [offer for position, offer in offers.items() if position not in losses])
    choice = _kept_promise(case, ranked)
    prices = {offer.position: offer.price for offer in (*offers.values(), *(offer for offer, _ in choice.won))}
    told: dict[int, Told] = {}
    if market.terms.by_value:
        told = {offer.position: (None, place.inputs) for offer, place in ranked}
    return _decision(market, choice, [offer.position for offer, _ in ranked], prices, {**told, **losses, **choice.lost})


def _too_little(case: Case, offer: Offer) -> Loss | None:
    """Why an offer for the whole lead keeps not what was promised, or no margin; those who share keep it together."""
    return too_little(case, [offer]) if offer.exclusive else too_dear(case, offer)


def _kept_promise(case: Case, ranked: Ranked) -> Choice:
    """Who is chosen; fewer, or nobody, where that would not bring what was promised, or the campaign's margin."""
    choice = choose(Case(case.market), ranked)
    offers = [offer for offer, _ in choice.won]
    loss = too_little(case, offers) if offers else None
    if loss is None:
        return choice
    if (place := dearest(case, offers)) is not None:
        out = offers[place].position
        smaller = _kept_promise(case, [one for one in ranked if one[0].position != out])
        return smaller._replace(lost={**smaller.lost, out: loss})
    return Choice([], choice.lost | {offer.position: loss for offer, _ in choice.won})


def _ranked(market: Market, eligible: Sequence[Offer]) -> Ranked:
    if market.terms.by_value:
        return rank_by_value(eligible, market.state.odds)
    return rank(market.terms.method, eligible, market.state.rotation)


def _decide_auction(market: Market, screened: Screened) -> Decision:
    """As `decide`; every verdict on an offer tells what came of the ping, the bid and what it was ranked by."""
    case = Case(market)
    offers = collect_offers(case, screened)
    choice, ranking, prices = hold_auction(case, offers)
    losses = offers.losses | choice.lost
    told = {at: (None, note) for at, note in offers.notes.items()} | {
        at: (reason, {**offers.notes.get(at, {}), **inputs}) for at, (reason, inputs) in losses.items()
    }
    return _decision(market, choice, ranking, prices, told)


def _decision(
    market: Market, choice: Choice, ranking: Sequence[int], prices: Mapping[int, int], told: Mapping[int, Told]
) -> Decision:
    return Decision(
        outcome="sold" if choice.won else "unsold",
        winners=tuple(_winners(market, choice, contested=len(ranking) > len(choice.won))),
        verdicts=_verdicts(market.terms, ranking, prices, told),
    )


def _winners(market: Market, choice: Choice, *, contested: bool) -> Iterator[Winner]:
    terms, paid = market.terms, market.state.shared_with > 0
    tickets = next_ticket(market.state.rotation) if terms.method == "round_robin" else 0
    weighted = terms.method == "weighted"
    for position, (offer, place) in enumerate(choice.won):
        contract = offer.contract
        yield Winner(
            contract_id=contract.id,
            buyer_id=contract.buyer_id,
            account_id=contract.account(market.mode),
            price=offer.price,
            payout=payout_of(market.source, offer.price, first=position == 0 and not paid),
            exclusive=offer.exclusive,
            confirm_minutes=contract.confirm_minutes,
            ticket=tickets and tickets + position,
            pass_floor=place.key[0] if weighted and contested else 0,
            pass_add=stride_of(contract) if weighted and contested else 0,
        )


def _verdicts(
    terms: MarketTerms, ranking: Sequence[int], prices: Mapping[int, int], told: Mapping[int, Told]
) -> tuple[Verdict, ...]:
    ranks = {position: rank for rank, position in enumerate(ranking, 1)}
    verdicts = []
    for position, contract in enumerate(terms.contracts):
        reason, inputs = told.get(position, _CHOSEN)
        verdicts.append(Verdict(contract.id, reason, ranks.get(position), prices.get(position), inputs))
    return tuple(verdicts)


def replay(content: Mapping[str, Any], record: Mapping[str, Any]) -> Decision:
    """Decide again from a stored configuration version and the stored record of a market."""
    return decide(Market.from_record(MarketTerms.from_content(content), record))
