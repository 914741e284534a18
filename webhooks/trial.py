"""The test button: one real, signed request to an endpoint, and what came of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from core.clock import now as clock
from core.clock import rfc3339
from core.http import loop
from core.http.outcomes import Outcome
from core.ids import new_id
from core.json import dumps
from webhooks.announcements import API_VERSION
from webhooks.claims import GRACE
from webhooks.finishing import record
from webhooks.models import Endpoint, Event, Message
from webhooks.sending import Tried, pack, send
from webhooks.states import MessageState, Trigger


@dataclass(frozen=True, slots=True)
class TestResult:
    """What the endpoint's owner is told."""

    __test__ = False  # it is no test case, whatever its name

    message: Message
    outcome: Outcome
    http_status: int | None
    duration_ms: int
    detail: str


def test_endpoint(*, endpoint: Endpoint, kind: str) -> TestResult:
    """Send a sample event of this kind now, whatever the endpoint's state, and wait for the end of it.

    It is signed and guarded like any other, listed among the endpoint's messages, never repeated, and says
    `"test": true`. Network: never call this inside a transaction.
    """
    message = _claimed_sample(endpoint, kind)
    (parcel,) = pack([message])
    tried: Tried = loop.run(send(parcel), parcel.timeout + GRACE.total_seconds())
    record([tried])
    message.refresh_from_db()
    answer = tried.response
    return TestResult(message, answer.outcome, answer.status, answer.duration_ms, answer.detail)


test_endpoint.__test__ = False  # type: ignore[attr-defined]


def _claimed_sample(endpoint: Endpoint, kind: str) -> Message:
    now = clock()
    event_id = new_id()
    lease = now + timedelta(milliseconds=endpoint.timeout_ms) + GRACE
    tenant = {"agency_id": endpoint.agency_id, "mode": endpoint.mode, "created_at": now}
    with transaction.atomic():
        event = Event.objects.create(
            id=event_id, type=kind, key=f"test:{event_id}", body=dumps(_sample(endpoint, kind)), **tenant
        )
        return Message.objects.create(
            event=event,
            endpoint=endpoint,
            state=MessageState.SENDING,
            trigger=Trigger.TEST,
            attempts=1,
            due_at=lease,
            lease_until=lease,
            claim_token=new_id(),
            first_attempt_at=now,
            **tenant,
        )


def _sample(endpoint: Endpoint, kind: str) -> dict[str, Any]:
    return {
        "event": kind,
        "type": kind,
        "test": True,
        "lead_id": None,
        "buyer_id": None,
        "timestamp": rfc3339(clock()),
        "score": None,
        "price": None,
        "delivery_method": "webhook",
        "sequence": 0,
        "api_version": API_VERSION,
        "endpoint_id": endpoint.public_id,
    }
