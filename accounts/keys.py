"""The life of an API key: created once and shown once, rotated with an overlap, revoked at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.grants import refuse_wider
from accounts.key_format import digest, make_key
from accounts.models import ApiKey, RateLimit
from accounts.principals import Actor
from accounts.scopes import SCOPES
from accounts.versions import changes_between, publish_change
from core.client_address import parse_networks
from core.clock import now
from core.errors import DomainError, FieldError, FieldProblems
from core.ids import encode

_CHANGEABLE = ("name", "scopes", "allow", "expires_at", "rate_limit", "rate_limit_per_minute")
_AUDITED = (
    "name",
    "mode",
    "scopes",
    "allow",
    "expires_at",
    "revoked_at",
    "rate_limit_per_minute",
)


class KeyIsDead(DomainError):
    """The key is revoked or expired."""

    code = "key_is_dead"


class AlreadyRotated(DomainError):
    """The key has a successor already. Rotate that one."""

    code = "already_rotated"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its text, which exists nowhere else."""

    row: ApiKey
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """What a key is to be."""

    name: str
    mode: str = "live"
    scopes: tuple[str, ...] = ()
    source_id: UUID | None = None
    buyer_id: UUID | None = None
    allow: tuple[str, ...] = ()
    expires_at: datetime | None = None
    rate_limit: RateLimit | None = None
    rate_limit_per_minute: int | None = None


def create_key(*, actor: Actor, wanted: KeySettings) -> NewKey:
    """Opens a transaction. A new key. Raises FieldProblems for an unknown scope or address, TooWide for a grant."""
    _check(wanted.scopes, wanted.allow)
    refuse_wider(actor, wanted)
    with transaction.atomic():
        made = _insert(actor, wanted, replaces=None)
        _publish(actor, "key.create", made.row, {}, _facts(made.row))
    return made


def rotate_key(*, actor: Actor, key: ApiKey, overlap_minutes: int = 60) -> NewKey:
    """Opens a transaction. A successor with the same settings; the old key lives on for the overlap, at most.

    Raises KeyIsDead, AlreadyRotated, and TooWide where the key may do more than its rotator.
    """
    refuse_wider(actor, _settings_of(key))
    with transaction.atomic():
        _refuse_dead(key)
        if ApiKey.objects.filter(replaces=key).exists():
            raise AlreadyRotated
        before = _facts(key)
        made = _insert(actor, _settings_of(key), replaces=key)
        ends = now() + timedelta(minutes=overlap_minutes)
        key.expires_at = min(ends, key.expires_at or ends)
        _save(key, "expires_at")
        _publish(actor, "key.rotate", key, before, _facts(key) | {"successor": made.row.public_id})
    return made


def revoke_key(*, actor: Actor, key: ApiKey) -> None:
    """Opens a transaction. No request is let in by this key from now on; revoking again changes nothing."""
    if key.revoked_at is not None:
        return
    with transaction.atomic():
        before = _facts(key)
        key.revoked_at = now()
        _save(key, "revoked_at")
        _publish(actor, "key.revoke", key, before, _facts(key))


def change_key(*, actor: Actor, key: ApiKey, values: Mapping[str, Any]) -> ApiKey:
    """Opens a transaction. Change name, scopes, addresses, limits or expiry.

    Raises FieldProblems, and TooWide where the key could then, or can now, do more than who changes it.
    """
    _check(values.get("scopes", ()), values.get("allow", ()))
    refuse_wider(actor, _settings_of(key))
    with transaction.atomic():
        before = _facts(key)
        for name, value in values.items():
            setattr(key, name, list(value) if name in ("scopes", "allow") else value)
        refuse_wider(actor, _settings_of(key))
        _save(key, *_CHANGEABLE)
        _publish(actor, "key.update", key, before, _facts(key))
    return key


def _save(key: ApiKey, *names: str) -> None:
    key.updated_at = now()
    key.save(update_fields=[*names, "updated_at"])


def _insert(actor: Actor, wanted: KeySettings, *, replaces: ApiKey | None) -> NewKey:
    text = make_key(wanted.mode, os.urandom(32))
    row = ApiKey.objects.create(
        agency_id=actor.agency_id,
        name=wanted.name,
        mode=wanted.mode,
        digest=digest(text),
        key_prefix=text[:13],
        last4=text[-4:],
        scopes=list(wanted.scopes),
        source_id=wanted.source_id,
        buyer_id=wanted.buyer_id,
        allow=list(wanted.allow),
        expires_at=wanted.expires_at,
        rate_limit=wanted.rate_limit,
        rate_limit_per_minute=wanted.rate_limit_per_minute,
        replaces=replaces,
        created_by=actor.actor,
    )
    return NewKey(row, text)


def _settings_of(key: ApiKey) -> KeySettings:
    return KeySettings(
        name=key.name,
        mode=key.mode,
        scopes=tuple(key.scopes),
        source_id=key.source_id,
        buyer_id=key.buyer_id,
        allow=tuple(key.allow),
        expires_at=key.expires_at,
        rate_limit=key.rate_limit,
        rate_limit_per_minute=key.rate_limit_per_minute,
    )


def _refuse_dead(key: ApiKey) -> None:
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now()):
        raise KeyIsDead


def _check(scopes: tuple[str, ...], allow: tuple[str, ...]) -> None:
    problems = [
        FieldError(f"scopes.{index}", "unknown_scope", f"Known scopes: {', '.join(SCOPES)}.")
        for index, scope in enumerate(scopes)
        if scope not in SCOPES
    ]
    problems += [
        FieldError(
            f"allow.{index}",
            "invalid_network",
            "Must be an address or a network such as 203.0.113.0/24, without host bits.",
        )
        for index, text in enumerate(allow)
        if not _is_network(text)
    ]
    if problems:
        raise FieldProblems(problems)


def _is_network(text: str) -> bool:
    try:
        parse_networks([text])
    except ValueError:
        return False
    return True


def _facts(key: ApiKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in _AUDITED} | {
        "source_id": encode("src", key.source_id) if key.source_id else None,
        "buyer_id": encode("buyer", key.buyer_id) if key.buyer_id else None,
        "rate_limit": key.rate_limit.name if key.rate_limit else None,
    }


def _publish(actor: Actor, action: str, key: ApiKey, before: dict[str, Any], after: dict[str, Any]) -> None:
    changes = changes_between(before, after)
    publish_change(actor=actor, action=action, object_id=key.public_id, object_name=key.name, changes=changes)
