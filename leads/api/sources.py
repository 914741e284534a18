"""/v1/sources"""

from typing import Any

from django.utils.text import slugify
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import StrictSerializer
from accounts.api.fields import Choice, PublicIdField, Text
from accounts.api.pages import page_of
from accounts.principals import Principal
from buyers.api.base import ResourceView, check_match, find, list_answer, read_input, record_answer
from buyers.api.filters import filtered, parameters
from buyers.api.shapes import STATUS, Shown
from buyers.inputs.documents import Caps, Document
from buyers.inputs.fields import minor_units
from buyers.inputs.resources import Kept, Slug
from leads.models import Source, SourceRows
from leads.sources import archive_source, change_source, create_source, source_record
from routing.models import Campaign

FILTERS = {"name": "name__icontains", "slug": "slug", "external_id": "external_id"}
EXAMPLE = OpenApiExample(
    "An affiliate",
    {"name": "Acme Ads", "slug": "google_ads", "payout": {"kind": "fixed", "value": 50.00}},
    request_only=True,
)
_HUNDRED_PERCENT = 10_000


@extend_schema_field({"type": "number", "minimum": 0, "example": 50.00})
class PayoutValue(serializers.Field[Any, Any, Any, Any]):
    """A sum in major units, or a percentage of the price with up to two decimals."""

    def to_internal_value(self, data: Any) -> Any:
        """The number as given; its payout knows how to read it."""
        return data

    def to_representation(self, value: Any) -> Any:
        """Records show it themselves."""
        return value


class Payout(StrictSerializer):
    """What the source earns: a fixed sum per sold lead, a percentage of the price, or nothing."""

    kind = Choice(choices=Source.Payout.values)
    value = PayoutValue(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The value in minor units, or in basis points for a percentage."""
        if attrs["kind"] == Source.Payout.NONE:
            return {**attrs, "value": 0}
        if "value" not in attrs:
            raise serializers.ValidationError({"value": "is required"}, code="required")
        currency = self.context["currency"] if attrs["kind"] == Source.Payout.FIXED else "USD"
        try:
            value = minor_units(attrs["value"], currency)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"value": error.detail}) from error
        if attrs["kind"] == Source.Payout.PERCENT and value > _HUNDRED_PERCENT:
            raise serializers.ValidationError({"value": "must not be above 100"}, code="max_value")
        return {**attrs, "value": value}


@extend_schema_field(Payout)
class PayoutField(Document):
    """A payout, read whole even where the source is only changed."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Its kind, with its value in minor units or basis points."""
        payout = Payout(data=data, context=self.context)
        payout.is_valid(raise_exception=True)
        return dict(payout.validated_data)


class SourceInput(Kept):
    """A source, as POST and PATCH take it."""

    name = Text(max_length=120)
    external_id = Text(required=False, allow_blank=True, max_length=120)
    slug = Slug(required=False)
    payout = PayoutField(required=False)
    default_campaign_id = Text(required=False, allow_null=True, help_text="The campaign's id or slug.")
    caps = Caps(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A source without a slug is called after its name."""
        if not self.partial and "slug" not in attrs:
            attrs["slug"] = slugify(attrs["name"])[:80].strip("-_") or "source"
        return attrs


class SourceRecord(Shown, SourceInput):
    """A source."""

    otherwise = {**STATUS, "default_campaign_id": PublicIdField(Campaign.prefix, allow_null=True)}

    source_id = PublicIdField(Source.prefix)


def visible_sources(principal: Principal) -> SourceRows:
    """The sources that the principal may see, with what their records show."""
    return Source.objects.visible_to(principal).select_related("default_campaign", "agency")


class SourcesView(ResourceView):
    """List and create sources."""

    @extend_schema(parameters=parameters(*FILTERS), responses=page_of(SourceRecord))
    def get(self, request: Request) -> Response:
        """List sources, newest first."""
        rows = filtered(request, visible_sources(self.principal), FILTERS)
        return list_answer(request, rows, lambda source: source_record(source, self.principal.agency.currency))

    @extend_schema(request=SourceInput, responses={201: SourceRecord}, examples=[EXAMPLE])
    def post(self, request: Request) -> Response:
        """Create a source."""
        values = read_input(SourceInput, request.data, self.principal)
        source = create_source(actor=self.principal, values=values)
        return record_answer(source_record(source, self.principal.agency.currency), status=201)


class SourceView(ResourceView):
    """Read, change and archive one source."""

    @extend_schema(responses=SourceRecord)
    def get(self, request: Request, source_id: str) -> Response:
        """Read a source."""
        return record_answer(self._record(self._source(source_id)))

    @extend_schema(request=SourceInput, responses=SourceRecord)
    def patch(self, request: Request, source_id: str) -> Response:
        """Change a source: what the body names, from the next lead on."""
        source = self._source(source_id)
        check_match(request, self._record(source))
        values = read_input(SourceInput, request.data, self.principal, partial=True)
        return record_answer(self._record(change_source(actor=self.principal, source=source, values=values)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, source_id: str) -> Response:
        """Archive a source. Nothing is ever deleted."""
        source = self._source(source_id)
        check_match(request, self._record(source))
        archive_source(actor=self.principal, source=source)
        return Response(status=204)

    def _source(self, source_id: str) -> Source:
        return find(visible_sources(self.principal), Source.prefix, source_id)

    def _record(self, source: Source) -> dict[str, Any]:
        return source_record(source, self.principal.agency.currency)
