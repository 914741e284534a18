"""Rows that the webhook tests start from."""

from typing import Any
from uuid import UUID

from accounts.models import Agency
from core.ids import new_id
from core.json import dumps
from webhooks.models import Endpoint
from webhooks.outbox import NewEvent
from webhooks.secrets import add_secret

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
    event_id: UUID = new_id()
    body = dumps({"event": kind, "type": kind, "lead_id": "ld_1"})
    return NewEvent(id=event_id, type=kind, key=key or f"{kind}:{event_id}", body=body, **fields)
