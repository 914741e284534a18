"""Each resource as outsiders see it: the one form that answers, exports, ETags and the audit trail all use.

Documents are stored with money in minor units; here it is a number with its decimals again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from buyers.http_methods import shown_method
from buyers.models import Buyer, Contract, DeliveryMethod, Method
from core.ids import encode
from core.money import to_major
from routing.models import Campaign, LeadType

Document = Mapping[str, Any]


def buyer_record(buyer: Buyer) -> dict[str, Any]:
    """A buyer. Reads buyer.account.wallet: select it."""
    currency = buyer.account.currency
    return {
        "buyer_id": buyer.public_id,
        "name": buyer.name,
        "email": buyer.email,
        "timezone": buyer.timezone,
        "currency": currency,
        "credit_limit": to_major(buyer.account.wallet.credit_limit, currency),
        "return_days": buyer.return_days,
        "caps": show_caps(buyer.caps, currency),
        "status": buyer.status,
        "external_id": buyer.external_id,
        "metadata": buyer.metadata,
        "created_at": buyer.created_at,
        "updated_at": buyer.updated_at,
    }


def contract_record(contract: Contract) -> dict[str, Any]:
    """A contract. Reads contract.buyer, contract.campaign and contract.deliveries with their endpoints: select them."""
    currency = contract.campaign.currency
    primary = [delivery_record(method) for method in contract.deliveries.all() if method.primary]
    also = [delivery_record(method) for method in contract.deliveries.all() if not method.primary]
    return {
        "contract_id": contract.public_id,
        "buyer_id": encode(Buyer.prefix, contract.buyer_id),
        "campaign_id": encode(Campaign.prefix, contract.campaign_id),
        "name": contract.name,
        "currency": currency,
        "price": to_major(contract.price, currency),
        "priority": contract.priority,
        "weight": contract.weight,
        "min_score": contract.min_score,
        "min_percentile": contract.min_percentile,
        "timezone": contract.zone,
        "filters": contract.filters,
        "caps": show_caps(contract.caps, currency),
        "schedule": contract.schedule,
        "dedupe_days": contract.dedupe_days,
        "confirm_minutes": contract.confirm_minutes,
        "price_rules": show_price_rules(contract.price_rules, currency),
        "sells": contract.sells,
        "shared_price": None if contract.shared_price is None else to_major(contract.shared_price, currency),
        "min_bid": None if contract.min_bid is None else to_major(contract.min_bid, currency),
        "max_bid": None if contract.max_bid is None else to_major(contract.max_bid, currency),
        "return_penalty": to_major(contract.return_penalty, "USD"),  # basis points are hundredths too
        "refund_undelivered": contract.refund_undelivered,
        "delivery": primary[0] if primary else None,
        "also": also,
        "mock": show_mock(contract.mock, currency),
        "status": contract.status,
        "external_id": contract.external_id,
        "metadata": contract.metadata,
        "created_at": contract.created_at,
        "updated_at": contract.updated_at,
    }


def delivery_record(delivery: DeliveryMethod) -> dict[str, Any]:
    """A delivery method without its secrets: a webhook's is shown once, by the verb that made it; others are masked."""
    if delivery.method == Method.WEBHOOK and delivery.endpoint is not None:
        return {"method": "webhook", "url": delivery.endpoint.url, "endpoint_id": delivery.endpoint.public_id}
    if delivery.method == Method.HTTP:
        return shown_method(delivery.config)
    return {"method": delivery.method}


def campaign_record(campaign: Campaign) -> dict[str, Any]:
    """A campaign. Reads campaign.lead_type: select it."""
    return {
        "campaign_id": campaign.public_id,
        "name": campaign.name,
        "slug": campaign.slug,
        "lead_type": campaign.lead_type.name,
        "lead_type_id": encode(LeadType.prefix, campaign.lead_type_id),
        "method": campaign.method,
        "rank_by": campaign.rank_by,
        "currency": campaign.currency,
        "max_sales": campaign.max_sales,
        "floor_price": to_major(campaign.floor_price, campaign.currency),
        "min_margin": None if campaign.min_margin is None else to_major(campaign.min_margin, campaign.currency),
        "dedupe_days": campaign.dedupe_days,
        "dedupe_scope": campaign.dedupe_scope,
        "dedupe_counts": campaign.dedupe_counts,
        "ping_timeout_ms": campaign.ping_timeout_ms,
        "answer_within_ms": campaign.answer_within_ms,
        "deadline_ms": campaign.deadline_ms,
        "auction": {"price": campaign.auction_price},
        "caps": show_caps(campaign.caps, campaign.currency),
        "consent_required": campaign.consent_required,
        "consent_max_age_days": campaign.consent_max_age_days,
        "refuse_invalid_phone": campaign.refuse_invalid_phone,
        "status": campaign.status,
        "external_id": campaign.external_id,
        "metadata": campaign.metadata,
        "created_at": campaign.created_at,
        "updated_at": campaign.updated_at,
    }


def lead_type_record(lead_type: LeadType) -> dict[str, Any]:
    """A lead type with its own fields in their order. Reads lead_type.fields: prefetch them."""
    return {
        "lead_type_id": lead_type.public_id,
        "name": lead_type.name,
        "label": lead_type.label,
        "fields": [
            {
                "name": field.name,
                "type": field.type,
                "choices": field.choices,
                "required": field.required,
                "personal": field.personal,
                "pingable": field.pingable,
            }
            for field in sorted(lead_type.fields.all(), key=lambda field: (field.position, field.pk))
        ],
        "status": lead_type.status,
        "external_id": lead_type.external_id,
        "metadata": lead_type.metadata,
        "created_at": lead_type.created_at,
        "updated_at": lead_type.updated_at,
    }


def show_caps(caps: Sequence[Document], currency: str) -> list[dict[str, Any]]:
    """Stored caps with money in major units."""
    return [_show_cap(cap, currency) if cap["unit"] == "money" else dict(cap) for cap in caps]


def _show_cap(cap: Document, currency: str) -> dict[str, Any]:
    shown = {**cap, "limit": to_major(cap["limit"], currency)}
    if "weekdays" in cap:
        shown["weekdays"] = {day: to_major(limit, currency) for day, limit in cap["weekdays"].items()}
    return shown


def show_price_rules(rules: Sequence[Document], currency: str) -> list[dict[str, Any]]:
    """Stored price rules with money in major units."""
    return [{**rule, "price": to_major(rule["price"], currency)} for rule in rules]


def show_mock(mock: Document, currency: str) -> dict[str, Any]:
    """A stored mock with its bid in major units."""
    return {**mock, "bid": to_major(mock["bid"], currency)} if "bid" in mock else dict(mock)
