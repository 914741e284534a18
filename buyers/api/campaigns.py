"""/v1/campaigns"""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pages import page_of
from accounts.principals import Principal
from buyers.api.base import ResourceView, check_match, find, list_answer, read_input, record_answer
from buyers.api.filters import filtered, parameters
from buyers.api.shapes import CampaignRecord
from buyers.campaigns import archive_campaign, change_campaign, create_campaign
from buyers.inputs.resources import CampaignInput
from buyers.records import campaign_record
from routing.models import Campaign, CampaignRows

FILTERS = {
    "name": "name__icontains",
    "slug": "slug",
    "method": "method",
    "lead_type": "lead_type__name",
    "lead_type_id": "lt:lead_type_id",
    "external_id": "external_id",
}
EXAMPLE = OpenApiExample(
    "A campaign",
    {"name": "Auto accident", "slug": "auto-accident", "lead_type": "auto_accident", "method": "waterfall"},
    request_only=True,
)
AUCTION = OpenApiExample(
    "An auction",
    {
        "name": "Solar, live",
        "slug": "solar-live",
        "lead_type": "solar",
        "method": "ping_post",
        "max_sales": 3,
        "floor_price": 20.00,
        "ping_timeout_ms": 300,
        "rank_by": "expected_value",
        "min_margin": 5.00,
        "auction": {"price": "first"},
    },
    request_only=True,
)
_AGENCYS_OWN = ("floor_price", "min_margin", "caps", "external_id", "metadata")


def visible_campaigns(principal: Principal) -> CampaignRows:
    """The campaigns that the principal may see, with what their records show."""
    return Campaign.objects.visible_to(principal).select_related("lead_type")


def find_campaign(principal: Principal, named: str, *, member: str = "") -> Campaign:
    """The campaign of this id or slug. Raises NotFound."""
    campaigns = visible_campaigns(principal)
    return campaigns.filter(slug=named).first() or find(campaigns, Campaign.prefix, named, member=member)


class CampaignsView(ResourceView):
    """List and create campaigns."""

    @extend_schema(parameters=parameters(*FILTERS), responses=page_of(CampaignRecord))
    def get(self, request: Request) -> Response:
        """List campaigns, newest first."""
        rows = filtered(request, visible_campaigns(self.principal), FILTERS)
        return list_answer(request, rows, lambda campaign: _shown(campaign, self.principal))

    @extend_schema(request=CampaignInput, responses={201: CampaignRecord}, examples=[EXAMPLE, AUCTION])
    def post(self, request: Request) -> Response:
        """Create a campaign."""
        values = read_input(CampaignInput, request.data, self.principal)
        return record_answer(campaign_record(create_campaign(actor=self.principal, values=values)), status=201)


class CampaignView(ResourceView):
    """Read, change and archive one campaign."""

    @extend_schema(responses=CampaignRecord)
    def get(self, request: Request, campaign_id: str) -> Response:
        """Read a campaign by its id or slug."""
        return record_answer(_shown(find_campaign(self.principal, campaign_id), self.principal))

    @extend_schema(request=CampaignInput, responses=CampaignRecord)
    def patch(self, request: Request, campaign_id: str) -> Response:
        """Change a campaign: what the body names, from the next lead on."""
        campaign = find_campaign(self.principal, campaign_id)
        check_match(request, campaign_record(campaign))
        values = read_input(CampaignInput, request.data, self.principal, partial=True)
        return record_answer(campaign_record(change_campaign(actor=self.principal, campaign=campaign, values=values)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, campaign_id: str) -> Response:
        """Archive a campaign and its contracts. Nothing is ever deleted."""
        campaign = find_campaign(self.principal, campaign_id)
        check_match(request, campaign_record(campaign))
        archive_campaign(actor=self.principal, campaign=campaign)
        return Response(status=204)


def _shown(campaign: Campaign, principal: Principal) -> dict[str, Any]:
    """Buyers and sources are told what a campaign asks of a lead, not what the agency wants for it."""
    record = campaign_record(campaign)
    return {name: value for name, value in record.items() if not (principal.bound and name in _AGENCYS_OWN)}
