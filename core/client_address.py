"""Who is really calling: reads what proxies say, but only from proxies the operator named. Pure."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks written in `texts` (`10.0.0.0/8`, `::1`); raises ValueError naming the one that is none."""
    return tuple(ip_network(text.strip()) for text in texts)


LONGEST = 64
"""Characters of an address with its port; a stranger may write as many as it likes, and they would be remembered."""


def parse_address(text: str) -> Address | None:
    """The address in `text`, with or without a port, an IPv4 one unwrapped from IPv6; None where there is none."""
    return _parse(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=4096)
def _parse(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_within(address: Address | None, networks: Sequence[Network]) -> bool:
    """Whether `address` lies in one of `networks`; no address lies in none."""
    return address is not None and any(address in network for network in networks)


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The address of the client behind `peer`, the other end of the connection.

    While the address in hand is a trusted proxy's, believe what it appended to X-Forwarded-For: the next entry from the
    right. The first address that is not trusted is the client's, and everything left of it is hearsay. An entry that is
    no address ends the walk, too.
    """
    address = parse_address(peer)
    entries = forwarded_for.split(",") if forwarded_for else []
    while entries and is_within(address, trusted):
        before = parse_address(entries.pop())
        if before is None:
            break
        address = before
    return str(address) if address else peer


def is_forwarded_https(peer: str, forwarded_proto: str, trusted: Sequence[Network]) -> bool:
    """Whether a trusted proxy says that it was asked over HTTPS (the last word of X-Forwarded-Proto is its own)."""
    said = forwarded_proto.rpartition(",")[2].strip().lower()
    return said == "https" and is_within(parse_address(peer), trusted)
