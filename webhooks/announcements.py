"""Events about telling itself: a message in the dead letters, an endpoint that was stopped."""

import logging
from typing import Any
from uuid import UUID

from core.clock import now as clock
from core.clock import rfc3339
from core.ids import new_id
from core.json import dumps, loads
from webhooks.models import Endpoint, Message
from webhooks.outbox import NewEvent, enqueue
from webhooks.states import OwnerKind

API_VERSION = "v1"

log = logging.getLogger(__name__)


def announce_dead_letter(message: Message, outcome: str) -> None:
    """Log an alert and tell the other endpoints that subscribed to it. Needs an open transaction.

    Messages about deliveries and endpoints are not announced in turn, or a dead receiver of them would breed more.
    """
    event = message.event
    log.error("dead letter %s of endpoint %s: %s", message.public_id, message.endpoint.public_id, outcome)
    if event.type.startswith(("delivery.", "endpoint.")):
        return
    known = loads(bytes(event.body)) if event.body else {}
    _tell(
        message.endpoint,
        "delivery.dead_lettered",
        key=f"delivery.dead_lettered:{message.id}:{message.attempts}",
        facts={
            "lead_id": known.get("lead_id"),
            "message_id": message.public_id,
            "event_id": event.public_id,
            "failed_event": event.type,
            "attempts": message.attempts,
            "outcome": outcome,
        },
        lead_ref=event.lead_ref,
    )


def announce_stop(endpoint: Endpoint, version: int) -> None:
    """Tell the other endpoints that this one is paused or disabled by the platform. Needs an open transaction."""
    log.error("endpoint %s is %s: %s", endpoint.public_id, endpoint.state, endpoint.disabled_reason)
    _tell(
        endpoint,
        "endpoint.disabled",
        key=f"endpoint.disabled:{endpoint.id}:{version}",
        facts={"state": endpoint.state, "reason": endpoint.disabled_reason},
    )


def _tell(endpoint: Endpoint, kind: str, *, key: str, facts: dict[str, Any], lead_ref: UUID | None = None) -> None:
    body = {
        "event": kind,
        "type": kind,
        "timestamp": rfc3339(clock()),
        "api_version": API_VERSION,
        "endpoint_id": endpoint.public_id,
        **facts,
    }
    event = NewEvent(
        id=new_id(),
        type=kind,
        key=key,
        body=dumps(body),
        lead_ref=lead_ref,
        buyer_ref=None if endpoint.owner_kind == OwnerKind.AGENCY else endpoint.buyer_id,
    )
    enqueue(agency_id=endpoint.agency_id, mode=endpoint.mode, events=[event], besides=endpoint.id)
