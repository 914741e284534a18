"""Rows that the webhook tests start from."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import Agency
from accounts.principals import SystemActor
from core.clock import now
from core.ids import new_id
from core.json import dumps
from webhooks.models import Endpoint, Message
from webhooks.outbox import NewEvent, enqueue
from webhooks.secrets import add_secret
from webhooks.states import OPEN

SECRET = bytes(range(32))


def make_agency(name: str = "Acme") -> Agency:
    return Agency.objects.create(name=name, slug=name.lower())


def make_endpoint(agency: Agency, url: str = "https://example.com/hook", **fields: Any) -> Endpoint:
    fields = {
        "mode": "live",
        "owner_kind": "agency",
        "owner_id": agency.id,
        "events": ["lead.accepted"],
    } | fields
    endpoint = Endpoint.objects.create(agency=agency, url=url, **fields)
    add_secret(endpoint, key=SECRET)
    return endpoint


def make_event(kind: str = "lead.accepted", key: str = "", **fields: Any) -> NewEvent:
    event_id: UUID = fields.pop("id", None) or new_id()
    body = dumps({"event": kind, "type": kind, "lead_id": "ld_1"})
    return NewEvent(id=event_id, type=kind, key=key or f"{kind}:{event_id}", body=body, **fields)


def write(agency: Agency, *events: NewEvent, mode: str = "live") -> None:
    """Write the events down with their messages."""
    with transaction.atomic():
        enqueue(agency_id=agency.id, mode=mode, events=events)


def bring_forward(*, by: timedelta = timedelta(0)) -> None:
    """Let time pass: what was to be tried later, or is leased to somebody, is due now; first tries are `by` older."""
    past = now() - timedelta(seconds=1)
    for message_id in Message.objects.filter(state__in=OPEN).values_list("pk", flat=True):
        # One by one: a worker that is at work takes many rows in an order of its own.
        message = Message.objects.filter(pk=message_id)
        message.filter(state__in=OPEN).update(due_at=past)
        message.filter(state="sending").update(lease_until=past)
    if by:
        Message.objects.exclude(first_attempt_at=None).update(first_attempt_at=F("first_attempt_at") - by)


def as_system(agency: Agency) -> SystemActor:
    """The platform as the one who changes things."""
    return SystemActor(agency.id, "system:test")
