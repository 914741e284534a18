"""What is said to a buyer's system of one lead: the values that its ping, its post and its loss notice may speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from buyers.exchange.answers import Answer, AnswerOutcome
from buyers.exchange.methods import HttpMethod
from buyers.exchange.stages import Stage
from buyers.exchange.values import Values
from buyers.mocks import answer_ping, answer_post, mock_stage
from buyers.models import Contract
from core.http.fan_out import Ask, Told
from core.ids import encode
from leads.drafts import Draft
from leads.models import Lead, Ping, Sale, Source
from leads.snapshot import ContractView
from routing.models import Campaign


def ping_values(draft: Draft, contract: ContractView, auction_id: UUID, *, within_ms: int) -> Values:
    """What a ping may say: fields that may be pinged and hashes that this buyer is allowed; nothing else of a lead."""
    exchange = contract.exchange
    assert exchange is not None
    return Values(
        **_partial(draft, exchange),
        ping={"id": encode(Ping.prefix, auction_id)},
        timeout_ms=within_ms,
        **_circumstances(draft, contract),
    )


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
        **_circumstances(draft, contract),
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
        **_circumstances(draft, contract),
    )


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a buyer, the names of the lead's fields in it, and what reads the answer."""

    ask: Ask
    fields: tuple[str, ...]
    reader: Stage

    def answer(self, told: Told) -> Answer:
        """What came of it: what was answered in time, and else that it was too late, or never put."""
        if told.response is not None:
            return self.reader.read(told.response)
        if told.started_ms is None:
            return Answer(AnswerOutcome.UNREACHABLE, reason="crowded")
        return Answer(AnswerOutcome.TIMEOUT, reason="timeout", unknown=True)


def ping_question(draft: Draft, contract: ContractView, stage: Stage, values: Values, *, price: int) -> Question:
    """The ping to the buyer; in the test book to the contract's mock, which bids `price` where it names no bid."""
    if draft.mode == "live":
        return Question(Ask(stage.request(values), lane=contract.id.hex), stage.fields(values), stage)
    currency = draft.campaign.currency
    mocked = Ask(answer_ping(contract.mock, price=price, currency=currency))
    return Question(mocked, stage.fields(values), mock_stage("ping", currency=currency))


def post_question(draft: Draft, contract: ContractView, stage: Stage, values: Values) -> Question:
    """The post to the buyer; in the test book to the contract's mock."""
    if draft.mode == "live":
        return Question(Ask(stage.request(values)), stage.fields(values), stage)
    reader = mock_stage("post", currency=draft.campaign.currency)
    return Question(Ask(answer_post(contract.mock)), stage.fields(values), reader)


def spent_ms(told: Told) -> float | None:
    """How long the answer took from the question on; None where there was none in time."""
    return None if told.answered_ms is None else told.answered_ms - (told.started_ms or 0.0)


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


def _circumstances(draft: Draft, contract: ContractView) -> dict[str, Any]:
    campaign = draft.campaign
    return {
        "campaign": {
            "id": encode(Campaign.prefix, campaign.id),
            "slug": campaign.slug,
            "currency": campaign.currency,
            "floor": campaign.terms.market.floor_price,
            "auction_price": campaign.terms.market.auction_price,
        },
        "contract": _known_as(contract),
        "source": {"id": encode(Source.prefix, draft.source.id), "slug": draft.source.slug},
        "now": draft.received_at,
        "test": draft.mode == "test",
    }


def _known_as(contract: ContractView) -> dict[str, str]:
    """The contract's id and what the agency calls it, where it does."""
    names = {"id": encode(Contract.prefix, contract.id), "name": contract.name, "external_id": contract.external_id}
    return {name: value for name, value in names.items() if value}
