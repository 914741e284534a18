"""How a request can end: the closed list that is stored, shown and counted, and what each end leaves open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """The end of one request. `LEASE_LOST` is written by whoever finds the trace of a worker that died."""

    OK = "ok"
    DNS_ERROR = "dns_error"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS_ERROR = "tls_error"
    BLOCKED_ADDRESS = "blocked_address"
    BAD_URL = "bad_url"
    IDNA_ERROR = "idna_error"
    SEND_ERROR = "send_error"
    TIMEOUT = "timeout"
    RESET_AFTER_SEND = "reset_after_send"
    TRUNCATED = "truncated"
    HTTP_3XX = "http_3xx"
    HTTP_4XX = "http_4xx"
    HTTP_410 = "http_410"
    HTTP_429 = "http_429"
    HTTP_5XX = "http_5xx"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    LEASE_LOST = "lease_lost"


NOTHING_SENT: Final = frozenset(
    {
        Outcome.DNS_ERROR,
        Outcome.CONNECT_REFUSED,
        Outcome.CONNECT_TIMEOUT,
        Outcome.TLS_ERROR,
        Outcome.BLOCKED_ADDRESS,
        Outcome.BAD_URL,
        Outcome.IDNA_ERROR,
    }
)
"""Not one byte of the request has left: it may be sent elsewhere without the danger of doing it twice."""

UNKNOWN: Final = frozenset(
    {
        Outcome.SEND_ERROR,
        Outcome.TIMEOUT,
        Outcome.RESET_AFTER_SEND,
        Outcome.TRUNCATED,
        Outcome.HTTP_5XX,
        Outcome.LEASE_LOST,
    }
)
"""The other side may or may not have acted on the request; nobody can tell from here."""

REFUSED_BY_US: Final = frozenset({Outcome.BLOCKED_ADDRESS, Outcome.BAD_URL, Outcome.IDNA_ERROR})
"""Trying again changes nothing: a person has to correct the URL."""


def outcome_of(status: int) -> Outcome:
    """The outcome of an HTTP status; one that is none of the standard classes counts as the server's fault."""
    special = {410: Outcome.HTTP_410, 429: Outcome.HTTP_429}
    classes = {2: Outcome.OK, 3: Outcome.HTTP_3XX, 4: Outcome.HTTP_4XX}
    return special.get(status) or classes.get(status // 100, Outcome.HTTP_5XX)


@dataclass(frozen=True, slots=True)
class Response:
    """What came of a request. Nothing here is trusted: it is the other side's text.

    `headers` holds retry-after and content-type where given once; `body_head` the first 64 KiB as received.
    `defect` is `too_large` or `bad_encoding` where the status is fine but the body cannot be used whole. `address` is
    the one connected to (or the first one tried), `detail` a line for the log without secrets.
    """

    outcome: Outcome
    duration_ms: int = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body_head: bytes = b""
    address: str = ""
    detail: str = ""
    defect: Outcome | None = None
