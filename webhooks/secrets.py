"""Signing secrets at rest: sealed under the root key, bound to their row, at most three alive per endpoint."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from core.errors import DomainError
from core.sealing import root
from webhooks import signing
from webhooks.models import Endpoint, EndpointSecret

_PURPOSE: Final = "webhook-secrets"
MOST_ALIVE: Final = 3
LONGEST_OVERLAP: Final = 168  # hours


class TooManySecrets(DomainError):
    """Three secrets sign already. Wait for an overlap to end, or rotate with an overlap of 0 hours."""

    code = "too_many_secrets"


def add_secret(endpoint: Endpoint, *, key: bytes | None = None) -> str:
    """A fresh current secret for an endpoint that has none (or this key); its text, which is never shown again."""
    key = key or signing.new_secret()
    row = EndpointSecret(endpoint=endpoint)
    row.sealed = root(_PURPOSE).seal(key, _context(row))
    row.save()
    return signing.show_secret(key)


def retire_secrets(endpoint: Endpoint, *, now: datetime, overlap: timedelta) -> datetime:
    """End the current secret after the overlap, and all older ones at once where that is nothing; the moment it ends.

    Raises TooManySecrets where a further secret would be the fourth.
    """
    endpoint.secrets.filter(signs_until__lte=now).delete()
    if not overlap:
        endpoint.secrets.all().delete()
        return now
    if endpoint.secrets.count() >= MOST_ALIVE:
        raise TooManySecrets
    endpoint.secrets.filter(signs_until=None).update(signs_until=now + overlap)
    return now + overlap


def revoke_old_secrets(endpoint: Endpoint) -> int:
    """Delete every secret but the current one; how many."""
    return endpoint.secrets.filter(~Q(signs_until=None)).delete()[0]


def live_keys(endpoint: Endpoint, *, now: datetime) -> tuple[bytes, ...]:
    """The keys that sign now, the newest first. Reads nothing where the secrets are prefetched."""
    rows = [row for row in endpoint.secrets.all() if row.signs_until is None or row.signs_until > now]
    rows.sort(key=lambda row: (row.created_at, row.id), reverse=True)
    return tuple(root(_PURPOSE).open(bytes(row.sealed), _context(row)) for row in rows[:MOST_ALIVE])


def _context(row: EndpointSecret) -> str:
    return f"webhooks.endpointsecret.sealed/{row.id}"
