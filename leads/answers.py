"""The answer to a submission, in the founding document's shape, and what of it a source's own key may see."""

from typing import Any
from uuid import UUID

from accounts.principals import Principal
from buyers.models import Buyer, Contract
from core.clock import rfc3339
from core.ids import encode
from core.money import to_major
from leads.drafts import Draft, Fate, NewSale
from leads.models import Lead, Sale
from leads.telling import reasons
from scoring.scorecard import grade_of


def answer(draft: Draft, fate: Fate) -> dict[str, Any]:
    """The body of 201 or 202. A source sees its payout as the price, and no buyer, sale or reason of the score.

    How likely a buyer is to give the lead back is the agency's own to know.
    """
    open_to_all = draft.principal.sees_money
    body = {
        "lead_id": encode(Lead.prefix, draft.id),
        "status": fate.status,
        "score": draft.scored.score,
        "score_reasons": reasons(draft) if open_to_all else [],
        "score_model": draft.scored.model if open_to_all else None,
        "percentile": draft.scored.percentile,
        "grade": grade_of(draft.scored.percentile),
        "score_calibrated": draft.scored.calibrated,
        "return_probability": None if draft.principal.bound else draft.scored.return_probability,
        "conversion_probability": None if draft.principal.bound else draft.scored.conversion_probability,
        "buyer_id": _first_buyer(fate) if open_to_all else None,
        "price": _price(draft.principal, fate, draft.campaign.currency),
        "routing_decision": fate.routing_decision,
        "deduped": fate.status == Lead.Status.DUPLICATE,
        "duplicate_of": _lead_id(fate.duplicate_of),
        "reason": fate.reason or None,
        "test": draft.mode == "test",
        "created_at": rfc3339(draft.received_at),
        "sales": [],
    }
    if open_to_all:
        body["sales"] = [_sale(sale, draft.campaign.currency) for sale in fate.sales]
    return {**draft.said, **body}


def _first_buyer(fate: Fate) -> str | None:
    return encode(Buyer.prefix, fate.certain[0].buyer_id) if fate.certain else None


def _price(principal: Principal, fate: Fate, currency: str) -> Any:
    if not fate.certain:
        return None
    return to_major(fate.price if principal.sees_money else fate.payout, currency)


def _lead_id(lead_id: UUID | None) -> str | None:
    return None if lead_id is None else encode(Lead.prefix, lead_id)


def _sale(sale: NewSale, currency: str) -> dict[str, Any]:
    return {
        "sale_id": encode(Sale.prefix, sale.id),
        "contract_id": encode(Contract.prefix, sale.contract_id),
        "buyer_id": encode(Buyer.prefix, sale.buyer_id),
        "price": to_major(sale.price, currency),
        "state": sale.state,
        "converted_at": None,
    }
