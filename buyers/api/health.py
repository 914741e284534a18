"""/v1/contracts/{id}/health: how the endpoints that a contract's pings and posts go to have been doing."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import PublicIdField
from accounts.models import Mode
from buyers.api.base import ResourceView, find
from buyers.health import Health, read_health
from buyers.health_figures import WINDOW_SECONDS, EndpointHealth, Stage
from buyers.models import Contract
from core.api.pagination import refuse_unknown
from core.breaker import State
from core.clock import now


def _count(words: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, help_text=words)


_ENDPOINT = inline_serializer(
    "EndpointHealth",
    {
        "stage": serializers.ChoiceField([stage.value for stage in Stage]),
        "asked": _count("Questions sent."),
        "answered": _count("Answered in time and readably: accepted and refused."),
        "accepted": _count("Bids of a ping, sales of a post."),
        "refused": _count(),
        "errors": _count("Unreachable, broken off, unreadable, or a bad bid."),
        "timeouts": _count("Not answered in time."),
        "failure_share": serializers.FloatField(min_value=0, max_value=1, help_text="Errors and timeouts among asked."),
        "latency_ms": inline_serializer(
            "EndpointLatency",
            {name: serializers.IntegerField(allow_null=True) for name in ("p50", "p95", "p99")},
            help_text="Milliseconds to an answer; null where there was none.",
        ),
        "breaker": inline_serializer(
            "EndpointBreaker",
            {
                "state": serializers.ChoiceField([state.value for state in State]),
                "since": serializers.DateTimeField(allow_null=True),
                "until": serializers.DateTimeField(allow_null=True, help_text="When it is tried again, where open."),
            },
            help_text="Nothing is sent to an endpoint whose breaker is open: reason `breaker_open`.",
        ),
    },
    many=True,
)
_HEALTH = inline_serializer(
    "ContractHealth",
    {
        "contract_id": PublicIdField(Contract.prefix),
        "mode": serializers.ChoiceField(Mode.values),
        "window_seconds": serializers.IntegerField(),
        "shared": serializers.BooleanField(
            help_text="False: the broker is away, and one process tells its own figures."
        ),
        "endpoints": _ENDPOINT,
    },
)
_EXAMPLE = OpenApiExample(
    "A buyer that is slow today",
    {
        "contract_id": "ctr_01jv3k8m2xq4r5s6t7v8w9x0yz",
        "mode": "live",
        "window_seconds": WINDOW_SECONDS,
        "shared": True,
        "endpoints": [
            {
                "stage": "ping",
                "asked": 1204,
                "answered": 871,
                "accepted": 512,
                "refused": 359,
                "errors": 2,
                "timeouts": 331,
                "failure_share": 0.2766,
                "latency_ms": {"p50": 143, "p95": 279, "p99": 295},
                "breaker": {"state": "open", "since": "2026-05-12T15:04:05.250Z", "until": "2026-05-12T15:04:10.250Z"},
            },
            {
                "stage": "post",
                "asked": 96,
                "answered": 96,
                "accepted": 91,
                "refused": 5,
                "errors": 0,
                "timeouts": 0,
                "failure_share": 0.0,
                "latency_ms": {"p50": 210, "p95": 480, "p99": 702},
                "breaker": {"state": "closed", "since": None, "until": None},
            },
        ],
    },
    response_only=True,
)


class ContractHealthView(ResourceView):
    """The health of one contract's endpoints, for the agency and for the buyer itself."""

    @extend_schema(responses=_HEALTH, examples=[_EXAMPLE])
    def get(self, request: Request, contract_id: str) -> Response:
        """Read how the endpoints of a contract's pings and posts did in the last hour, in the book of the key."""
        refuse_unknown(request, ())
        contract = find(Contract.objects.visible_to(self.principal), Contract.prefix, contract_id)
        mode = self.principal.mode
        health = read_health([contract.pk], mode=mode, now=now())[contract.pk]
        return Response({"contract_id": contract.public_id, "mode": mode, **health_record(health)})


def health_record(health: Health) -> dict[str, Any]:
    """The figures as outsiders see them."""
    return {
        "window_seconds": WINDOW_SECONDS,
        "shared": health.shared,
        "endpoints": [_endpoint_record(endpoint) for endpoint in health.endpoints],
    }


def _endpoint_record(health: EndpointHealth) -> dict[str, Any]:
    breaker = health.breaker
    return {
        "stage": health.stage.value,
        "asked": health.asked,
        "answered": health.answered,
        "accepted": health.accepted,
        "refused": health.refused,
        "errors": health.errors,
        "timeouts": health.timeouts,
        "failure_share": round(health.failure_share, 4),
        "latency_ms": {"p50": health.p50_ms, "p95": health.p95_ms, "p99": health.p99_ms},
        "breaker": {
            "state": breaker.state.value,
            "since": _instant(breaker.since),
            "until": _instant(breaker.until) if breaker.state is State.OPEN else None,
        },
    }


def _instant(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
