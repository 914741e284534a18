"""How an endpoint is doing: written when it changes and not at every try, and stopped when it cannot go on."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.principals import SystemActor
from accounts.versions import lock_configuration, publish_change
from core.clock import now as clock
from webhooks.announcements import announce_stop
from webhooks.claims import hold_messages
from webhooks.models import Endpoint
from webhooks.states import EndpointState


def note_health(ends: Iterable[tuple[Endpoint, bool]], *, now: datetime) -> None:
    """Write the health of endpoints where a try shows that it turned. At most one write per turn, whoever sees it."""
    for endpoint, succeeded in {endpoint.id: (endpoint, succeeded) for endpoint, succeeded in ends}.values():
        if succeeded and (endpoint.failing_since or not endpoint.last_success_at):
            Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=None, last_success_at=now)
        elif not succeeded and not endpoint.failing_since:
            Endpoint.objects.filter(pk=endpoint.pk, failing_since=None).update(failing_since=now, last_failure_at=now)


def stop_endpoint(endpoint: Endpoint, *, state: EndpointState, reason: str) -> bool:
    """Stop an active endpoint on the platform's own account; False where it is not active, or leads elsewhere by now.

    Its due messages are held until somebody resumes it, and the change is published and announced. One transaction.
    """
    actor = SystemActor(endpoint.agency_id, "system:webhooks")
    with transaction.atomic():
        lock_configuration(endpoint.agency_id)
        active = Endpoint.objects.filter(pk=endpoint.pk, state=EndpointState.ACTIVE, url=endpoint.url)
        if not active.update(state=state, disabled_reason=reason[:200]):
            return False
        endpoint.refresh_from_db()
        hold_messages([endpoint.id], clock())
        version = publish_change(
            actor=actor,
            action="webhook_endpoint.stop",
            object_id=endpoint.public_id,
            object_name=endpoint.url,
            changes={"state": [EndpointState.ACTIVE, state], "disabled_reason": ["", reason[:200]]},
        )
        announce_stop(endpoint, version)
        return True
