"""/v1/lead-types"""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pages import page_of
from accounts.principals import Principal
from buyers.api.base import ResourceView, check_match, find, list_answer, read_input, record_answer
from buyers.api.filters import filtered, parameters
from buyers.api.shapes import LeadTypeRecord
from buyers.inputs.resources import LeadTypeInput
from buyers.lead_types import archive_lead_type, change_lead_type, create_lead_type
from buyers.records import lead_type_record
from routing.models import LeadType, LeadTypeRows

FILTERS = {"name": "name", "external_id": "external_id"}
EXAMPLE = OpenApiExample(
    "A lead type",
    {
        "name": "auto_accident",
        "fields": [
            {
                "name": "injury_severity",
                "type": "choice",
                "choices": ["minor", "moderate", "severe"],
                "required": False,
                "personal": False,
                "pingable": True,
            }
        ],
    },
    request_only=True,
)
CHANGE = OpenApiExample("Another label", {"label": "Auto accidents"}, request_only=True)


def visible_lead_types(principal: Principal) -> LeadTypeRows:
    """The lead types that the principal may see, with their fields."""
    return LeadType.objects.visible_to(principal).prefetch_related("fields")


class LeadTypesView(ResourceView):
    """List and create lead types."""

    @extend_schema(parameters=parameters(*FILTERS), responses=page_of(LeadTypeRecord))
    def get(self, request: Request) -> Response:
        """List lead types, newest first."""
        return list_answer(request, filtered(request, visible_lead_types(self.principal), FILTERS), lead_type_record)

    @extend_schema(request=LeadTypeInput, responses={201: LeadTypeRecord}, examples=[EXAMPLE])
    def post(self, request: Request) -> Response:
        """Create a lead type."""
        values = read_input(LeadTypeInput, request.data, self.principal)
        return record_answer(lead_type_record(create_lead_type(actor=self.principal, values=values)), status=201)


class LeadTypeView(ResourceView):
    """Read, change and archive one lead type."""

    def _lead_type(self, lead_type_id: str) -> LeadType:
        return find(visible_lead_types(self.principal), LeadType.prefix, lead_type_id)

    @extend_schema(responses=LeadTypeRecord)
    def get(self, request: Request, lead_type_id: str) -> Response:
        """Read a lead type."""
        return record_answer(lead_type_record(self._lead_type(lead_type_id)))

    @extend_schema(request=LeadTypeInput, responses=LeadTypeRecord, examples=[CHANGE])
    def patch(self, request: Request, lead_type_id: str) -> Response:
        """Change a lead type: what the body names. `fields` is the whole new list."""
        lead_type = self._lead_type(lead_type_id)
        check_match(request, lead_type_record(lead_type))
        values = read_input(LeadTypeInput, request.data, self.principal, partial=True)
        changed = change_lead_type(actor=self.principal, lead_type=lead_type, values=values)
        return record_answer(lead_type_record(changed))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, lead_type_id: str) -> Response:
        """Archive a lead type that no running campaign uses."""
        lead_type = self._lead_type(lead_type_id)
        check_match(request, lead_type_record(lead_type))
        archive_lead_type(actor=self.principal, lead_type=lead_type)
        return Response(status=204)
