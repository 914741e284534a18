"""/v1/contracts"""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pages import page_of
from accounts.principals import Principal
from buyers.api.base import ResourceView, check_match, find, list_answer, read_input, record_answer
from buyers.api.buyers import visible_buyers
from buyers.api.campaigns import find_campaign
from buyers.api.filters import filtered, parameters
from buyers.api.shapes import ContractRecord
from buyers.contracts import Placed, archive_contract, change_contract, place_contract, ready
from buyers.inputs.resources import ContractChange, ContractInput
from buyers.models import Buyer, Contract
from buyers.records import contract_record

FILTERS = {
    "buyer_id": "buyer:buyer_id",
    "campaign_id": "camp:campaign_id or campaign__slug",
    "name": "name__icontains",
    "external_id": "external_id",
}
EXAMPLE = OpenApiExample(
    "A contract",
    {
        "buyer_id": "buyer_01jv3k8m2xq4r5s6t7v8w9x0yz",
        "campaign_id": "auto-accident",
        "price": 175.00,
        "filters": {"all": [{"field": "state", "op": "in", "value": ["TX", "CA"]}]},
        "caps": [{"window": "day", "unit": "leads", "limit": 10, "weekdays": {"sat": 3}}],
        "schedule": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}],
        "delivery": {"method": "webhook", "url": "https://buyer.example.com/leads"},
    },
    request_only=True,
)
HTTP_EXAMPLE = OpenApiExample(
    "A contract whose buyer is asked in its own words",
    {
        "buyer_id": "buyer_01jv3k8m2xq4r5s6t7v8w9x0yz",
        "campaign_id": "auto-accident",
        "price": 40.00,
        "delivery": {
            "method": "http",
            "preset": "boberdoo",
            "ping": {
                "url": "https://buyer.example.com/new_api/api.php",
                "body": {"Key": {"secret": "the key of the API action"}, "TYPE": 21, "SRC": "OurNet"},
                "timeout_ms": 250,
            },
            "post": {
                "url": "https://buyer.example.com/new_api/api.php",
                "body": {
                    "Key": {"secret": "the key of the API action"},
                    "TYPE": 21,
                    "SRC": "OurNet",
                    "Injury": {"from": "case_type", "map": {"auto_accident": "AUTO"}, "default": "OTHER"},
                },
                "on_timeout": "stop",
            },
        },
    },
    request_only=True,
)


def visible_contracts(principal: Principal) -> QuerySet[Contract]:
    """The contracts that the principal may see, with what their records show."""
    return ready(Contract.objects.visible_to(principal))


def place(principal: Principal, data: object) -> Placed:
    """Place a contract by a body of POST /v1/contracts."""
    values = read_input(ContractInput, data, principal)
    buyer = find(visible_buyers(principal), Buyer.prefix, values.pop("buyer_id"), member="buyer_id")
    campaign = find_campaign(principal, values.pop("campaign_id"), member="campaign_id")
    return place_contract(actor=principal, buyer=buyer, campaign=campaign, values=values)


class ContractsView(ResourceView):
    """List and place contracts."""

    @extend_schema(parameters=parameters(*FILTERS), responses=page_of(ContractRecord))
    def get(self, request: Request) -> Response:
        """List contracts, newest first."""
        return list_answer(request, filtered(request, visible_contracts(self.principal), FILTERS), contract_record)

    @extend_schema(request=ContractInput, responses={201: ContractRecord}, examples=[EXAMPLE, HTTP_EXAMPLE])
    def post(self, request: Request) -> Response:
        """Place a contract. The secret of a webhook delivery is in this answer and nowhere else."""
        return record_answer(place(self.principal, request.data).record(), status=201)


class ContractView(ResourceView):
    """Read, change and archive one contract."""

    def _contract(self, contract_id: str) -> Contract:
        return find(visible_contracts(self.principal), Contract.prefix, contract_id)

    @extend_schema(responses=ContractRecord)
    def get(self, request: Request, contract_id: str) -> Response:
        """Read a contract."""
        return record_answer(contract_record(self._contract(contract_id)))

    @extend_schema(request=ContractChange, responses=ContractRecord)
    def patch(self, request: Request, contract_id: str) -> Response:
        """Change a contract: what the body names, from the next lead on."""
        contract = self._contract(contract_id)
        check_match(request, contract_record(contract))
        values = read_input(ContractChange, request.data, self.principal, partial=True)
        return record_answer(change_contract(actor=self.principal, contract=contract, values=values).record())

    @extend_schema(responses={204: None})
    def delete(self, request: Request, contract_id: str) -> Response:
        """Archive a contract. Nothing is ever deleted."""
        contract = self._contract(contract_id)
        check_match(request, contract_record(contract))
        archive_contract(actor=self.principal, contract=contract)
        return Response(status=204)
