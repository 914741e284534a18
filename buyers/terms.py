"""The market as the engine reads it: an agency's campaigns and contracts, compiled once per configuration version."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from buyers.exchange.methods import whole_document
from buyers.models import Contract, DeliveryMethod, Method, Status
from core import json
from core.errors import NotFound
from routing.models import Campaign, ConfigVersion
from routing.types import MarketTerms


@dataclass(frozen=True, slots=True)
class Terms:
    """A campaign's market terms: compiled, as the canonical JSON that decisions are replayed under, and its SHA-256."""

    agency_id: UUID
    campaign_id: UUID
    market: MarketTerms
    content: bytes
    digest: bytes


def campaign_terms(campaign_id: UUID) -> Terms:
    """The terms of one campaign, in three statements. Raises NotFound for one that is archived or not there."""
    found = _terms(Campaign.objects.filter(pk=campaign_id), Contract.objects.filter(campaign_id=campaign_id))
    if campaign_id not in found:
        raise NotFound
    return found[campaign_id]


def market_terms(agency_id: UUID) -> dict[UUID, Terms]:
    """The terms of every campaign of the agency by campaign id, in three statements. What is archived is left out."""
    return _terms(Campaign.objects.filter(agency_id=agency_id), Contract.objects.filter(agency_id=agency_id))


def _terms(campaigns: QuerySet[Campaign], contracts: QuerySet[Contract]) -> dict[UUID, Terms]:
    by_campaign: dict[UUID, list[Contract]] = defaultdict(list)
    standing = contracts.exclude(status=Status.ARCHIVED).exclude(buyer__status=Status.ARCHIVED)
    asking = DeliveryMethod.objects.filter(primary=True, method=Method.HTTP)
    standing = standing.prefetch_related(Prefetch("deliveries", asking, to_attr="http_deliveries"))
    for contract in standing.select_related("buyer").order_by("id"):
        by_campaign[contract.campaign_id].append(contract)
    return {
        campaign.pk: _compiled(campaign, by_campaign[campaign.pk])
        for campaign in campaigns.exclude(status=Status.ARCHIVED).select_related("agency")
    }


def _compiled(campaign: Campaign, contracts: Iterable[Contract]) -> Terms:
    content = json.canonical(_campaign_content(campaign, contracts))
    return Terms(campaign.agency_id, campaign.pk, _compile(content), content, sha256(content).digest())


@lru_cache(maxsize=1_024)
def _compile(content: bytes) -> MarketTerms:
    """Most versions leave most campaigns as they are: equal content is parsed once per process."""
    return MarketTerms.from_content(json.loads(content))


def _campaign_content(campaign: Campaign, contracts: Iterable[Contract]) -> dict[str, Any]:
    return {
        "campaign_id": str(campaign.pk),
        "status": campaign.status,
        "method": campaign.method,
        "rank_by": campaign.rank_by,
        "currency": campaign.currency,
        "max_sales": campaign.max_sales,
        "floor_price": campaign.floor_price,
        "min_margin": campaign.min_margin,
        "auction_price": campaign.auction_price,
        "timezone": campaign.agency.timezone,
        "caps": campaign.caps,
        "contracts": [_contract_content(contract) for contract in contracts],
    }


def _contract_content(contract: Contract) -> dict[str, Any]:
    buyer = contract.buyer
    return {
        "id": str(contract.pk),
        "buyer_id": str(contract.buyer_id),
        "account_id": buyer.account_id,
        "test_account_id": buyer.test_account_id,
        "status": contract.status,
        "buyer_status": buyer.status,
        "price": contract.price,
        "shared_price": contract.shared_price,
        "priority": contract.priority,
        "weight": contract.weight,
        "min_score": contract.min_score,
        "min_percentile": contract.min_percentile,
        "timezone": contract.timezone,
        "filters": contract.filters,
        "schedule": contract.schedule,
        "caps": contract.caps,
        "buyer_timezone": buyer.timezone,
        "buyer_caps": buyer.caps,
        "dedupe_days": contract.dedupe_days,
        "confirm_minutes": contract.confirm_minutes,
        "price_rules": contract.price_rules,
        "sells": contract.sells,
        "pinged": _is_pinged(contract),
        "min_bid": contract.min_bid,
        "max_bid": contract.max_bid,
        "return_penalty": contract.return_penalty,
    }


def _is_pinged(contract: Contract) -> bool:
    """Whether the buyer names its own price: its interface knows a ping."""
    methods: list[DeliveryMethod] = getattr(contract, "http_deliveries", [])
    return any(whole_document(json.loads(method.config)).get("ping") for method in methods)


# --- what decided --------------------------------------------------------------------------------------------------

_recorded: dict[tuple[UUID, bytes], int] = {}


def record_terms(terms: Terms, *, number: int) -> int:
    """The id of the ConfigVersion that holds these terms, written when they are first used (under version `number`).

    A few statements when the terms are new to this process, none later. The id is remembered after the caller's
    commit, since a transaction that fails takes the row with it.
    """
    key = (terms.campaign_id, terms.digest)
    if key in _recorded:
        return _recorded[key]
    rows = ConfigVersion.objects.filter(campaign_id=terms.campaign_id, digest=terms.digest).values_list("pk", flat=True)
    known = rows.first()
    if known is None:
        ConfigVersion.objects.bulk_create([_new_version(terms, number)], ignore_conflicts=True)
        known = rows.get()
    transaction.on_commit(partial(_recorded.__setitem__, key, known))
    return known


def _new_version(terms: Terms, number: int) -> ConfigVersion:
    return ConfigVersion(
        agency_id=terms.agency_id,
        campaign_id=terms.campaign_id,
        number=number,
        digest=terms.digest,
        content=terms.content,
    )
