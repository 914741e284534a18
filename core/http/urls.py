"""Which URLs may be called at all, judged before anything is resolved; what resolves is judged in the resolver."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import idna
from yarl import URL

from core.http.addresses import Address, Network, is_inside, read_networks
from core.http.outcomes import Outcome

_PORTS: Final = frozenset({443, 8443})
_LONGEST: Final = 2000
_LOCAL: Final = ("localhost", "local", "internal", "localdomain", "home.arpa")
_METADATA_NAMES: Final = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
_NUMBER: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f\\]")


class BadUrl(ValueError):
    """We do not call this URL; the message tells its owner why, `outcome` is how an attempt would end."""

    def __init__(self, why: str, outcome: Outcome = Outcome.BAD_URL) -> None:
        super().__init__(why)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Egress:
    """Where we may go: `allow` are the operator's networks, `own_hosts` the names under which we are reached."""

    allow: tuple[Network, ...] = ()
    own_hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, allow: Iterable[str], own_urls: Iterable[str] = ()) -> "Egress":
        """From the settings: blocks such as 127.0.0.0/8, and the URLs or host names that are ours."""
        hosts = (urlsplit(url if "//" in url else f"//{url}").hostname or "" for url in own_urls)
        return cls(read_networks(allow), frozenset(hosts) - {"", "*"})


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be called. `inside_only`: every address it resolves to must lie in the operator's networks."""

    url: URL
    host: str
    inside_only: bool


def parse_target(text: str, egress: Egress) -> Target:
    """The target that the text names. Raises BadUrl with a reason fit for the person who typed it.

    Plain http, other ports, literal addresses and local names are for the operator's own networks. One parser makes
    the URL that is judged and the URL that is called.
    """
    url = _parse(text)
    host = _host(url)
    url = url.with_host(host)
    literal = _literal(host)
    if literal is not None:
        return _literal_target(url, host, literal, egress)
    if host in _METADATA_NAMES:
        raise BadUrl("This host is never called.", Outcome.BLOCKED_ADDRESS)
    objection = _objection(url, host, egress)
    if objection and not egress.allow:
        raise BadUrl(objection)
    return Target(url, host, inside_only=bool(objection))


def _parse(text: str) -> URL:
    if not text or len(text) > _LONGEST or _UNSAFE.search(text):
        raise BadUrl(f"A URL has no spaces, backslashes or control characters and at most {_LONGEST} characters.")
    try:
        url = URL(text)
        port, host = url.port, url.raw_host
    except ValueError as error:
        raise BadUrl("This is not a URL.") from error
    if url.scheme not in {"http", "https"} or not host or not port:
        raise BadUrl("The URL must start with https:// and name a host.")
    if "@" in re.split("[/?#]", text, maxsplit=3)[2]:
        raise BadUrl("The URL must not hold a user name or password.")
    if "#" in text:
        raise BadUrl("The URL must not have a fragment (#).")
    return url


def _host(url: URL) -> str:
    host = (url.raw_host or "").rstrip(".").lower()
    if ":" in host:
        return host
    try:
        return idna.encode(host, uts46=True).decode() if not host.isascii() or "xn--" in host else _ascii(host)
    except idna.IDNAError as error:
        raise BadUrl("The host name is not a valid one.", Outcome.IDNA_ERROR) from error


def _ascii(host: str) -> str:
    labels = host.split(".")
    if len(host) > 253 or not all(re.fullmatch(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", label) for label in labels):
        raise BadUrl("The host name is not a valid one.")
    return host


def _literal(host: str) -> Address | None:
    """The address that the host is, or None for a name. Hosts that only look like numbers are refused."""
    try:
        return ip_address(host)
    except ValueError:
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            raise BadUrl("The host must be a name, not a number.", Outcome.BLOCKED_ADDRESS) from None
        return None


def _literal_target(url: URL, host: str, literal: Address, egress: Egress) -> Target:
    if not is_inside(literal, egress.allow):
        raise BadUrl("The host must be a name, not an address.", Outcome.BLOCKED_ADDRESS)
    return Target(url, host, inside_only=True)


def _objection(url: URL, host: str, egress: Egress) -> str:
    if url.scheme != "https":
        return "The URL must start with https://."
    if url.port not in _PORTS:
        return "The port must be 443 or 8443."
    if "." not in host or any(host == name or host.endswith(f".{name}") for name in _LOCAL):
        return "The host must be reachable from the internet."
    if host in egress.own_hosts:
        return "The host is this platform itself."
    return ""
