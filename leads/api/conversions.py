"""POST /v1/leads/{id}/convert"""

from typing import Any, ClassVar, Final

from django.db.models import Q
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, StrictSerializer
from accounts.api.fields import Instant, PublicIdField, Reference
from buyers.api.base import read_input
from buyers.inputs.fields import Money
from core.clock import rfc3339
from core.errors import NotFound
from core.ids import encode
from core.money import to_major
from leads.api.actions import chosen_sale
from leads.api.leads import visible_lead
from leads.conversion import NotSold, convert_sale
from leads.models import Lead, Sale
from leads.sharing import ENDED

_EXAMPLE: Final = OpenApiExample(
    "A client for 1,200.00", {"value": 1200.00, "converted_at": "2026-06-02T10:00:00Z"}, request_only=True
)
_CONVERTED: Final = OpenApiExample(
    "Written down",
    {
        "lead_id": "ld_01jv3k8m2xq4r5s6t7v8w9x0yz",
        "sale_id": "sale_01jv3k8m2xq4r5s6t7v8w9x0yz",
        "value": 1200.00,
        "converted_at": "2026-06-02T10:00:00.000Z",
    },
    response_only=True,
    status_codes=["201"],
)


class ConversionInput(StrictSerializer):
    """What the lead was worth to its buyer, and when; `sale_id` where it was sold more than once."""

    value = Money(required=False, allow_null=True)
    converted_at = Instant(required=False)
    sale_id = Reference(Sale.prefix, required=False)


class ConversionRecord(serializers.Serializer[Any]):
    """A sale that converted."""

    lead_id = PublicIdField(Lead.prefix)
    sale_id = PublicIdField(Sale.prefix)
    value = Money(allow_null=True)
    converted_at = serializers.DateTimeField()


class ConvertView(ApiView):
    """The buyer's good news."""

    scopes: ClassVar = {"POST": "leads:write"}

    @extend_schema(
        request=ConversionInput, responses={201: ConversionRecord}, examples=[_EXAMPLE, _CONVERTED], tags=["Leads"]
    )
    def post(self, request: Request, lead_id: str) -> Response:
        """Report that a lead became a customer, once per sale; scores learn from it."""
        values = read_input(ConversionInput, request.data, self.principal)
        if self.principal.source_id is not None:
            raise NotFound
        lead = visible_lead(self.principal, lead_id)
        standing = ~Q(state__in=ENDED)
        sale = convert_sale(
            sale=chosen_sale(self.principal, lead, values.get("sale_id"), among=standing, none=NotSold()),
            value=values.get("value"),
            converted_at=values.get("converted_at"),
        )
        return Response(_record(sale), status=201)


def _record(sale: Sale) -> dict[str, Any]:
    assert sale.converted_at is not None
    return {
        "lead_id": encode(Lead.prefix, sale.lead_id),
        "sale_id": sale.public_id,
        "value": None if sale.conversion_value is None else to_major(sale.conversion_value, sale.currency),
        "converted_at": rfc3339(sale.converted_at),
    }
