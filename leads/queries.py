"""Leads as they are read back: lists by the filters people use, and one lead's record, decision and events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from accounts.principals import Principal
from accounts.vault import open_data_key, open_data_keys
from buyers.models import Buyer, Contract
from core import json
from core.clock import rfc3339
from core.ids import encode
from core.money import to_major
from core.sealing import Sealer
from leads.models import Decision, Lead, Sale, Source
from leads.normalize import Malformed, read_email, read_phone
from leads.preparation import contact_hash
from leads.sealed import lead_context, open_decision
from routing.engine import decide
from routing.models import Campaign
from routing.types import Decision as Verdicts
from routing.types import Market, MarketTerms
from scoring.queries import score_columns
from scoring.scorecard import grade_of
from webhooks.models import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFilter:
    """What a list of leads is narrowed by; what is None is not asked."""

    status: str | None = None
    campaign_id: UUID | None = None
    source_id: UUID | None = None
    buyer_id: UUID | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    phone: str | None = None
    email: str | None = None
    external_id: str | None = None


def leads(principal: Principal, wanted: LeadFilter) -> QuerySet[Lead]:
    """The leads that the principal may see and asked for, with their sales. Lazy."""
    rows = Lead.objects.visible_to(principal).filter(_conditions(principal.agency_id, wanted))
    return rows.prefetch_related(Prefetch("sales", Sale.objects.order_by("sold_at", "id")))


def _conditions(agency_id: UUID, wanted: LeadFilter) -> Q:
    plain = {
        "status": wanted.status,
        "campaign_id": wanted.campaign_id,
        "source_id": wanted.source_id,
        "created_at__gte": wanted.created_from,
        "created_at__lt": wanted.created_to,
        "external_id": wanted.external_id,
    }
    conditions = Q(**{name: value for name, value in plain.items() if value is not None})
    if wanted.buyer_id is not None:
        conditions &= Q(pk__in=Sale.objects.filter(buyer_id=wanted.buyer_id).values("lead_id"))
    if wanted.phone is not None:
        conditions &= _contact(agency_id, "phone", wanted.phone)
    if wanted.email is not None:
        conditions &= _contact(agency_id, "email", wanted.email)
    return conditions


def _contact(agency_id: UUID, kind: str, text: str) -> Q:
    """Equality with a contact in whatever form it is asked for; what is no contact matches nothing."""
    try:
        value = read_phone(text) if kind == "phone" else read_email(text)
    except Malformed:
        value = None
    if not value:
        return Q(pk__in=[])
    return Q(**{f"{kind}_hash": contact_hash(kind, agency_id, value)})


# --- records -----------------------------------------------------------------------------------------------------


def lead_records(principal: Principal, rows: Iterable[Lead]) -> list[dict[str, Any]]:
    """The records of the leads as the principal may see them. Three statements, however many leads."""
    found = list(rows)
    sealers = open_data_keys(lead.pk for lead in found)
    scores = score_columns(lead.pk for lead in found)
    return [_record(principal, lead, sealers.get(lead.pk), scores.get(lead.pk, {})) for lead in found]


def _record(principal: Principal, lead: Lead, sealer: Sealer | None, score: Mapping[str, Any]) -> dict[str, Any]:
    contents = _contents(lead, sealer)
    all_seen = principal.sees_money
    sales = [sale for sale in lead.sales.all() if principal.buyer_id in (None, sale.buyer_id)]
    return {
        "lead_id": lead.public_id,
        "status": lead.status,
        "score": lead.score,
        "score_reasons": score.get("reasons", []) if all_seen else [],
        "score_model": score.get("model") if all_seen else None,
        "percentile": score.get("percentile"),
        "grade": grade_of(score.get("percentile")),
        "score_calibrated": score.get("calibrated", False),
        "return_probability": None if principal.bound else score.get("return_probability"),
        "conversion_probability": None if principal.bound else score.get("conversion_probability"),
        "buyer_id": _buyer_id(principal, lead, sales),
        "price": _price(principal, lead, sales),
        "routing_decision": lead.routing_decision,
        "deduped": lead.status == Lead.Status.DUPLICATE,
        "duplicate_of": encode(Lead.prefix, lead.duplicate_of) if lead.duplicate_of else None,
        "reason": lead.reason or None,
        "test": lead.mode == "test",
        "created_at": rfc3339(lead.created_at),
        "sales": [sale_record(sale) for sale in sales] if all_seen else [],
        "campaign_id": encode(Campaign.prefix, lead.campaign_id),
        "source_id": None if principal.buyer_id else encode(Source.prefix, lead.source_id),
        "payout": None if principal.buyer_id or not lead.payout else to_major(lead.payout, lead.currency),
        "external_id": lead.external_id or None,
        "metadata": contents.get("metadata", {}),
        "fields": contents.get("fields", {}),
    }


def _contents(lead: Lead, sealer: Sealer | None) -> Mapping[str, Any]:
    """What is sealed of the lead; nothing once its key was erased."""
    if sealer is None:
        return {}
    contents: Mapping[str, Any] = json.loads(sealer.open(bytes(lead.sealed), lead_context(lead.pk)))
    return contents


def _buyer_id(principal: Principal, lead: Lead, sales: list[Sale]) -> str | None:
    if principal.buyer_id is not None:
        return encode(Buyer.prefix, principal.buyer_id) if sales else None
    return encode(Buyer.prefix, lead.buyer_id) if lead.buyer_id and principal.sees_money else None


def _price(principal: Principal, lead: Lead, sales: list[Sale]) -> Any:
    if principal.buyer_id is not None:
        return to_major(sum(sale.price for sale in sales), lead.currency)
    if lead.buyer_id is None:
        return None
    return to_major(lead.price if principal.sees_money else lead.payout, lead.currency)


def sale_record(sale: Sale) -> dict[str, Any]:
    """One sale of a lead's record."""
    return {
        "sale_id": sale.public_id,
        "contract_id": encode(Contract.prefix, sale.contract_id),
        "buyer_id": encode(Buyer.prefix, sale.buyer_id),
        "price": to_major(sale.price, sale.currency),
        "state": sale.state,
        "converted_at": rfc3339(sale.converted_at) if sale.converted_at else None,
    }


# --- decisions and events ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision read back: its market's record and its configuration, and whether replaying it agrees."""

    row: Decision
    market: Mapping[str, Any]
    content: Mapping[str, Any]
    decision: Verdicts
    replayed: bool


def decisions(lead: Lead) -> list[StoredDecision]:
    """Every decision on the lead, replayed. Raises accounts.vault.Erased once its data was erased."""
    rows = list(lead.decisions.select_related("config_version").order_by("number"))
    if not rows:
        return []
    sealer = open_data_key(lead.pk)
    return [_stored_decision(row, sealer) for row in rows]


def _stored_decision(row: Decision, sealer: Sealer) -> StoredDecision:
    record = open_decision(sealer, row.pk, bytes(row.sealed))
    content = json.loads(bytes(row.config_version.content))
    terms = MarketTerms.from_content(content)
    stored = Verdicts.from_record(terms, record["decision"])
    again = decide(Market.from_record(terms, record["market"]))
    agrees = json.canonical(again.to_record()) == json.canonical(record["decision"])
    return StoredDecision(row, record["market"], content, stored, agrees)


def events(lead: Lead) -> QuerySet[Event]:
    """What was told of the lead, in order, with the messages that carried it."""
    return Event.objects.filter(lead_ref=lead.pk).order_by("sequence", "id").prefetch_related("messages")
