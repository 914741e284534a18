"""POST /v1/ping and POST /v1/post: what would a lead fetch, and the lead itself on the promised terms."""

from typing import Any, ClassVar, Final

from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from accounts.api.fields import PublicIdField
from buyers.inputs.fields import Money
from core.clock import now
from leads.api.examples import MARIA, SOLD
from leads.api.leads import PREFER, TakingView
from leads.api.shapes import LeadAnswerShape
from leads.inward import BID, ask_price
from leads.models import Ping
from leads.promising import PROMISED, REDECIDED, post_lead

_PING: Final = {
    "application/json": {"$ref": "#/components/schemas/PingInput"},
    "application/x-www-form-urlencoded": {"$ref": "#/components/schemas/LeadForm"},
}
_POST: Final = {
    "application/json": {"$ref": "#/components/schemas/PostInput"},
    "application/x-www-form-urlencoded": {"$ref": "#/components/schemas/LeadForm"},
}
_PARTIAL: Final[dict[str, Any]] = {
    **{name: MARIA[name] for name in ("campaign_id", "source", "state", "case_type", "injury_severity")},
    "phone_sha256": "3c95277da5fd0da6a1a44ee3fdf56d20af6c6d242695a40e18e6e90dc3c5872c",
}
_ASKED: Final[dict[str, Any]] = {
    "ping_id": "ping_01jv3k8m2xq4r5s6t7v8w9x0yz",
    "status": "bid",
    "price": 42.50,
    "currency": "USD",
    "expires_at": "2026-05-12T14:31:01.184Z",
    "reason": None,
    "bids": [{"bid_id": "bid_01jv3k8m2xq4r5s6t7v8w9x0yz", "price": 42.50, "exclusive": True}],
}


class BidShape(serializers.Serializer[Any]):
    """One sale that is promised."""

    bid_id = PublicIdField(BID)
    price = Money()
    exclusive = serializers.BooleanField(help_text="Whether this buyer would have the lead alone.")


class PingShape(serializers.Serializer[Any]):
    """What the lead would fetch."""

    ping_id = PublicIdField(Ping.prefix)
    status = serializers.ChoiceField(Ping.Status.values)
    price = Money(allow_null=True, help_text="The payout for a source's key, what buyers pay for an agency's.")
    currency = serializers.CharField()
    expires_at = serializers.DateTimeField(help_text="Until then the promise can be taken, once.")
    reason = serializers.CharField(allow_null=True, help_text="Why nobody bids.")
    bids = BidShape(many=True, help_text="One for each buyer that would get the lead.")


class PostShape(LeadAnswerShape):
    """What became of the lead."""

    ping_id = PublicIdField(Ping.prefix)
    terms = serializers.ChoiceField(
        [PROMISED, REDECIDED], help_text="`redecided`: the lead was another than the ping asked about."
    )


class PingView(TakingView):
    """A price for part of a lead."""

    scopes: ClassVar = {"POST": "leads:write"}

    @extend_schema(
        request=_PING,
        responses={201: PingShape},
        examples=[
            OpenApiExample("Part of a lead", _PARTIAL, request_only=True),
            OpenApiExample("A bid", _ASKED, response_only=True, status_codes=["201"]),
        ],
        tags=["Leads"],
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Ask what a lead would fetch.

        Send the fields that may be pinged, and the person's hashes at most: nothing else is read or kept, and no lead
        is recorded. Buyers are asked as they would be for the lead. The answer is a promise for a minute: post the lead
        with its `ping_id` to take it, as far as caps and wallets still have room then.
        """
        return self.take(
            request,
            lambda submission: ask_price(
                principal=self.principal, submission=submission, received_at=now(), repeat=self.repeat()
            ),
        )


class PostView(TakingView):
    """The lead that a ping was about."""

    scopes: ClassVar = {"POST": "leads:write"}
    kept: ClassVar = TakingView.kept | {409}

    @extend_schema(
        request=_POST,
        parameters=[PREFER],
        responses={201: PostShape, 202: PostShape},
        examples=[
            OpenApiExample("The lead", {"ping_id": _ASKED["ping_id"], **MARIA}, request_only=True),
            OpenApiExample(
                "Sold as promised",
                {"ping_id": _ASKED["ping_id"], "terms": PROMISED, **SOLD},
                response_only=True,
                status_codes=["201"],
            ),
        ],
        tags=["Leads"],
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Post the lead that a ping was about.

        Where its fields are what the ping said of them it is sold as promised, or not at all; else it is decided anew,
        which `terms` says. `bid_ids` takes some of the bids only. A ping becomes one lead, once.
        """
        return self.take(
            request,
            lambda submission: post_lead(
                principal=self.principal,
                submission=submission,
                received_at=now(),
                repeat=self.repeat(),
                wait_ms=self.wait_ms(),
            ),
        )
