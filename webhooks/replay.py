"""Sending again what did not arrive: one message, chosen ones, or a stretch of time. The Webhook-Id stays the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from core.errors import DomainError
from core.ids import encode, new_id
from webhooks.claims import database_now
from webhooks.hints import hint
from webhooks.models import Message
from webhooks.states import EndpointState, MessageState, Trigger


class NotRepeatable(DomainError):
    """The message cannot be sent again now."""

    code = "not_repeatable"


@dataclass(frozen=True, slots=True)
class Replay:
    """How many messages were put back into the queue, under an id for the log."""

    replay_id: str
    total: int


def retry_message(*, message: Message) -> Message:
    """Make the message due at once, in place of its next automatic try; one that had ended starts its 72 hours anew.

    Raises NotRepeatable while a try is under way, while the endpoint is not active, or once the body is gone.
    """
    with transaction.atomic():
        waiting = Message.objects.filter(pk=message.pk, state=MessageState.DUE)
        count = waiting.update(due_at=database_now(), trigger=Trigger.MANUAL)
        count = count or _restart(Message.objects.filter(pk=message.pk), _ENDED, Trigger.MANUAL)
        if not count:
            raise NotRepeatable(_why_not(message))
        transaction.on_commit(hint)
    message.refresh_from_db()
    return message


def replay_dead_letters(*, messages: QuerySet[Message], ids: Iterable[UUID]) -> Replay:
    """Put those of the ids that are dead letters among `messages` (what the caller may see) back into the queue."""
    return _replay(messages.filter(pk__in=list(ids)))


def replay_endpoint(*, messages: QuerySet[Message], endpoint_id: UUID, since: datetime, until: datetime) -> Replay:
    """Put an endpoint's dead letters of events from `since` to before `until` back into the queue, all of them."""
    return _replay(messages.filter(endpoint_id=endpoint_id, created_at__gte=since, created_at__lt=until))


_ENDED = (MessageState.DONE, MessageState.EXHAUSTED)


def _replay(messages: QuerySet[Message]) -> Replay:
    with transaction.atomic():
        total = _restart(messages, (MessageState.EXHAUSTED,), Trigger.REPLAY)
        transaction.on_commit(hint)
    return Replay(encode("rpl", new_id()), total)


def _restart(messages: QuerySet[Message], states: Iterable[MessageState], trigger: Trigger) -> int:
    """A new run of 72 hours for the messages in these states: one statement, so a replay is all or nothing."""
    able = messages.filter(
        ~Q(event__body=b""), state__in=list(states), endpoint__state=EndpointState.ACTIVE, endpoint__deleted_at=None
    )
    return Message.objects.filter(pk__in=able.values("pk"), state__in=list(states)).update(
        state=MessageState.DUE,
        trigger=trigger,
        due_at=database_now(),
        earlier_attempts=F("attempts"),
        first_attempt_at=None,
        finished_at=None,
        last_outcome="",
    )


def _why_not(message: Message) -> str:
    now = Message.objects.select_related("event", "endpoint").get(pk=message.pk)
    if now.state == MessageState.SENDING:
        return "A try is under way."
    if now.endpoint.deleted_at or now.endpoint.state != EndpointState.ACTIVE:
        return "The endpoint is not active."
    return "The message was cancelled." if now.state == MessageState.CANCELLED else "Its body is no longer kept."
