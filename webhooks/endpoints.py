"""The verbs on endpoints: made, changed, paused, resumed, deleted, and given new secrets. Each publishes its change."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts.principals import Actor
from accounts.versions import Changes, changes_between, lock_configuration, publish_change
from core.clock import now as clock
from core.errors import DomainError, FieldError, FieldProblems, NotFound
from core.http.loop import egress
from core.http.urls import BadUrl, parse_target
from webhooks.claims import database_now, hold_messages, release_messages
from webhooks.models import Endpoint, Message
from webhooks.secrets import LONGEST_OVERLAP, add_secret, retire_secrets, revoke_old_secrets
from webhooks.states import EVENT_TYPES, OPEN, EndpointState, MessageState, OwnerKind

_SHORTEST_MS, _LONGEST_MS, _MOST_IN_FLIGHT = 1_000, 30_000, 100


class NotActive(DomainError):
    """The endpoint is not active."""

    code = "not_active"


class AlreadyActive(DomainError):
    """The endpoint is active already."""

    code = "already_active"


@dataclass(frozen=True, slots=True)
class Owner:
    """On whose behalf an endpoint is called. `buyer_id` is the buyer of a buyer's or contract's endpoint."""

    kind: OwnerKind
    id: UUID
    buyer_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the owner of an endpoint decides. `buyer_id` narrows an agency's endpoint to events about one buyer."""

    url: str
    events: tuple[str, ...] = ()
    description: str = ""
    campaign_id: UUID | None = None
    buyer_id: UUID | None = None
    timeout_ms: int = 10_000
    max_in_flight: int = 5


_CHANGEABLE: Final = tuple(Terms.__dataclass_fields__)


def create_endpoint(*, actor: Actor, mode: str, owner: Owner, terms: Terms) -> tuple[Endpoint, str]:
    """A new active endpoint, and its secret, which is shown this once. Raises FieldProblems."""
    _check(terms, owner.kind)
    values = asdict(terms) | {"events": list(terms.events), "buyer_id": owner.buyer_id or terms.buyer_id}
    with transaction.atomic():
        endpoint = Endpoint.objects.create(
            agency_id=actor.agency_id, mode=mode, owner_kind=owner.kind, owner_id=owner.id, **values
        )
        secret = add_secret(endpoint)
        _publish(actor, endpoint, "create", changes_between({}, values))
    return endpoint, secret


def update_endpoint(*, actor: Actor, endpoint_id: UUID, changes: Mapping[str, Any]) -> Endpoint:
    """The endpoint with those of its Terms changed that are named. Raises FieldProblems, NotFound."""
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        before = _terms(endpoint)
        after = before | {name: value for name, value in changes.items() if name in _CHANGEABLE}
        if endpoint.owner_kind != OwnerKind.AGENCY:
            after["buyer_id"] = endpoint.buyer_id
        _check(Terms(**after | {"events": tuple(after["events"])}), endpoint.owner_kind)
        _write(endpoint, after | {"events": list(after["events"])})
        _publish(actor, endpoint, "update", changes_between(before, _terms(endpoint)))
    return endpoint


def pause_endpoint(*, actor: Actor, endpoint_id: UUID) -> Endpoint:
    """Send nothing more; what is due and what happens from now on is held. Raises NotActive, NotFound."""
    return _stop(actor, endpoint_id, EndpointState.PAUSED, "pause", "")


def disable_endpoint(*, actor: Actor, endpoint_id: UUID, reason: str) -> Endpoint:
    """As pausing, for a reason that the endpoint's owner should read. Raises NotActive, NotFound."""
    return _stop(actor, endpoint_id, EndpointState.DISABLED, "disable", reason)


def resume_endpoint(*, actor: Actor, endpoint_id: UUID, send_held: bool = True) -> Endpoint:
    """Send again, and what was held too; without `send_held` that is cancelled. Raises AlreadyActive, NotFound."""
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        if endpoint.state == EndpointState.ACTIVE:
            raise AlreadyActive
        changes = {"state": [endpoint.state, EndpointState.ACTIVE]}
        _write(endpoint, {"state": EndpointState.ACTIVE, "disabled_reason": "", "failing_since": None})
        if send_held:
            release_messages(endpoint.id)
        else:
            held = Message.objects.filter(endpoint=endpoint, state=MessageState.HELD)
            held.update(state=MessageState.CANCELLED, finished_at=clock())
        _publish(actor, endpoint, "resume", changes)
    return endpoint


def delete_endpoint(*, actor: Actor, endpoint_id: UUID) -> None:
    """Take the endpoint out of use: its open messages are cancelled, its secrets deleted, its history kept."""
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        open_messages = Message.objects.filter(endpoint=endpoint, state__in=[*OPEN, MessageState.HELD])
        open_messages.update(state=MessageState.CANCELLED, finished_at=clock())
        endpoint.secrets.all().delete()
        _write(endpoint, {"state": EndpointState.DISABLED, "disabled_reason": "Deleted.", "deleted_at": clock()})
        _publish(actor, endpoint, "delete", changes_between(_terms(endpoint), {}))


def rotate_secret(*, actor: Actor, endpoint_id: UUID, overlap_hours: int = 24) -> tuple[str, datetime]:
    """A new secret, shown this once, and when the previous one stops signing beside it.

    With an overlap of 0 hours every older secret is dead at once. Raises FieldProblems, TooManySecrets, NotFound.
    """
    if not 0 <= overlap_hours <= LONGEST_OVERLAP:
        raise FieldProblems([FieldError("overlap_hours", "invalid", f"must be from 0 to {LONGEST_OVERLAP}")])
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        ends_at = retire_secrets(endpoint, now=clock(), overlap=timedelta(hours=overlap_hours))
        secret = add_secret(endpoint)
        _publish(actor, endpoint, "rotate_secret", {"secret": ["•••", "•••"], "previous_expires_at": [None, ends_at]})
    return secret, ends_at


def revoke_secrets(*, actor: Actor, endpoint_id: UUID) -> int:
    """Stop every older secret from signing now, before its overlap ends; how many there were. Raises NotFound."""
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        revoked = revoke_old_secrets(endpoint)
        _publish(actor, endpoint, "revoke_secrets", {"old_secrets": [revoked, 0]})
    return revoked


# --- what they share ---------------------------------------------------------------------------------------------


def _stop(actor: Actor, endpoint_id: UUID, state: EndpointState, act: str, reason: str) -> Endpoint:
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        if endpoint.state != EndpointState.ACTIVE:
            raise NotActive(f"The endpoint is {endpoint.state}.")
        _write(endpoint, {"state": state, "disabled_reason": reason})
        hold_messages([endpoint.id], database_now())
        _publish(actor, endpoint, act, {"state": [EndpointState.ACTIVE, state]})
    return endpoint


def _locked(actor: Actor, endpoint_id: UUID) -> Endpoint:
    lock_configuration(actor.agency_id)  # before any row: whoever settles a lead holds it shared
    rows = Endpoint.objects.select_for_update(no_key=True)
    endpoint = rows.filter(pk=endpoint_id, agency_id=actor.agency_id, deleted_at=None).first()
    if endpoint is None:
        raise NotFound
    return endpoint


def _write(endpoint: Endpoint, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(endpoint, name, value)
    endpoint.updated_at = clock()
    endpoint.save(update_fields=[*values, "updated_at"])


def _terms(endpoint: Endpoint) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in _CHANGEABLE}


def _publish(actor: Actor, endpoint: Endpoint, act: str, changes: Changes) -> None:
    publish_change(
        actor=actor,
        action=f"webhook_endpoint.{act}",
        object_id=endpoint.public_id,
        object_name=endpoint.url[:200],
        changes=changes,
    )


def _check(terms: Terms, owner_kind: str) -> None:
    problems = []
    try:
        parse_target(terms.url, egress())
    except BadUrl as error:
        problems.append(FieldError("url", "invalid", str(error)))
    unknown = [kind for kind in terms.events if kind not in EVENT_TYPES]
    if unknown:
        problems.append(FieldError("events", "unknown", f"{', '.join(unknown)[:200]}: no such event"))
    if not terms.events and owner_kind != OwnerKind.CONTRACT:
        problems.append(FieldError("events", "required", "must name at least one event"))
    if not _SHORTEST_MS <= terms.timeout_ms <= _LONGEST_MS:
        problems.append(FieldError("timeout_ms", "invalid", f"must be from {_SHORTEST_MS} to {_LONGEST_MS}"))
    if not 1 <= terms.max_in_flight <= _MOST_IN_FLIGHT:
        problems.append(FieldError("max_in_flight", "invalid", f"must be from 1 to {_MOST_IN_FLIGHT}"))
    if len(terms.description) > 200:
        problems.append(FieldError("description", "too_long", "must have at most 200 characters"))
    if problems:
        raise FieldProblems(problems)
