"""Signing keys at rest: made, sealed, opened. Their text exists once, in the answer that shows it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from core.ids import new_id
from core.sealing import root
from webhooks.models import Endpoint, EndpointSecret
from webhooks.signing import new_secret, show_secret

_PURPOSE = "webhook-secrets"


def add_secret(endpoint: Endpoint) -> str:
    """Give the endpoint its current secret and return its text. Whatever was current must have its end set before."""
    key, secret_id = new_secret(), new_id()
    EndpointSecret.objects.create(id=secret_id, endpoint=endpoint, sealed=root(_PURPOSE).seal(key, _context(secret_id)))
    return show_secret(key)


def signing_keys(endpoint_ids: Iterable[UUID], now: datetime) -> dict[UUID, list[bytes]]:
    """The keys that sign for each endpoint at this moment, the newest first; one SELECT."""
    rows = EndpointSecret.objects.filter(Q(signs_until=None) | Q(signs_until__gt=now), endpoint__in=list(endpoint_ids))
    keys: dict[UUID, list[bytes]] = {}
    for secret in rows.order_by(F("signs_until").desc(nulls_first=True)):
        keys.setdefault(secret.endpoint_id, []).append(root(_PURPOSE).open(bytes(secret.sealed), _context(secret.pk)))
    return keys


def _context(secret_id: UUID) -> str:
    return f"webhooks.endpointsecret.sealed/{secret_id}"
