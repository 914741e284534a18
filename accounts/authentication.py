"""From the Authorization header to a Principal: an in-process table of keys, true because versions are checked.

A key's row is read when it is first seen and whenever its agency's version has moved; the version comes with the rate
limiter's answer, so a known key costs one trip to Redis and no statement. Revoking a key moves the version: the next
request in any process reads the row again.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.key_format import digest, is_well_formed
from accounts.limiter import hit, seed_version
from accounts.limits import Verdict
from accounts.models import Agency, AgencyStatus, ApiKey
from accounts.principals import AgencyFacts, Principal
from core.client_address import Network, is_within, parse_address, parse_networks
from core.clock import now
from core.errors import DomainError
from core.ids import encode

PRINCIPAL: Final = "leaddistro.principal"
"""Under this name a request's environ says who sends it, or why that is refused, where it was asked before the view.

No client can: a server puts what clients name under HTTP_.
"""

_MOST_KEYS = 10_000
_USED_EVERY = 60.0  # seconds between two notes of a key's last use


class NotAuthenticated(DomainError):
    """Send a valid key as `Authorization: Bearer ldk_live_...`."""

    code = "invalid_key"
    status = 401
    headers = {"WWW-Authenticate": 'Bearer realm="leaddistro"'}


class KeyMissing(NotAuthenticated):
    """Send a key as `Authorization: Bearer ldk_live_...`."""

    code = "key_missing"


class KeyExpired(NotAuthenticated):
    """This key has expired. Create a new one, or use its successor."""

    code = "key_expired"


class KeyRevoked(NotAuthenticated):
    """This key has been revoked."""

    code = "key_revoked"


class KeyInQuery(DomainError):
    """A key stands in the address, where logs keep it. Send it in the Authorization header, and replace this key."""

    code = "key_in_query"
    status = 400


class AddressNotAllowed(DomainError):
    """This key may not be used from this address."""

    code = "address_not_allowed"
    status = 403


class AgencySuspended(DomainError):
    """This agency is suspended. Ask the operator of the platform."""

    code = "agency_suspended"
    status = 403


class TooManyRequests(DomainError):
    """The key has used up its requests of this minute."""

    code = "too_many_requests"
    status = 429

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"{self.__doc__} Try again in {verdict.reset_seconds} s.")
        self.headers = verdict.headers()


@dataclass(slots=True)
class _Known:
    """A key as this process knows it, under one version of its agency."""

    key_id: UUID
    actor: str
    agency: AgencyFacts
    version: int
    mode: str
    scopes: frozenset[str]
    source_id: UUID | None
    buyer_id: UUID | None
    allow: tuple[Network, ...]
    per_minute: int
    expires_at: datetime | None
    revoked: bool
    noted_at: float = field(default=0.0)


class _Table:
    """The keys seen lately, by digest."""

    def __init__(self) -> None:
        self._keys: OrderedDict[bytes, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def peek(self, mark: bytes) -> _Known | None:
        return self._keys.get(mark)

    def find(self, mark: bytes) -> _Known:
        known = self._keys.get(mark)
        return known if known is not None else self.load(mark)

    def load(self, mark: bytes) -> _Known:
        """The key as the database has it now. Raises NotAuthenticated for none."""
        known = _read(mark)
        if earlier := self._keys.get(mark):
            known.noted_at = earlier.noted_at
        with self._lock:
            self._keys[mark] = known
            if len(self._keys) > _MOST_KEYS:
                self._keys.popitem(last=False)
        return known


_table = _Table()


class KeyAuthentication(BaseAuthentication):
    """DRF's door: `request.auth` is the Principal. With `lots` see `authenticate_key`."""

    def __init__(self, *, lots: bool = False) -> None:
        self._lots = lots

    def authenticate(self, request: Request) -> tuple[None, Principal]:
        """The principal of the request's key."""
        meta = request._request.META
        known: Principal | Exception | None = meta.get(PRINCIPAL)
        if isinstance(known, Exception):
            raise known
        return None, known or authenticate_key(meta, meta.get("QUERY_STRING", ""), lots=self._lots)

    def authenticate_header(self, request: Request) -> str:
        """What a client without a key is asked for."""
        return NotAuthenticated.headers["WWW-Authenticate"]


def known_book(meta: dict[str, Any]) -> tuple[UUID, str] | None:
    """Agency and mode of the key that the request shows, where this process has met it; nothing is asked or counted.

    It may have been revoked since: this says where a request belongs, and not that it may do anything.
    """
    try:
        known = _table.peek(_presented(meta, ""))
    except NotAuthenticated:
        return None
    return None if known is None else (known.agency.id, known.mode)


def authenticate_key(meta: dict[str, Any], query: str = "", *, lots: bool = False) -> Principal:
    """The principal behind a request, which counts against its rate limit.

    With `lots` the limit is counted ahead and the key may have changed since: whoever asks for that compares the
    agency's version in the transaction of the effect, and calls `renew` where it has moved.

    Raises KeyInQuery, KeyMissing, NotAuthenticated (malformed, unknown, of a closed agency: told alike), KeyExpired,
    KeyRevoked, AddressNotAllowed, AgencySuspended and TooManyRequests. Never call it inside a transaction.
    """
    mark = _presented(meta, query)
    known = _table.find(mark)
    verdict = hit(known.key_id, known.per_minute, known.agency.id, lots=lots)
    known = _current(mark, known, verdict)
    if verdict.limit != known.per_minute:  # the limit may be what has changed
        verdict = replace(verdict, limit=known.per_minute)
    _check(known, meta.get("REMOTE_ADDR", ""))
    if not verdict.allowed:
        raise TooManyRequests(verdict)
    _note_use(known, meta.get("REMOTE_ADDR", ""))
    return _principal(known, meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_REQUEST_ID", ""), verdict)


def renew(principal: Principal) -> Principal:
    """The principal as its key is now; counts nothing. Anybody but a key stays who they are.

    Raises KeyRevoked, KeyExpired, AddressNotAllowed, AgencySuspended, or NotAuthenticated for a closed agency.
    """
    if principal.key_id is None or principal.kind != "key":
        return principal
    known = _table.load(bytes(ApiKey.objects.values_list("digest", flat=True).get(pk=principal.key_id)))
    _check(known, principal.address)
    return _principal(known, principal.address, principal.request_id, principal.rate)


def _principal(known: _Known, address: str, request_id: str, rate: Verdict | None) -> Principal:
    return Principal(
        kind="key",
        agency=known.agency,
        mode=known.mode,
        scopes=known.scopes,
        actor=known.actor,
        version=known.version,
        source_id=known.source_id,
        buyer_id=known.buyer_id,
        key_id=known.key_id,
        address=address,
        request_id=request_id,
        rate=rate,
    )


def _presented(meta: dict[str, Any], query: str) -> bytes:
    if "ldk_" in query:
        raise KeyInQuery
    scheme, _, key = meta.get("HTTP_AUTHORIZATION", "").partition(" ")
    if not key:
        raise KeyMissing
    key = key.strip()
    if scheme.lower() != "bearer" or not is_well_formed(key):
        raise NotAuthenticated
    return digest(key)


def _current(mark: bytes, known: _Known, verdict: Verdict) -> _Known:
    """The key under the agency's present version: as known while nothing moved, else read again."""
    version = verdict.version
    if version is None:
        version = Agency.objects.values_list("version", flat=True).get(pk=known.agency.id)
        seed_version(known.key_id, known.agency.id, version)
    return known if known.version >= version else _table.load(mark)


def _check(known: _Known, address: str) -> None:
    if known.agency.status == AgencyStatus.CLOSED:
        raise NotAuthenticated
    if known.revoked:
        raise KeyRevoked
    if known.expires_at is not None and known.expires_at <= now():
        raise KeyExpired
    if known.agency.status == AgencyStatus.SUSPENDED:
        raise AgencySuspended
    if known.allow and not is_within(parse_address(address), known.allow):
        raise AddressNotAllowed


def _note_use(known: _Known, address: str) -> None:
    """Write down that the key is in use, once a minute per process."""
    instant = time.monotonic()
    if known.noted_at and instant - known.noted_at < _USED_EVERY:
        return
    known.noted_at = instant
    ApiKey.objects.filter(pk=known.key_id).update(last_used_at=now(), last_used_address=address[:45])


def _read(mark: bytes) -> _Known:
    row = ApiKey.objects.select_related("agency", "rate_limit").filter(digest=mark).first()
    if row is None:
        raise NotAuthenticated
    agency = row.agency
    return _Known(
        key_id=row.pk,
        actor=f"key:{encode(ApiKey.prefix, row.pk)}",
        agency=AgencyFacts(agency.pk, agency.currency, agency.timezone, agency.status),
        version=agency.version,
        mode=row.mode,
        scopes=frozenset(row.scopes),
        source_id=row.source_id,
        buyer_id=row.buyer_id,
        allow=parse_networks(row.allow),
        per_minute=row.rate_limit_per_minute
        or (row.rate_limit.per_minute if row.rate_limit else settings.RATE_LIMIT_PER_MINUTE),
        expires_at=row.expires_at,
        revoked=row.revoked_at is not None,
    )
