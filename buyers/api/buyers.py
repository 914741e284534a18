"""/v1/buyers"""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pages import page_of
from accounts.principals import Principal
from buyers.api.base import ResourceView, check_match, find, list_answer, read_input, record_answer
from buyers.api.filters import filtered, parameters
from buyers.api.shapes import BuyerRecord
from buyers.buyers import archive_buyer, change_buyer
from buyers.inputs.resources import BuyerInput
from buyers.models import Buyer, BuyerRows
from buyers.onboarding import open_buyer
from buyers.records import buyer_record

FILTERS = {"name": "name__icontains", "email": "email__iexact", "external_id": "external_id"}
EXAMPLE = OpenApiExample(
    "A buyer",
    {"name": "Lone Star Law", "email": "leads@lonestar.example", "timezone": "America/Chicago", "credit_limit": 500.00},
    request_only=True,
)


def visible_buyers(principal: Principal) -> BuyerRows:
    """The buyers that the principal may see, with what their records show."""
    return Buyer.objects.visible_to(principal).select_related("account__wallet")


class BuyersView(ResourceView):
    """List and open buyers."""

    @extend_schema(parameters=parameters(*FILTERS), responses=page_of(BuyerRecord))
    def get(self, request: Request) -> Response:
        """List buyers, newest first."""
        return list_answer(request, filtered(request, visible_buyers(self.principal), FILTERS), buyer_record)

    @extend_schema(request=BuyerInput, responses={201: BuyerRecord}, examples=[EXAMPLE])
    def post(self, request: Request) -> Response:
        """Open a buyer with an empty wallet."""
        buyer = open_buyer(actor=self.principal, values=read_input(BuyerInput, request.data, self.principal))
        return record_answer(buyer_record(visible_buyers(self.principal).get(pk=buyer.pk)), status=201)


class BuyerView(ResourceView):
    """Read, change and archive one buyer."""

    def _buyer(self, buyer_id: str) -> Buyer:
        return find(visible_buyers(self.principal), Buyer.prefix, buyer_id)

    @extend_schema(responses=BuyerRecord)
    def get(self, request: Request, buyer_id: str) -> Response:
        """Read a buyer."""
        return record_answer(buyer_record(self._buyer(buyer_id)))

    @extend_schema(request=BuyerInput, responses=BuyerRecord)
    def patch(self, request: Request, buyer_id: str) -> Response:
        """Change a buyer: what the body names."""
        buyer = self._buyer(buyer_id)
        check_match(request, buyer_record(buyer))
        values = read_input(BuyerInput, request.data, self.principal, partial=True)
        return record_answer(buyer_record(change_buyer(actor=self.principal, buyer=buyer, values=values)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, buyer_id: str) -> Response:
        """Archive a buyer and its contracts. Nothing is ever deleted."""
        buyer = self._buyer(buyer_id)
        check_match(request, buyer_record(buyer))
        archive_buyer(actor=self.principal, buyer=buyer)
        return Response(status=204)
