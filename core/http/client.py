"""One request, bounded in every direction: where it goes, how long it takes, how much it may answer."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from yarl import URL

from core.http.crowd import Crowd
from core.http.lanes import Lanes
from core.http.outcomes import Outcome, Response, outcome_of
from core.http.resolver import BlockedAddress, Lookup, resolve, system_lookup
from core.http.urls import BadUrl, Egress, Target, parse_target

CONNECT_SECONDS: Final = 3.0
TOTAL_SECONDS: Final = 10.0
BODY_LIMIT: Final = 64 * 1024
HEADER_LIMIT: Final = 32 * 1024
OPEN_PER_LANE: Final = 64
MOST_OPEN: Final = 250
_SHOWN: Final = ("retry-after", "content-type")
# Shorter than the five seconds after which common servers hang up: a post on a connection that is just being closed
# would end with nobody knowing whether it was read.
_KEEP_ALIVE: Final = 4.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent. `timeout` bounds the whole exchange by the clock, look-up and body included."""

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    timeout: float = TOTAL_SECONDS


@dataclass(slots=True)
class _Progress:
    """How far one request has come, so that its failure can be named for what it left open."""

    inside_only: bool
    address: str = ""
    connected: bool = False
    sent: bool = False


_progress: ContextVar[_Progress] = ContextVar("http_progress")


class Client:
    """Sends requests under one egress policy over a pool of kept-alive connections. Belongs to one event loop."""

    def __init__(self, egress: Egress, *, lookup: Lookup = system_lookup, tls: ssl.SSLContext | None = None) -> None:
        self.lanes, self.crowd = Lanes(OPEN_PER_LANE), Crowd(MOST_OPEN)
        # The judgement of a text is the same every time; where its name leads is looked up for every connection.
        self._target = lru_cache(maxsize=4096)(partial(parse_target, egress=egress))
        connector = _Connector(
            ssl=tls or client_tls(),
            resolver=_Resolver(egress, lookup),
            use_dns_cache=False,
            limit=0,
            keepalive_timeout=_KEEP_ALIVE,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Content-Type",),
            response_class=_Answer,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        )
        # Whoever hangs up may have read the request: a GET too can sell a lead, and is sent once. aiohttp has no
        # public word for it.
        self._session._retry_connection = False

    async def send(self, request: Request, *, timeout: float | None = None) -> Response:
        """What came of the request: a value for every trouble the network can make, never an exception.

        `timeout` takes the place of the request's own.
        """
        started = time.monotonic()
        try:
            target = self._target(request.url)
        except BadUrl as error:
            return Response(error.outcome, detail=str(error))
        progress = _Progress(inside_only=target.inside_only)
        _progress.set(progress)
        try:
            async with asyncio.timeout(request.timeout if timeout is None else timeout):
                answer = await self._exchange(request, target)
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            answer = {"outcome": _name(error, progress), "detail": _detail(error)}
        spent = round((time.monotonic() - started) * 1000)
        return Response(**answer, address=progress.address, duration_ms=spent)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def _exchange(self, request: Request, target: Target) -> dict[str, Any]:
        async with self._session.request(
            request.method,
            target.url,
            data=request.body,
            headers={"User-Agent": "leaddistro/1", **request.headers, "Accept-Encoding": "identity"},
            allow_redirects=False,
        ) as answer:
            if sum(len(name) + len(value) + 4 for name, value in answer.raw_headers) > HEADER_LIMIT:
                answer.close()
                return {"outcome": Outcome.TOO_LARGE, "status": answer.status, "detail": "too many headers"}
            head, complete = await _read_head(answer)
            encoded = answer.headers.get("Content-Encoding", "identity").lower() != "identity"
            return {
                "outcome": outcome_of(answer.status),
                "status": answer.status,
                "headers": _shown(answer),
                "body_head": head,
                "detail": _pointed_to(answer),
                "defect": Outcome.BAD_ENCODING if encoded else None if complete else Outcome.TOO_LARGE,
            }


def client_tls() -> ssl.SSLContext:
    """The machine's certificate authorities, and nothing older than TLS 1.2."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


# --- what aiohttp tells us on the way ----------------------------------------------------------------------------


class _Resolver(AbstractResolver):
    """Hands aiohttp addresses that were checked for this very request."""

    def __init__(self, egress: Egress, lookup: Lookup) -> None:
        self._allow = egress.allow
        self._lookup = lookup

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        progress = _progress.get()
        addresses = await resolve(host, port, lookup=self._lookup, allow=self._allow, inside_only=progress.inside_only)
        progress.address = str(addresses[0])
        return [
            ResolveResult(hostname=host, host=str(address), port=port, family=family, proto=0, flags=0)
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


class _Connector(aiohttp.TCPConnector):
    """Notes that there is a connection, new or kept alive: from here on nobody can say that nothing was sent."""

    async def connect(self, *args: Any, **options: Any) -> Connection:
        connection = await super().connect(*args, **options)
        _progress.get().connected = True
        return connection


class _Answer(aiohttp.ClientResponse):
    """Notes that the request has been handed over, and whom the connection really reached."""

    async def start(self, connection: Connection) -> "_Answer":
        progress = _progress.get()
        progress.sent = True
        peer = connection.transport.get_extra_info("peername") if connection.transport else None
        if peer:
            progress.address = str(peer[0])
        await super().start(connection)
        return self


# --- reading the answer ------------------------------------------------------------------------------------------


async def _read_head(answer: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """The first 64 KiB as they came over the wire, and whether that was all; if not, the connection is dropped."""
    head = bytearray()
    async for chunk in answer.content.iter_any():
        head += chunk
        if len(head) > BODY_LIMIT:
            answer.close()
            return bytes(head[:BODY_LIMIT]), False
    return bytes(head), True


def _shown(answer: aiohttp.ClientResponse) -> dict[str, str]:
    found = {name: answer.headers.getall(name, []) for name in _SHOWN}
    return {name: values[0][:200] for name, values in found.items() if len(values) == 1}


def _pointed_to(answer: aiohttp.ClientResponse) -> str:
    if answer.status // 100 != 3:
        return ""
    try:
        host = URL(answer.headers.get("Location", "")).host
    except ValueError:
        host = None
    return f"redirects are not followed (to {host[:100]})" if host else "redirects are not followed"


# --- naming the trouble ------------------------------------------------------------------------------------------

_BEFORE_SENDING: Final[tuple[tuple[type[BaseException], Outcome], ...]] = (
    (aiohttp.ClientSSLError, Outcome.TLS_ERROR),
    (ssl.SSLError, Outcome.TLS_ERROR),
    (TimeoutError, Outcome.CONNECT_TIMEOUT),
    (aiohttp.InvalidURL, Outcome.BAD_URL),
)


def _name(error: Exception, progress: _Progress) -> Outcome:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        blocked = isinstance(error.os_error, BlockedAddress)
        return Outcome.BLOCKED_ADDRESS if blocked else Outcome.DNS_ERROR
    if not progress.connected:
        known = (outcome for kind, outcome in _BEFORE_SENDING if isinstance(error, kind))
        return next(known, Outcome.CONNECT_REFUSED)
    if isinstance(error, TimeoutError):
        return Outcome.TIMEOUT
    if isinstance(error, aiohttp.ClientPayloadError):
        return Outcome.TRUNCATED
    if isinstance(error, aiohttp.ClientResponseError):
        return Outcome.TOO_LARGE if "more than" in error.message else Outcome.BAD_ENCODING
    return Outcome.RESET_AFTER_SEND if progress.sent else Outcome.SEND_ERROR


def _detail(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return (str(cause) or type(cause).__name__)[:200]
