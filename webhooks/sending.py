"""One message on its way: what is sent, unsealed at the last moment, and the sending itself, without a database."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from accounts.vault import open_data_keys
from core.clock import now as clock
from core.http import loop
from core.http.client import Request
from core.http.outcomes import Response
from core.sealing import Sealer, Unsealable
from webhooks import signing
from webhooks.models import Message
from webhooks.outbox import body_context
from webhooks.secrets import live_keys
from webhooks.states import MessageState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything that one try needs. It lives in memory only, for as long as the try."""

    message: Message
    webhook_id: str
    url: str
    timeout: float
    body: bytes = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tried:
    """One try and its end."""

    message: Message
    started_at: datetime
    response: Response


def pack(messages: Sequence[Message]) -> list[Parcel]:
    """The parcels of claimed messages. One statement.

    A message that can never be sent is cancelled: its lead was erased, or its endpoint deleted. One whose seal does
    not open for another reason (a root key is missing) stays leased and comes back: an operator can cure that.
    """
    sealed = {message.event.lead_ref for message in messages if message.full and message.event.full_body}
    sealers = open_data_keys(ref for ref in sealed if ref is not None) if sealed else {}
    parcels = []
    for message in messages:
        try:
            parcel = _pack_one(message, sealers)
        except Unsealable:
            log.exception("message %s cannot be unsealed", message.public_id)
            continue
        if parcel is None:
            _cancel(message)
        else:
            parcels.append(parcel)
    return parcels


async def send(parcel: Parcel) -> Tried:
    """Sign and send one parcel: the same id and bytes at every try, the timestamp of this one. Never raises."""
    started = clock()
    headers = signing.signed_headers(parcel.keys, parcel.webhook_id, int(started.timestamp()), parcel.body)
    request = Request(
        parcel.url,
        body=parcel.body,
        headers={"Content-Type": "application/json", **headers},
        timeout=parcel.timeout,
    )
    return Tried(parcel.message, started, await loop.send(request))


def _pack_one(message: Message, sealers: dict[UUID, Sealer]) -> Parcel | None:
    body, endpoint = _body(message, sealers), message.endpoint
    keys = live_keys(endpoint, now=clock())
    if not body or not keys:
        return None
    return Parcel(message, message.event.public_id, endpoint.url, endpoint.timeout_ms / 1000, body, keys)


def _body(message: Message, sealers: dict[UUID, Sealer]) -> bytes | None:
    event = message.event
    if not message.full or not event.full_body:
        return bytes(event.body)
    sealer = sealers.get(event.lead_ref) if event.lead_ref else None
    return sealer.open(bytes(event.full_body), body_context(event.id)) if sealer else None


def _cancel(message: Message) -> None:
    Message.objects.filter(pk=message.pk, claim_token=message.claim_token).update(
        state=MessageState.CANCELLED, claim_token=None, lease_until=None, finished_at=clock()
    )
    log.warning("message %s cancelled: there is nothing left to send", message.public_id)
