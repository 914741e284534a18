"""What may be sent for each resource. Give each serializer the currency in its context, and `partial` for a change."""

import re
from typing import Any

from django.utils.text import slugify
from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.base import StrictSerializer
from accounts.api.fields import Choice, Flag, Reference, Text, Whole
from buyers.inputs.documents import Also, Caps, Delivery, Document, Filters, Mock, OpenHours, PriceRules
from buyers.inputs.fields import Metadata, Money, Percent, Zone
from buyers.models import Buyer, Sells
from routing.fields import BUILT_IN, FROM_SCORING, FieldType
from routing.models import AuctionPrice, Method, RankBy

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}", re.ASCII)


class Slug(Text):
    """A short name for addresses: lower case letters, digits, - and _."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        set_override(self, "field", {"type": "string", "pattern": f"^{_SLUG.pattern}$"})

    def to_internal_value(self, data: Any) -> str:
        """The slug itself."""
        slug = super().to_internal_value(data)
        if not _SLUG.fullmatch(slug):
            raise serializers.ValidationError("takes lower case letters, digits, - and _, at most 80", code="invalid")
        return slug


class Kept(StrictSerializer):
    """What every resource has: status, the caller's own id and notes."""

    status = Choice(choices=["active", "paused"], required=False)
    external_id = Text(required=False, allow_blank=True)
    metadata = Metadata(required=False)


class BuyerInput(Kept):
    """A buyer, as POST and PATCH take it."""

    name = Text()
    email = serializers.EmailField(max_length=254)
    timezone = Zone(required=False)
    credit_limit = Money(required=False)
    return_days = Whole(required=False, max_value=365)
    caps = Caps(required=False)


class ContractChange(Kept):
    """What of a contract may change."""

    name = Text(required=False)
    price = Money()
    priority = Whole(required=False, min_value=1, max_value=1_000_000)
    weight = Whole(required=False, min_value=1, max_value=10_000)
    min_score = Whole(required=False, max_value=100)
    min_percentile = Whole(required=False, max_value=99)
    timezone = Zone(required=False, allow_blank=True)
    filters = Filters(required=False)
    caps = Caps(required=False)
    schedule = OpenHours(required=False)
    dedupe_days = Whole(required=False, max_value=365)
    confirm_minutes = Whole(required=False, max_value=10_080)
    price_rules = PriceRules(required=False)
    sells = Choice(choices=Sells.values, required=False)
    shared_price = Money(required=False, allow_null=True)
    min_bid = Money(required=False, allow_null=True, help_text="In auctions: a bid below this is none.")
    max_bid = Money(
        required=False,
        allow_null=True,
        positive=True,
        help_text="In auctions: a bid above this is taken for a mistake.",
    )
    return_penalty = Percent(required=False, help_text="In auctions: per cent by which its offers are ranked lower.")
    refund_undelivered = Flag(required=False)
    delivery = Delivery(required=False)
    also = Also(required=False)
    mock = Mock(required=False)


class ContractInput(ContractChange):
    """A contract, as POST takes it. Buyer and campaign stay what they are for ever."""

    buyer_id = Reference(Buyer.prefix)
    campaign_id = Text(help_text="The campaign's id or slug.")


class AuctionInput(StrictSerializer):
    """How a campaign of method ping_post is won; a change names what changes."""

    price = Choice(
        choices=AuctionPrice.values,
        required=False,
        help_text="What the winner pays: its bid, or the least with which it would still have won.",
    )


class CampaignInput(Kept):
    """A campaign, as POST and PATCH take it."""

    name = Text()
    slug = Slug(required=False)
    lead_type = Text(help_text="The lead type's name or id.")
    method = Choice(choices=Method.values)
    rank_by = Choice(
        choices=RankBy.values,
        required=False,
        help_text="`method`: by priority in a waterfall, by bids less return penalty in an auction. `expected_value`, "
        "in these two: by price x P(accept) x (1 - P(return)), where anything is known of the buyers.",
    )
    currency = Text(required=False, min_length=3, max_length=3)
    max_sales = Whole(required=False, min_value=1, max_value=100)
    floor_price = Money(required=False)
    min_margin = Money(
        required=False,
        allow_null=True,
        help_text="With `rank_by: expected_value`: what a sale must be expected to bring beyond the source's payout. "
        "null: anything.",
    )
    dedupe_days = Whole(required=False, min_value=1, max_value=365)
    dedupe_scope = Choice(choices=["campaign", "agency"], required=False)
    dedupe_counts = Choice(choices=["all", "sold"], required=False)
    ping_timeout_ms = Whole(
        required=False, min_value=50, max_value=5_000, help_text="How long buyers may take to bid; 300 by default."
    )
    answer_within_ms = Whole(
        required=False, min_value=10, max_value=30_000, help_text="When the source is answered; 500 by default."
    )
    deadline_ms = Whole(
        required=False, min_value=100, max_value=30_000, help_text="When work on a lead ends; no less than the others."
    )
    auction = AuctionInput(required=False)
    caps = Caps(required=False)
    consent_required = Flag(required=False)
    consent_max_age_days = Whole(required=False, allow_null=True, min_value=1, max_value=3_650)
    refuse_invalid_phone = Flag(required=False)

    def validate_currency(self, currency: str) -> str:
        """Buyers' accounts are in the agency's currency, so its campaigns are too."""
        if currency != self.context["currency"]:
            raise serializers.ValidationError(f"must be {self.context['currency']}, the agency's", code="invalid")
        return currency

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A campaign without a slug is called after its name."""
        if not self.partial and "slug" not in attrs:
            attrs["slug"] = slugify(attrs["name"])[:80].strip("-_") or "campaign"
        return attrs


@extend_schema_field({"type": "string", "pattern": f"^{_NAME.pattern}$"})
class FieldName(Text):
    """The name of a field."""


class FieldInput(StrictSerializer):
    """One field of a lead type."""

    name = FieldName(max_length=64)
    type = Choice(choices=[kind.value for kind in FieldType])
    choices = serializers.ListField(child=Text(), required=False, max_length=500)
    required = Flag(required=False, default=False)  # type: ignore[assignment]  # a member of the document
    personal = Flag(required=False, default=False)
    pingable = Flag(required=False, default=False)

    def validate_name(self, name: str) -> str:
        """Names are written as in JSON by hand: snake_case."""
        if not _NAME.fullmatch(name):
            raise serializers.ValidationError("takes lower case letters, digits and _, a letter first", code="invalid")
        if name in FROM_SCORING:
            raise serializers.ValidationError("is what scoring says of a lead; choose another name", code="built_in")
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Choices belong to choice fields; a built-in field keeps its type, or is narrowed to choices."""
        attrs.setdefault("choices", [])
        if (attrs["type"] == FieldType.CHOICE) != bool(attrs["choices"]):
            detail = "name the choices" if not attrs["choices"] else "only a choice field has choices"
            raise serializers.ValidationError({"choices": detail}, code="invalid")
        if len(set(attrs["choices"])) < len(attrs["choices"]):
            raise serializers.ValidationError({"choices": "names one twice"}, code="duplicate")
        built_in = BUILT_IN.get(attrs["name"])
        if built_in and attrs["type"] not in (built_in.type, FieldType.CHOICE):
            raise serializers.ValidationError({"type": f"is {built_in.type} in every lead type"}, code="built_in")
        if attrs["personal"] and attrs["pingable"]:
            raise serializers.ValidationError({"pingable": "what is personal is never pinged"}, code="invalid")
        return attrs


@extend_schema_field(FieldInput(many=True))
class FieldList(Document):
    """The fields of a lead type: read whole even where the lead type is only changed."""

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        """Each field with its defaults."""
        fields = FieldInput(data=data, many=True)
        fields.is_valid(raise_exception=True)
        return [dict(field) for field in fields.validated_data]


class LeadTypeInput(Kept):
    """A lead type, as POST and PATCH take it. `fields` replaces the list."""

    name = Slug(help_text="Such as auto_accident.")
    label = Text(required=False, allow_blank=True)  # type: ignore[assignment]  # a member of the document
    status = Choice(choices=["active"], required=False)

    def get_fields(self) -> dict[str, Any]:
        """The member `fields` cannot be declared: DRF's own attribute has that name."""
        return {**super().get_fields(), "fields": FieldList(required=False)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Each field once, 200 at most."""
        names = [field["name"] for field in attrs.get("fields", ())]
        if len(names) > 200:
            raise serializers.ValidationError({"fields": "holds at most 200 fields"}, code="max_length")
        if len(set(names)) < len(names):
            raise serializers.ValidationError({"fields": "names a field twice"}, code="duplicate")
        return attrs
