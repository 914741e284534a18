"""What is said to a buyer's system of one lead: the values that its ping, its post and its loss notice may speak of."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from buyers.exchange.answers import UNSENT, Answer, AnswerOutcome
from buyers.exchange.methods import HttpMethod
from buyers.exchange.stages import Stage
from buyers.exchange.values import Values
from buyers.mocks import answer_ping, answer_post, mock_stage
from buyers.models import Contract
from core.http.client import Request
from core.http.fan_out import Ask, Scripted, Told
from core.ids import encode
from leads.drafts import Draft
from leads.masking import unnamed
from leads.models import Lead, Ping, Sale, Source
from leads.snapshot import ContractView
from routing.models import Campaign

_Hide = Callable[[Answer], Answer]


def ping_values(draft: Draft, auction_id: UUID, *, within_ms: int) -> Callable[[ContractView], Values]:
    """What each contract's ping may say: fields that may be pinged and hashes that this buyer is allowed; nothing else
    of a lead. What all pings of an auction say alike is reckoned once.
    """
    ping, alike = {"id": encode(Ping.prefix, auction_id)}, _circumstances(draft)

    def values(contract: ContractView) -> Values:
        assert contract.exchange is not None
        partial_lead = _partial(draft, contract.exchange)
        return Values(**partial_lead, ping=ping, timeout_ms=within_ms, contract=_known_as(contract), **alike)

    return values


def post_values(draft: Draft, contract: ContractView, *, sale_id: UUID, price: int, within_ms: int) -> Values:
    """What a post may say: the whole lead, and the buyer's own token and bid where it was pinged before."""
    exchange = contract.exchange
    assert exchange is not None
    return Values(
        lead=draft.data.fields,
        hash=exchange.hashes(draft.data.fields),
        ping=_ping(draft, contract.id),
        sale={"id": encode(Sale.prefix, sale_id), "lead_id": encode(Lead.prefix, draft.id), "price": price},
        timeout_ms=within_ms,
        contract=_known_as(contract),
        **_circumstances(draft),
    )


def loss_values(draft: Draft, contract: ContractView, *, price: int, to_win: int | None, code: int) -> Values:
    """What a loss notice may say: what a ping did, and the sum that won. Prices are minor units."""
    exchange = contract.exchange
    assert exchange is not None
    to_beat = {} if to_win is None else {"price": to_win, "minimum_to_win": to_win}
    return Values(
        **_partial(draft, exchange),
        ping={**_ping(draft, contract.id), "price": price},
        auction={**to_beat, "loss_code": code},
        contract=_known_as(contract),
        **_circumstances(draft),
    )


class Heard(NamedTuple):
    """What a buyer answered, and the names of the lead's fields that it was told.

    `asked_ms` counts from when the auction's first question was made, `spent_ms` from this one on; None where there was
    no answer.
    """

    answer: Answer
    fields: tuple[str, ...]
    asked_ms: float = 0.0
    spent_ms: float | None = None


def ping_question(draft: Draft, contract: ContractView, stage: Stage, values: Values, *, price: int) -> Ask[Heard]:
    """The ping to the buyer; in the test book to the contract's mock, which bids `price` where it names no bid."""
    fields = stage.fields(values)
    hide = partial(_unnamed, draft, contract)
    if draft.mode == "live":
        return _question(stage.request(values), fields, stage, hide, lane=contract.id.hex)
    currency = draft.campaign.currency
    mocked = answer_ping(contract.mock, price=price, currency=currency)
    return _question(mocked, fields, mock_stage("ping", currency=currency), hide)


def post_question(draft: Draft, contract: ContractView, stage: Stage, values: Values) -> Ask[Heard]:
    """The post to the buyer; in the test book to the contract's mock."""
    fields, hide = stage.fields(values), partial(_unnamed, draft, contract)
    if draft.mode == "live":
        return _question(stage.request(values), fields, stage, hide)
    return _question(answer_post(contract.mock), fields, mock_stage("post", currency=draft.campaign.currency), hide)


def _question(
    request: Request | Scripted, fields: tuple[str, ...], reader: Stage, hide: _Hide, *, lane: str = ""
) -> Ask[Heard]:
    return Ask(request, partial(_hear, fields, reader, hide), lane)


def _unnamed(draft: Draft, contract: ContractView, answer: Answer) -> Answer:
    """The answer without what its words repeat of the person: they are kept in the clear, for everybody to count."""
    if not answer.reason and not answer.redirect:
        return answer
    fields = draft.data.fields
    open_to_all = contract.exchange.pingable_part(fields) if contract.exchange else {}
    closed = [value for name, value in fields.items() if name not in open_to_all]
    return replace(answer, reason=unnamed(answer.reason, closed), redirect=unnamed(answer.redirect, closed))


def _hear(fields: tuple[str, ...], reader: Stage, hide: _Hide, told: Told) -> Heard:
    started = told.started_ms or 0.0
    spent = None if told.answered_ms is None else told.answered_ms - started
    answer = hide(_answer(reader, told))
    return Heard(answer, () if answer.outcome in UNSENT else fields, started, spent)


def _answer(reader: Stage, told: Told) -> Answer:
    """What was answered in time, and else that it was too late, or never put."""
    if told.response is not None:
        return reader.read(told.response)
    if told.started_ms is None:
        return Answer(AnswerOutcome.UNREACHABLE, reason="crowded")
    return Answer(AnswerOutcome.TIMEOUT, reason="timeout", unknown=True)


def _partial(draft: Draft, exchange: HttpMethod) -> dict[str, Any]:
    """What of the lead a buyer may know that has not bought it."""
    fields = draft.data.fields
    hashes = {**_handed_on(draft, exchange), **exchange.hashes(fields)}
    return {"lead": exchange.pingable_part(fields), "hash": hashes}


def _handed_on(draft: Draft, exchange: HttpMethod) -> Mapping[str, str]:
    """Hashes that the source sent of a person whom it did not name, for buyers that take them without a key."""
    return {} if exchange.hash_key else draft.hashes


def _ping(draft: Draft, contract_id: UUID) -> dict[str, Any]:
    if draft.bidding is None:
        return {}
    found = draft.bidding.bids.get(contract_id)
    known = {
        "id": encode(Ping.prefix, draft.bidding.id),
        "token": draft.bidding.tokens.get(contract_id),
        "price": found and found.price,
    }
    return {name: value for name, value in known.items() if value is not None}


def _circumstances(draft: Draft) -> dict[str, Any]:
    campaign = draft.campaign
    return {
        "campaign": {
            "id": encode(Campaign.prefix, campaign.id),
            "slug": campaign.slug,
            "currency": campaign.currency,
            "floor": campaign.terms.market.floor_price,
            "auction_price": campaign.terms.market.auction_price,
        },
        "source": {"id": encode(Source.prefix, draft.source.id), "slug": draft.source.slug},
        "now": draft.received_at,
        "test": draft.mode == "test",
    }


def _known_as(contract: ContractView) -> dict[str, str]:
    """The contract's id and what the agency calls it, where it does."""
    names = {"id": encode(Contract.prefix, contract.id), "name": contract.name, "external_id": contract.external_id}
    return {name: value for name, value in names.items() if value}
