"""How the OpenAPI document describes records: what may be sent, and what is added by us."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from buyers.inputs.resources import BuyerInput, CampaignInput, ContractInput, LeadTypeInput


class BuyerRecord(BuyerInput):
    """A buyer."""

    buyer_id = serializers.CharField()
    currency = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ContractRecord(ContractInput):
    """A contract; `delivery.secret` stands in the one answer that opened its webhook."""

    contract_id = serializers.CharField()
    currency = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class CampaignRecord(CampaignInput):
    """A campaign."""

    campaign_id = serializers.CharField()
    lead_type_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class LeadTypeRecord(LeadTypeInput):
    """A lead type."""

    lead_type_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


def page_of(record: type[serializers.Serializer[Any]]) -> Any:
    """A page of records."""
    return inline_serializer(
        f"{record.__name__}Page",
        {"data": record(many=True), "next_cursor": serializers.CharField(allow_null=True)},
    )
