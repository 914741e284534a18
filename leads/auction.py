"""The auction before a sale: who may bid is looked up, everybody is asked at once, and what they answer is kept.

No transaction is open while buyers are asked. What they bid is decided upon afterwards, by the ordinary trip under its
locks (`leads.trip`): the first look here only spares pings that could win nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from buyers.exchange.answers import Answer, AnswerOutcome
from buyers.exchange.stages import Stage
from core.clock import now as clock
from core.http.fan_out import Ask, Told, fan_out
from core.ids import new_id
from leads.asking import ask_for, ping_values
from leads.bids import Bidding, Pinged, bid_of
from leads.drafts import Draft
from leads.market import Look, Rider, ask, look, state_of
from leads.room import Room
from leads.snapshot import ContractView
from leads.trip import CountersMissing, Overtaken, early_fate
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
    draft = with_bids(rider.draft, bidding)
    return replace(rider, draft=draft, asked=ask(draft, rider.asked.market.now))


def with_bids(draft: Draft, bidding: Bidding) -> Draft:
    """The draft that is decided by these bids, and writes them down with its settlement."""
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
    questions = [_question(draft, terms, auction_id, within_ms) for terms in contracts]
    told = iter(fan_out([one.ask for one in questions if one.ask is not None], within_ms=within_ms))
    answers = {one.terms.id: one.read(draft, next(told)) for one in questions if one.ask is not None}
    silent = {one.terms.id: one.unasked() for one in questions if one.ask is None}
    return Bidding(
        id=auction_id,
        started_at=started_at,
        window_ms=within_ms,
        pinged=tuple((silent.get(terms.id) or answers[terms.id][0]) for terms in contracts),
        tokens={contract_id: answer.token for contract_id, (_, answer) in answers.items() if answer.token},
    )


@dataclass(frozen=True, slots=True)
class _Question:
    """What one buyer is asked; nothing where its system is left alone for now."""

    terms: ContractTerms
    contract: ContractView
    ask: Ask | None
    fields: tuple[str, ...] = ()
    said: str = BidOutcome.BREAKER_OPEN

    def unasked(self) -> Pinged:
        """The record of a buyer that was not asked."""
        outcome = BidOutcome(self.said) if self.said in BidOutcome else BidOutcome.ERROR
        return Pinged(self.terms.buyer_id, Bid(self.terms.id, outcome), self.said)

    def read(self, draft: Draft, told: Told) -> tuple[Pinged, Answer]:
        """What the buyer answered, as a bid and as it was read."""
        assert self.contract.exchange is not None
        assert self.contract.exchange.ping is not None
        answer = _answer(self.contract.exchange.ping, told)
        started, answered = told.started_ms or 0.0, told.answered_ms
        bid = bid_of(
            self.terms.id,
            answer,
            price=exclusive_price(self.terms, cast("Mapping[str, Held]", draft.data.fields)),
            asked_at_ms=started,
            answered_ms=None if answered is None else answered - started,
        )
        return Pinged(self.terms.buyer_id, bid, answer.outcome.value, self.fields), answer


def _question(draft: Draft, terms: ContractTerms, auction_id: UUID, within_ms: int) -> _Question:
    contract = draft.campaign.contracts[terms.id]
    if contract.exchange is None or contract.exchange.ping is None:
        return _Question(terms, contract, None, said=AnswerOutcome.BLOCKED)
    stage = contract.exchange.ping
    values = ping_values(draft, contract, auction_id, within_ms=within_ms)
    return _Question(terms, contract, ask_for(draft, contract, stage, values), stage.fields(values))


def _answer(stage: Stage, told: Told) -> Answer:
    if told.response is not None:
        return stage.read(told.response)
    if told.started_ms is None:
        return Answer(AnswerOutcome.UNREACHABLE, reason="crowded")
    return Answer(AnswerOutcome.TIMEOUT, reason="late")
