"""/v1/messages and /v1/dead-letters: what was sent, what came back, and sending it again."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import StrictSerializer
from accounts.api.fields import Instant, PublicIdField, Reference
from accounts.api.pages import PAGING, page_of
from buyers.api.base import find, list_answer, read_input
from buyers.api.endpoints import EndpointView
from core.api.pagination import refuse_unknown
from core.errors import FieldError, FieldProblems
from core.ids import BadId, decode, encode
from webhooks.models import Attempt, Endpoint, Event, Message
from webhooks.queries import attempts_of, dead_letters, messages_of, next_attempt_at
from webhooks.replay import replay_dead_letters, replay_endpoint, retry_message
from webhooks.states import MessageState


class MessageRecord(serializers.Serializer[Any]):
    """One event for one endpoint."""

    message_id = PublicIdField(Message.prefix)
    event_id = PublicIdField(Event.prefix)
    event = serializers.CharField(help_text="Such as `lead.delivered`.")
    endpoint_id = PublicIdField(Endpoint.prefix)
    lead_id = PublicIdField("ld", allow_null=True)
    state = serializers.ChoiceField(MessageState.values)
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class AttemptRecord(serializers.Serializer[Any]):
    """One try."""

    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()
    outcome = serializers.CharField()
    http_status = serializers.IntegerField(allow_null=True)
    response_head = serializers.CharField()


class ReplayInput(StrictSerializer):
    """`message_ids`, or `endpoint_id` with `from` and `to`."""

    message_ids = serializers.ListField(child=Reference(Message.prefix), required=False, min_length=1, max_length=500)
    endpoint_id = Reference(Endpoint.prefix, required=False)
    to = Instant(required=False)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python."""
        return {**super().get_fields(), "from": Instant(required=False)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of both forms."""
        if set(attrs) not in ({"message_ids"}, {"endpoint_id", "from", "to"}):
            raise serializers.ValidationError("give message_ids, or endpoint_id with from and to", code="invalid")
        return attrs


_REPLAY = inline_serializer("Replay", {"replay_id": serializers.CharField(), "total": serializers.IntegerField()})
_REPLAYED = OpenApiExample(
    "Two are on their way",
    {"replay_id": "rpl_01jv3k8m2xq4r5s6t7v8w9x0yz", "total": 2},
    response_only=True,
    status_codes=["202"],
)
_ATTEMPT = OpenApiExample(
    "A try that was answered",
    {
        "number": 1,
        "started_at": "2026-05-12T14:30:01.412Z",
        "duration_ms": 84,
        "outcome": "http_5xx",
        "http_status": 503,
        "response_head": "try again later",
    },
    response_only=True,
)
_STATE = OpenApiParameter("state", str, enum=MessageState.values, description="What became of it so far.")


class EndpointMessagesView(EndpointView):
    """What was sent to one endpoint."""

    @extend_schema(parameters=[_STATE, *PAGING], responses=page_of(MessageRecord))
    def get(self, request: Request, endpoint_id: str) -> Response:
        """List an endpoint's messages, newest first."""
        refuse_unknown(request, ("state",))
        rows = messages_of(self.principal).filter(endpoint=self.endpoint(endpoint_id))
        state = request.query_params.get("state")
        if state is not None:
            if state not in MessageState.values:
                raise FieldProblems([FieldError("state", "invalid_choice", "must be a message's state")])
            rows = rows.filter(state=state)
        return list_answer(request, rows, message_record)


class OfMessageView(EndpointView):
    """What views of one message share."""

    def message(self, message_id: str) -> Message:
        """The message. Raises NotFound."""
        return find(messages_of(self.principal), Message.prefix, message_id)


class MessageView(OfMessageView):
    """One message."""

    @extend_schema(responses=MessageRecord)
    def get(self, request: Request, message_id: str) -> Response:
        """Read a message."""
        return Response(message_record(self.message(message_id)))


class AttemptsView(OfMessageView):
    """The tries at one message."""

    @extend_schema(responses=AttemptRecord(many=True), examples=[_ATTEMPT])
    def get(self, request: Request, message_id: str) -> Response:
        """List the tries at a message, in order."""
        return Response([_attempt_record(attempt) for attempt in attempts_of(self.message(message_id))])


class RetryView(OfMessageView):
    """Again, now."""

    @extend_schema(request=None, responses={202: MessageRecord})
    def post(self, request: Request, message_id: str) -> Response:
        """Send a message again at once; its Webhook-Id stays the same."""
        message = self.message(message_id)
        retry_message(message=message)
        return Response(message_record(self.message(message_id)), status=202)


class DeadLettersView(EndpointView):
    """Messages that ran out of tries."""

    @extend_schema(parameters=PAGING, responses=page_of(MessageRecord))
    def get(self, request: Request) -> Response:
        """List dead letters, newest first."""
        refuse_unknown(request)
        return list_answer(request, dead_letters(self.principal), message_record)


class ReplayView(EndpointView):
    """Dead letters, sent again."""

    @extend_schema(request=ReplayInput, responses={202: _REPLAY}, examples=[_REPLAYED])
    def post(self, request: Request) -> Response:
        """Put dead letters back into the queue: chosen ones, or an endpoint's of a stretch of time."""
        body = read_input(ReplayInput, request.data, self.principal)
        if "message_ids" in body:
            ids = [_message_id(position, text) for position, text in enumerate(body["message_ids"])]
            replay = replay_dead_letters(messages=messages_of(self.principal), ids=ids)
        else:
            endpoint = find(self._endpoints(), Endpoint.prefix, body["endpoint_id"], member="endpoint_id")
            replay = replay_endpoint(
                messages=messages_of(self.principal), endpoint_id=endpoint.pk, since=body["from"], until=body["to"]
            )
        return Response({"replay_id": replay.replay_id, "total": replay.total}, status=202)

    def _endpoints(self) -> Any:
        return Endpoint.objects.visible_to(self.principal)


def _message_id(position: int, text: str) -> Any:
    try:
        return decode(Message.prefix, text)
    except BadId as error:
        raise FieldProblems([FieldError(f"message_ids.{position}", "invalid", "must be a message's id")]) from error


def message_record(message: Message) -> dict[str, Any]:
    """A message as outsiders see it. Reads message.event: select it."""
    return {
        "message_id": message.public_id,
        "event_id": message.event.public_id,
        "event": message.event.type,
        "endpoint_id": encode(Endpoint.prefix, message.endpoint_id),
        "lead_id": None if message.event.lead_ref is None else encode("ld", message.event.lead_ref),
        "state": message.state,
        "attempts": message.attempts,
        "next_attempt_at": next_attempt_at(message),
        "created_at": message.created_at,
    }


def _attempt_record(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "duration_ms": attempt.duration_ms,
        "outcome": attempt.outcome,
        "http_status": attempt.http_status,
        "response_head": attempt.response_head,
    }
