"""Which addresses may be called: public unicast, and what the operator opened. `ipaddress.is_global` knows too few."""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_DENIED_4: Final = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_6: Final = IPv6Network("2000::/3")
_DENIED_6: Final = tuple(IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_NAT64: Final = IPv6Network("64:ff9b::/96")
_METADATA: Final = frozenset(
    ip_address(one) for one in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254")
)


def read_networks(blocks: Iterable[str]) -> tuple[Network, ...]:
    """The networks of a setting such as EGRESS_ALLOW. Raises ValueError for what is none."""
    return tuple(ip_network(block.strip(), strict=False) for block in blocks)


def unwrap(address: Address) -> Address:
    """The IPv4 address behind a mapped or NAT64 one, where a connection would really end; others without their zone."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
        return IPv6Address(int(address))
    return address


def is_inside(address: Address, networks: Iterable[Network]) -> bool:
    """Whether the address, unwrapped, lies in one of the networks and is no metadata service."""
    real = unwrap(address)
    return real not in _METADATA and any(real in network for network in networks)


def is_public(address: Address) -> bool:
    """Whether the address, unwrapped, is public unicast and no metadata service. With a zone (`%eth0`) it is local."""
    real = unwrap(address)
    if real in _METADATA or getattr(address, "scope_id", None) is not None:
        return False
    if isinstance(real, IPv4Address):
        return not any(real in block for block in _DENIED_4)
    return real in _GLOBAL_6 and not any(real in block for block in _DENIED_6)


def is_allowed(address: Address, allow: Iterable[Network]) -> bool:
    """Whether we may connect: public, or inside what the operator allowed. Metadata services never."""
    return is_public(address) or is_inside(address, allow)
