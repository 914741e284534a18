"""Every configuration change passes here once: it is written down, numbered, and known to all processes at once."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.limiter import push_version
from accounts.models import Agency, AuditEntry
from accounts.principals import Actor
from core import sql
from core.clock import now
from core.json import dumps, loads

Changes = Mapping[str, list[Any]]

MASK: Final = "•••"
_SECRET_WORDS = ("secret", "password", "token", "authorization", "api_key", "digest", "sealed", "credential")


def config_lock(agency_id: UUID) -> str:
    """The name under which an agency's configuration is locked: exclusively to change it, shared to settle by it."""
    return f"config:{agency_id}"


def lock_configuration(agency_id: UUID) -> None:
    """Hold the agency's configuration until the transaction ends; taking it again is free.

    A verb that changes rows which settling a lead locks too (counters, balances) calls this before it touches them.
    """
    sql.run(sql.lock(config_lock(agency_id)))


def publish_change(*, actor: Actor, action: str, object_id: str, object_name: str = "", changes: Changes) -> int:
    """Number and record one configuration change; every configuration verb calls it exactly once.

    Needs an open transaction. Takes the agency's configuration lock until commit, so settling leads wait for the
    change and changes follow one another. After commit all processes learn the new version before their next
    request. Returns the new version.
    """
    lock_configuration(actor.agency_id)
    Agency.objects.filter(pk=actor.agency_id).update(version=F("version") + 1)
    version = record_audit(
        actor=actor, action=action, object_id=object_id, object_name=object_name, changes=changes
    ).version
    transaction.on_commit(lambda: push_version(actor.agency_id, version))
    return version


def record_audit(
    *, actor: Actor, action: str, object_id: str, object_name: str = "", changes: Changes | None = None
) -> AuditEntry:
    """Write down something that changed no configuration (a sign-in, an export). The version stays."""
    return AuditEntry.objects.create(
        agency_id=actor.agency_id,
        at=now(),
        actor=actor.actor,
        address=actor.address,
        request_id=actor.request_id,
        action=action,
        object_id=object_id,
        object_name=object_name,
        changes=loads(dumps(dict(changes or {}))),
        version=Agency.objects.values_list("version", flat=True).get(pk=actor.agency_id),
    )


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The fields that differ, as {field: [old, new]}; what is secret shows that it changed and nothing else.

    Secrets are known by their names, also deep inside documents.
    """
    names = [*before, *(name for name in after if name not in before)]
    return {
        name: [_masked(name, before.get(name)), _masked(name, after.get(name))]
        for name in names
        if before.get(name) != after.get(name)
    }


def _masked(name: str, value: Any) -> Any:
    if value is None or value == "":
        return value
    if any(word in name.lower() for word in _SECRET_WORDS):
        return MASK
    if isinstance(value, Mapping):
        return {str(inner): _masked(str(inner), held) for inner, held in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", held) for held in value]
    return value
