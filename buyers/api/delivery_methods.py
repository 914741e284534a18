"""/v1/delivery-methods"""

from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import StrictSerializer
from accounts.api.fields import Choice, Text, Whole
from buyers.api.base import ResourceView, read_input
from buyers.api.campaigns import find_campaign
from buyers.exchange.answers import AnswerOutcome
from buyers.inputs.documents import HttpDelivery
from buyers.inputs.fields import Money
from buyers.method_trials import try_method

_DELIVERY = {
    "method": "http",
    "preset": "generic_json",
    "ping": {"url": "https://buyer.example.com/ping", "headers": {"X-Key": {"secret": "a secret of the buyer's"}}},
    "post": {"url": "https://buyer.example.com/post", "headers": {"X-Key": {"secret": "a secret of the buyer's"}}},
}
_ASKED = OpenApiExample(
    "An answer to a ping",
    {
        "delivery": _DELIVERY,
        "stage": "ping",
        "answer": {"status": 200, "body": '{"accepted": true, "price": 42.50, "token": "x", "reason": null}'},
    },
    request_only=True,
)
_TOLD = OpenApiExample(
    "A bid",
    {
        "outcome": "accepted",
        "price": 42.50,
        "reason": None,
        "token": "x",
        "redirect": None,
        "unknown": False,
        "request": {
            "method": "POST",
            "url": "https://buyer.example.com/ping",
            "headers": {"Accept": "application/json", "X-Key": "********", "Content-Type": "application/json"},
            "body": '{"type":"ping","ping_id":"ping_sample","lead":{"state":"TX","zip":"75001"}}',
            "fields": ["state", "zip"],
        },
    },
    response_only=True,
)


class PastedAnswer(StrictSerializer):
    """An answer as a buyer might give it."""

    status = Whole(min_value=200, max_value=599)
    body = Text(required=False, allow_blank=True, max_length=100_000, trim_whitespace=False)


class TryInput(StrictSerializer):
    """A delivery method, one of its stages, and an answer to it."""

    delivery = HttpDelivery()
    stage = Choice(choices=["ping", "post", "loss"])
    answer = PastedAnswer(required=False)
    campaign_id = Text(
        required=False, help_text="The campaign's id or slug: its fields are known then, and references are checked."
    )


_OUTCOME = serializers.ChoiceField([outcome.value for outcome in AnswerOutcome], allow_null=True)
_ANSWER = inline_serializer(
    "TryAnswer",
    {
        "outcome": _OUTCOME,
        "price": Money(allow_null=True),
        "reason": serializers.CharField(allow_null=True),
        "token": serializers.CharField(allow_null=True),
        "redirect": serializers.CharField(allow_null=True),
        "unknown": serializers.BooleanField(
            allow_null=True, help_text="Whether the buyer may have the lead although its answer does not tell."
        ),
        "request": inline_serializer(
            "TriedRequest",
            {
                "method": serializers.CharField(),
                "url": serializers.CharField(),
                "headers": serializers.DictField(child=serializers.CharField()),
                "body": serializers.CharField(),
                "fields": serializers.ListField(
                    child=serializers.CharField(), help_text="What of the lead is in it, hashes too."
                ),
            },
        ),
    },
)


class TryMethodView(ResourceView):
    """Try a delivery method."""

    write_scope = "buyers:read"  # nothing is written

    @extend_schema(request=TryInput, responses=_ANSWER, examples=[_ASKED, _TOLD])
    def post(self, request: Request) -> Response:
        """Try a delivery method: the request for a sample lead, and what an answer would mean. Nothing is sent."""
        values = read_input(TryInput, request.data, self.principal)
        answer = values.get("answer") or {}
        named = values.get("campaign_id")
        trial = try_method(
            delivery=values["delivery"],
            stage=values["stage"],
            status=answer.get("status"),
            body=answer.get("body", ""),
            currency=self.principal.agency.currency,
            campaign=find_campaign(self.principal, named, member="campaign_id") if named else None,
        )
        return Response(trial.record())
