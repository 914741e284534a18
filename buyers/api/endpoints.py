"""/v1/webhook-endpoints: who is told what, at which address."""

from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import StrictSerializer
from accounts.api.fields import Choice, PublicIdField, Reference, Text, Whole
from accounts.api.pages import PAGING, page_of
from accounts.principals import Principal
from buyers.api.base import AgencyOnly, ResourceView, check_match, find, list_answer, read_input, record_answer
from buyers.api.buyers import visible_buyers
from buyers.api.campaigns import find_campaign
from buyers.api.shapes import Shown
from buyers.models import Buyer
from core.api.pagination import refuse_unknown
from core.errors import FieldError, FieldProblems
from core.ids import encode
from routing.models import Campaign
from webhooks.endpoints import (
    Owner,
    Terms,
    create_endpoint,
    delete_endpoint,
    pause_endpoint,
    resume_endpoint,
    rotate_secret,
    update_endpoint,
)
from webhooks.models import Endpoint
from webhooks.queries import endpoints_of
from webhooks.states import EVENT_TYPES, EndpointState, OwnerKind
from webhooks.trial import test_endpoint


class EndpointChange(StrictSerializer):
    """What of an endpoint may change."""

    url = Text(max_length=2000, help_text="An https address that the public internet can reach.")
    events = serializers.ListField(child=Choice(choices=EVENT_TYPES), max_length=50)
    description = Text(required=False, allow_blank=True)
    buyer_id = Reference(Buyer.prefix, required=False, allow_null=True)
    campaign_id = Text(required=False, allow_null=True, help_text="The campaign's id or slug.")
    state = Choice(choices=["active", "paused"], required=False)


class RotateInput(StrictSerializer):
    """How long the previous secret signs beside the new one."""

    overlap_hours = Whole(required=False, default=24, max_value=168)


class TestInput(StrictSerializer):
    """Which event to try."""

    __test__ = False

    event = Choice(choices=sorted(EVENT_TYPES), required=False)


class EndpointRecord(Shown, EndpointChange):
    """An endpoint; `secret` stands only in the answer that made it."""

    sometimes = ("secret",)
    otherwise = {
        "buyer_id": PublicIdField(Buyer.prefix, allow_null=True),
        "campaign_id": PublicIdField(Campaign.prefix, allow_null=True),
        "state": serializers.ChoiceField(EndpointState.values),
    }

    endpoint_id = PublicIdField(Endpoint.prefix)
    owner = serializers.ChoiceField(OwnerKind.values, help_text="On whose behalf it is called.")
    disabled_reason = serializers.CharField(allow_blank=True)
    secret = serializers.CharField()


_ROTATED = inline_serializer(
    "RotatedSecret", {"secret": serializers.CharField(), "previous_expires_at": serializers.DateTimeField()}
)
_TESTED = inline_serializer(
    "TestedEndpoint",
    {
        "message_id": PublicIdField("msg"),
        "outcome": serializers.CharField(),
        "http_status": serializers.IntegerField(allow_null=True),
        "duration_ms": serializers.IntegerField(),
    },
)
_EXAMPLE = OpenApiExample(
    "An endpoint", {"url": "https://agency.example.com/hooks", "events": ["lead.accepted"]}, request_only=True
)


_OVERLAP = OpenApiExample("A day with both secrets", {"overlap_hours": 24}, request_only=True)
_NEW_SECRET = OpenApiExample(
    "A new secret",
    {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "previous_expires_at": "2026-05-13T14:30:00.000Z"},
    response_only=True,
)
_TRIAL = OpenApiExample("A sample sale", {"event": "lead.accepted"}, request_only=True)


class EndpointView(ResourceView):
    """What views of endpoints share. A buyer's key keeps its own endpoints."""

    read_scope = "webhooks:read"
    write_scope = "webhooks:write"
    bound_may_write = True

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """The endpoint, for reading. Raises NotFound."""
        return find(endpoints_of(self.principal), Endpoint.prefix, endpoint_id)

    def own_endpoint(self, endpoint_id: str) -> Endpoint:
        """The endpoint, for changing it. Raises NotFound, and AgencyOnly for a buyer whose own it is not."""
        endpoint = self.endpoint(endpoint_id)
        if self.principal.bound and endpoint.owner_kind != OwnerKind.BUYER:
            raise AgencyOnly
        return endpoint


class EndpointsView(EndpointView):
    """List and create endpoints."""

    @extend_schema(parameters=PAGING, responses=page_of(EndpointRecord))
    def get(self, request: Request) -> Response:
        """List endpoints, newest first."""
        refuse_unknown(request)
        return list_answer(request, endpoints_of(self.principal), endpoint_record)

    @extend_schema(request=EndpointChange, responses={201: EndpointRecord}, examples=[_EXAMPLE])
    def post(self, request: Request) -> Response:
        """Create an endpoint. Its secret is in this answer and nowhere else."""
        principal = self.principal
        values = _resolved(principal, read_input(EndpointChange, request.data, principal))
        values.pop("state", None)
        terms = Terms(**{**values, "events": tuple(values["events"])})
        endpoint, secret = create_endpoint(actor=principal, mode=principal.mode, owner=_owner(principal), terms=terms)
        return record_answer({**endpoint_record(endpoint), "secret": secret}, status=201)


class OneEndpointView(EndpointView):
    """Read, change and delete one endpoint."""

    @extend_schema(responses=EndpointRecord)
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Read an endpoint."""
        return record_answer(endpoint_record(self.endpoint(endpoint_id)))

    @extend_schema(request=EndpointChange, responses=EndpointRecord)
    def patch(self, request: Request, endpoint_id: str) -> Response:
        """Change an endpoint: what the body names. `state` pauses and resumes."""
        endpoint = self.own_endpoint(endpoint_id)
        check_match(request, endpoint_record(endpoint))
        changes = _resolved(self.principal, read_input(EndpointChange, request.data, self.principal, partial=True))
        state = changes.pop("state", endpoint.state)
        with transaction.atomic():
            if changes:
                update_endpoint(actor=self.principal, endpoint_id=endpoint.pk, changes=changes)
            if state != endpoint.state:
                act = resume_endpoint if state == EndpointState.ACTIVE else pause_endpoint
                act(actor=self.principal, endpoint_id=endpoint.pk)
        return record_answer(endpoint_record(self.endpoint(endpoint_id)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, endpoint_id: str) -> Response:
        """Take an endpoint out of use; what was on its way to it is cancelled."""
        endpoint = self.own_endpoint(endpoint_id)
        check_match(request, endpoint_record(endpoint))
        if endpoint.owner_kind == OwnerKind.CONTRACT:
            detail = "belongs to a contract; change the contract's delivery"
            raise FieldProblems([FieldError("endpoint_id", "in_use", detail)])
        delete_endpoint(actor=self.principal, endpoint_id=endpoint.pk)
        return Response(status=204)


class RotateSecretView(EndpointView):
    """New secrets."""

    @extend_schema(request=RotateInput, responses=_ROTATED, examples=[_OVERLAP, _NEW_SECRET])
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Give the endpoint a new secret, shown this once."""
        endpoint = self.own_endpoint(endpoint_id)
        hours = read_input(RotateInput, request.data, self.principal)["overlap_hours"]
        secret, ends_at = rotate_secret(actor=self.principal, endpoint_id=endpoint.pk, overlap_hours=hours)
        return Response({"secret": secret, "previous_expires_at": ends_at})


class TestEndpointView(EndpointView):
    """The test button."""

    __test__ = False
    calls_outside = True  # the receiver may take its time

    @extend_schema(request=TestInput, responses=_TESTED, examples=[_TRIAL])
    def post(self, request: Request, endpoint_id: str) -> Response:
        """Send a sample event now and say what came of it."""
        endpoint = self.own_endpoint(endpoint_id)
        kind = read_input(TestInput, request.data, self.principal).get("event") or next(
            iter(endpoint.events), "lead.delivered"
        )
        result = test_endpoint(endpoint=endpoint, kind=kind)
        return Response(
            {
                "message_id": result.message.public_id,
                "outcome": result.outcome,
                "http_status": result.http_status,
                "duration_ms": result.duration_ms,
            }
        )


def endpoint_record(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint as outsiders see it, without its secret."""
    return {
        "endpoint_id": endpoint.public_id,
        "url": endpoint.url,
        "events": endpoint.events,
        "description": endpoint.description,
        "buyer_id": _shown(Buyer.prefix, endpoint.buyer_id),
        "campaign_id": _shown(Campaign.prefix, endpoint.campaign_id),
        "owner": endpoint.owner_kind,
        "state": endpoint.state,
        "disabled_reason": endpoint.disabled_reason,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }


def _shown(prefix: str, value: UUID | None) -> str | None:
    return None if value is None else encode(prefix, value)


def _owner(principal: Principal) -> Owner:
    if principal.source_id is not None:
        raise AgencyOnly
    if principal.buyer_id is not None:
        return Owner(OwnerKind.BUYER, principal.buyer_id, principal.buyer_id)
    return Owner(OwnerKind.AGENCY, principal.agency_id)


def _resolved(principal: Principal, values: dict[str, Any]) -> dict[str, Any]:
    """The values with the ids of the buyer and the campaign that they name."""
    if values.get("buyer_id"):
        buyer = find(visible_buyers(principal), Buyer.prefix, values["buyer_id"], member="buyer_id")
        values["buyer_id"] = buyer.pk
    if values.get("campaign_id"):
        values["campaign_id"] = find_campaign(principal, values["campaign_id"], member="campaign_id").pk
    return values
