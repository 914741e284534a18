"""The auction before a sale: who may bid is looked up, everybody is asked at once, and what they answer is kept.

No transaction is open while buyers are asked. What they bid is decided upon afterwards, by the ordinary trip under its
locks (`leads.trip`): the first look here only spares pings that could win nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import NamedTuple, cast

from buyers.exchange.values import Values
from buyers.health import may_ask, observe, rests, usual_ms
from buyers.health_figures import Endpoint, Seen
from core.clock import now as clock
from core.http.fan_out import Ask, fan_out
from core.ids import new_id
from leads.asking import Heard, ping_question, ping_values
from leads.bids import Bidding, Pinged, bid_of
from leads.drafts import Draft
from leads.market import Look, Rider, look, state_of
from leads.room import Room
from leads.snapshot import ContractView
from leads.trip import CountersMissing, Overtaken, early_fate
from leads.watching import PING, POST, endpoint_of, seen_of
from routing.engine import eligible_for_ping
from routing.pricing import exclusive_price
from routing.types import Bid, BidOutcome, ContractTerms
from routing.values import Held


def bidden(rider: Rider, held: Bidding | None = None) -> Rider:
    """The rider with the bids for its lead: those `held` already, else those of an auction that is held now.

    Reads the market without locks, then asks over the network; no transaction may be open. A lead that is not to be
    auctioned (its method, a duplicate, a repeat, a paused campaign) stays as it is. Raises Overtaken, CountersMissing.
    """
    if not rider.draft.campaign.pings or rider.draft.bidding is not None:
        return rider
    bidding = held or _hold(rider)
    if bidding is None:
        return rider
    return replace(rider, draft=with_bids(rider.draft, bidding), asked=rider.asked.offered(bidding.bids))


def with_bids(draft: Draft, bidding: Bidding) -> Draft:
    """The draft that is decided by these bids, and writes them down with its settlement and what was promised."""
    bidding = replace(bidding, promise=draft.promise)
    return replace(draft, bidding=bidding, beside=(*draft.beside, bidding.insertion(lead_id=draft.id)))


def _hold(rider: Rider) -> Bidding | None:
    room, (seen,) = look([rider], locked=False)
    if seen.version != rider.draft.snapshot.version:
        raise Overtaken
    if seen.repeat is not None or not seen.active or early_fate(rider.draft, seen) is not None:
        return None
    if seen.missing:
        raise CountersMissing(rider.draft, seen.missing)
    return ask_buyers(rider.draft, contenders(rider, room, seen), started_at=clock())


def contenders(rider: Rider, room: Room, seen: Look) -> tuple[ContractTerms, ...]:
    """Whose buyers could win with some bid, by what was seen."""
    return eligible_for_ping(rider.asked.answered(state_of(rider, room, seen)), rider.asked.screened)


def ask_buyers(draft: Draft, contracts: Sequence[ContractTerms], *, started_at: datetime) -> Bidding | None:
    """Ask these contracts' buyers for their bids, all at once under one deadline; None where there is nobody to ask."""
    if not contracts:
        return None
    auction_id, within_ms = new_id(), draft.campaign.ping_timeout_ms
    unasked = {terms.id: end for terms in contracts if (end := _unasked(draft, terms, started_at)) is not None}
    asked = _slowest_first([terms for terms in contracts if terms.id not in unasked], draft.mode)
    values = ping_values(draft, auction_id, within_ms=within_ms)
    asks = (_ask(draft, terms, values) for terms in asked)
    told = fan_out(asks, size=len(asked), within_ms=within_ms)
    answers = {terms.id: answer for terms, answer in zip(asked, told, strict=True)}
    observe([answer.seen for answer in told if answer.seen is not None], now=clock())
    return Bidding(
        id=auction_id,
        started_at=started_at,
        window_ms=within_ms,
        pinged=tuple(unasked.get(terms.id) or answers[terms.id].pinged for terms in contracts),
        tokens={contract_id: answer.token for contract_id, answer in answers.items() if answer.token},
    )


def _slowest_first(contracts: Sequence[ContractTerms], mode: str) -> list[ContractTerms]:
    """Whoever takes longest is asked first: asking fifty takes as long as the pause between two quick answers."""
    return sorted(contracts, key=lambda terms: -usual_ms(endpoint_of(terms.id, PING, mode)))


class _Answered(NamedTuple):
    """What one buyer answered: for the record, the post and the watch over its endpoint."""

    pinged: Pinged
    token: str
    seen: Seen | None


def _unasked(draft: Draft, terms: ContractTerms, now: datetime) -> Pinged | None:
    """The end of a buyer that cannot be asked at all, or whose system is left alone since it failed of late."""
    contract = draft.campaign.contracts[terms.id]
    if contract.exchange is None or contract.exchange.ping is None:
        return Pinged(terms.buyer_id, Bid(terms.id, BidOutcome.ERROR, reason="method_unreadable"), "blocked")
    ping, post = (endpoint_of(terms.id, stage, draft.mode) for stage in (PING, POST))
    if rests(post, now=now) or not may_ask(ping, now=now):
        return Pinged(terms.buyer_id, Bid(terms.id, BidOutcome.BREAKER_OPEN), BidOutcome.BREAKER_OPEN.value)
    return None


def _ask(draft: Draft, terms: ContractTerms, values: Callable[[ContractView], Values]) -> Ask[_Answered]:
    contract = draft.campaign.contracts[terms.id]
    assert contract.exchange is not None  # or it would be unasked
    assert contract.exchange.ping is not None
    price = exclusive_price(terms, cast("Mapping[str, Held]", draft.data.fields))
    question = ping_question(draft, contract, contract.exchange.ping, values(contract), price=price)
    return question.then(partial(_answered, terms, price, endpoint_of(terms.id, PING, draft.mode)))


def _answered(terms: ContractTerms, price: int, endpoint: Endpoint, heard: Heard) -> _Answered:
    """The buyer's answer as a bid; `price` is what it bids where it says yes and names none."""
    answer, spent = heard.answer, heard.spent_ms
    bid = bid_of(terms.id, answer, price=price, asked_at_ms=heard.asked_ms, answered_ms=spent)
    pinged = Pinged(terms.buyer_id, bid, answer.outcome.value, heard.fields)
    return _Answered(pinged, answer.token, seen_of(endpoint, answer, spent))
