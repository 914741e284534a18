"""What the pages and the API show of telling. Lists are querysets for `core.api.pagination.page`."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.principals import Principal
from webhooks.claims import database_now
from webhooks.models import Attempt, Endpoint, Event, Message
from webhooks.states import MessageState


def endpoints_of(principal: Principal) -> QuerySet[Endpoint]:
    """The endpoints that the principal may see."""
    return Endpoint.objects.visible_to(principal)


def messages_of(principal: Principal) -> QuerySet[Message]:
    """The messages that the principal may see, with their events and endpoints; filter by endpoint, state, lead."""
    return Message.objects.visible_to(principal).select_related("event", "endpoint")


def dead_letters(principal: Principal) -> QuerySet[Message]:
    """The messages that ran out of tries."""
    return messages_of(principal).filter(state=MessageState.EXHAUSTED)


def attempts_of(message: Message) -> QuerySet[Attempt]:
    """The tries at one message, in order."""
    return Attempt.objects.filter(message=message).order_by("number")


def events_of_lead(principal: Principal, lead_ref: UUID) -> QuerySet[Event]:
    """What was told of one lead, in order; the caller has checked that the principal may see the lead."""
    return Event.objects.visible_to(principal).filter(lead_ref=lead_ref).order_by("sequence", "created_at", "id")


def next_attempt_at(message: Message) -> Any:
    """When the message is tried next: None while a try is under way and once none will follow."""
    return message.due_at if message.state == MessageState.DUE else None


def lag() -> timedelta:
    """For how long the oldest due message has been waiting: the gauge that says whether telling works."""
    now = database_now()
    waiting = Message.objects.filter(state__in=["due", "sending"], due_at__lte=now).order_by("due_at", "id")
    oldest = waiting.values_list("due_at", flat=True).first()
    return now - oldest if oldest else timedelta(0)
