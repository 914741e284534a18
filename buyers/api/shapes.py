"""How the OpenAPI document describes records: what may be sent, all of it there, and what is added by us."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import PublicIdField
from buyers.inputs.document_schemas import SHOWN_DELIVERY
from buyers.inputs.documents import Delivery
from buyers.inputs.resources import AuctionInput, BuyerInput, CampaignInput, ContractInput, LeadTypeInput
from buyers.models import Buyer, Contract, Status
from routing.models import Campaign, LeadType

Field = serializers.Field[Any, Any, Any, Any]


class Shown(serializers.Serializer[Any]):
    """Makes a record of an input: every member is always there, but for those in `sometimes`.

    `otherwise` holds the members that are shown in another form than they are sent.
    """

    is_answer = True
    sometimes: ClassVar[tuple[str, ...]] = ()
    otherwise: ClassVar[Mapping[str, Field]] = {}

    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        """The members of the input, required."""
        fields: dict[str, Any] = super().get_fields() | deepcopy(dict(self.otherwise))
        for name, field in fields.items():
            field.required = name not in self.sometimes
        return fields


STATUS: Mapping[str, Field] = {"status": serializers.ChoiceField(Status.values)}


class BuyerRecord(Shown, BuyerInput):
    """A buyer."""

    otherwise = STATUS

    buyer_id = PublicIdField(Buyer.prefix)
    currency = serializers.CharField()


@extend_schema_field(SHOWN_DELIVERY)
class ShownDelivery(Delivery):
    """How leads reach the buyer; `secret` stands in the one answer that opened the webhook."""


class ContractRecord(Shown, ContractInput):
    """A contract; `delivery.secret` stands in the one answer that opened its webhook."""

    otherwise = {
        **STATUS,
        "buyer_id": PublicIdField(Buyer.prefix),
        "campaign_id": PublicIdField(Campaign.prefix),
        "delivery": ShownDelivery(allow_null=True),
        "also": serializers.ListField(child=ShownDelivery()),
    }

    contract_id = PublicIdField(Contract.prefix)
    currency = serializers.CharField()


class AuctionRecord(AuctionInput):
    """How a campaign of method ping_post is won."""

    def get_fields(self) -> dict[str, Any]:
        """The members of the input, required."""
        fields: dict[str, Any] = super().get_fields()
        for field in fields.values():
            field.required = True
        return fields


class CampaignRecord(Shown, CampaignInput):
    """A campaign. Keys bound to a buyer or a source see neither floor, margin and caps nor the agency's own notes."""

    sometimes = ("floor_price", "min_margin", "caps", "external_id", "metadata")
    otherwise = {**STATUS, "auction": AuctionRecord()}

    campaign_id = PublicIdField(Campaign.prefix)
    lead_type_id = PublicIdField(LeadType.prefix)


class LeadTypeRecord(Shown, LeadTypeInput):
    """A lead type."""

    otherwise = STATUS

    lead_type_id = PublicIdField(LeadType.prefix)
