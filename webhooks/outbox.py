"""What happened, written down in the transaction in which it happened: an event, and one message per endpoint."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType
from uuid import UUID

from django.db import transaction

from core import sql
from core.clock import now as clock
from core.ids import new_id
from core.sealing import Sealer
from webhooks import subscriptions
from webhooks.hints import hint
from webhooks.models import Event, Message
from webhooks.states import MessageState, Trigger
from webhooks.subscriptions import Subscriptions

__all__ = ["NewEvent", "SealedBody", "body_context", "enqueue", "event_statements", "hint", "seal_body"]

SealedBody = NewType("SealedBody", bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One thing that happened, about to be written down.

    `key` names the fact (`lead.accepted:<sale>`); `body` is the thin JSON that any subscriber may read; `full_body`
    the one for the buyer that owns the lead, from `seal_body`. With `deliver_to` the event goes to that endpoint
    alone, in full: a contract's delivery. `campaign_ref` only chooses subscribers.
    """

    id: UUID
    type: str
    key: str
    body: bytes
    lead_ref: UUID | None = None
    sale_ref: UUID | None = None
    buyer_ref: UUID | None = None
    campaign_ref: UUID | None = None
    sequence: int = 0
    full_body: SealedBody | None = None
    deliver_to: UUID | None = None


def body_context(event_id: UUID) -> str:
    """What a full body is bound to, so that sealed bytes cannot be moved to another event."""
    return f"webhooks.event.full_body/{event_id}"


def seal_body(sealer: Sealer, event_id: UUID, body: bytes) -> SealedBody:
    """The full body sealed under the lead's data key (`accounts.vault`)."""
    return SealedBody(sealer.seal(body, body_context(event_id)))


def event_statements(events: Sequence[NewEvent], subscribers: Subscriptions, *, now: datetime) -> list[sql.Statement]:
    """The INSERTs of the events and of their messages, for a batch inside the caller's transaction.

    Nothing is read: ids are made here and the subscribers come from a snapshot. The same `key` again is an
    IntegrityError. After the commit call `hint()`.
    """
    if not events:
        return []
    statements = [sql.insert(Event, [_event_row(event, subscribers, now) for event in events])]
    messages = [row for event in events for row in _message_rows(event, subscribers, now)]
    return [*statements, sql.insert(Message, messages)] if messages else statements


def enqueue(*, agency_id: UUID, mode: str, events: Iterable[NewEvent], besides: UUID | None = None) -> int:
    """Write events down from ordinary code; how many were new. Needs an open transaction; hints after its commit.

    An event whose key is on record already is left out, so a verb that runs again tells nothing twice. The endpoint
    `besides` is not told: it is what the events are about.
    """
    wanted = {event.key: event for event in events}
    known = Event.objects.filter(agency_id=agency_id, mode=mode, key__in=wanted).values_list("key", flat=True)
    fresh = [event for key, event in wanted.items() if key not in set(known)]
    told = subscriptions.read(agency_id=agency_id, mode=mode, besides=besides)
    sql.run(event_statements(fresh, told, now=clock()))
    if fresh:
        transaction.on_commit(hint)
    return len(fresh)


def _event_row(event: NewEvent, subscribers: Subscriptions, now: datetime) -> dict[str, Any]:
    return {
        "id": event.id,
        "agency": subscribers.agency_id,
        "mode": subscribers.mode,
        "type": event.type,
        "lead_ref": event.lead_ref,
        "sale_ref": event.sale_ref,
        "buyer_ref": event.buyer_ref,
        "sequence": event.sequence,
        "key": event.key,
        "body": event.body,
        "full_body": event.full_body,
        "created_at": now,
    }


def _message_rows(event: NewEvent, subscribers: Subscriptions, now: datetime) -> list[dict[str, Any]]:
    if event.deliver_to is not None:
        active = subscribers.is_active(event.deliver_to)
        return [_message_row(event, subscribers, event.deliver_to, full=True, active=active, now=now)]
    told = subscribers.of(event.type, event.buyer_ref, event.campaign_ref)
    return [
        _message_row(
            event, subscribers, one.endpoint_id, full=one.full and bool(event.full_body), active=one.active, now=now
        )
        for one in told
    ]


def _message_row(
    event: NewEvent, subscribers: Subscriptions, endpoint_id: UUID, *, full: bool, active: bool, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "agency": subscribers.agency_id,
        "mode": subscribers.mode,
        "event": event.id,
        "endpoint": endpoint_id,
        "full": full,
        "state": MessageState.DUE if active else MessageState.HELD,
        "trigger": Trigger.AUTO,
        "attempts": 0,
        "earlier_attempts": 0,
        "due_at": now,
        "claim_token": None,
        "lease_until": None,
        "last_outcome": "",
        "first_attempt_at": None,
        "finished_at": None,
        "created_at": now,
    }
