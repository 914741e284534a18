"""Tells subscribers of an event that until now went to one endpoint alone: a delivery that has arrived."""

from uuid import UUID

from django.db import transaction

from core.clock import now
from webhooks import subscriptions
from webhooks.hints import hint
from webhooks.models import Event, Message
from webhooks.states import MessageState


def forward_event(event: Event, *, campaign_ref: UUID | None) -> None:
    """Needs a transaction. One message of the event for each subscriber; who has one already gets no second."""
    subscribers = subscriptions.read(agency_id=event.agency_id, mode=event.mode)
    messages = [
        Message(
            agency_id=event.agency_id,
            mode=event.mode,
            event=event,
            endpoint_id=one.endpoint_id,
            full=one.full and event.full_body is not None,
            state=MessageState.DUE if one.active else MessageState.HELD,
            due_at=now(),
        )
        for one in subscribers.of(event.type, event.buyer_ref, campaign_ref)
    ]
    Message.objects.bulk_create(messages, ignore_conflicts=True)
    transaction.on_commit(hint)
