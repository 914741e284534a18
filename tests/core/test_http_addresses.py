"""Only public unicast addresses may be called, whatever they are wrapped in."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http.addresses import is_allowed, is_public, read_networks, unwrap

DENIED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.8.8.8 169.254.1.1 172.16.0.1
172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9
224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1
::ffff:10.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1 100::1 5f00::1 fc00::1 fd12:3456::1 fe80::1
fe80::1%eth0 2606:4700::1%eth0 fec0::1 ff02::1 2001::1 2001:1ff::1 2001:db8::1 2002:7f00:1::1 2002:808:808::1
3fff::1 4000::1
""".split()  # noqa: SIM905 - a table of addresses reads better than a column
PUBLIC = """
1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 223.255.255.255
2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808
""".split()  # noqa: SIM905 - a table of addresses reads better than a column
METADATA = """
169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 fd00:ec2::254 ::ffff:169.254.169.254
64:ff9b::a9fe:a9fe ::ffff:168.63.129.16 fd00:ec2::254%eth0 ::ffff:169.254.169.254%eth0
""".split()  # noqa: SIM905 - a table of addresses reads better than a column
EVERYTHING = read_networks(["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize("text", DENIED)
def test_what_is_not_public_unicast_is_denied(text: str) -> None:
    assert not is_allowed(ip_address(text), ())


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_unicast_is_allowed(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", METADATA)
def test_metadata_services_are_never_called_not_even_when_everything_is_opened(text: str) -> None:
    assert not is_allowed(ip_address(text), EVERYTHING)


def test_the_operators_networks_are_opened_and_nothing_beside_them() -> None:
    allow = read_networks(["127.0.0.0/8", "10.1.0.0/16"])
    assert is_allowed(ip_address("127.0.0.1"), allow)
    assert is_allowed(ip_address("::ffff:10.1.2.3"), allow)
    assert not is_allowed(ip_address("10.2.0.1"), allow)
    assert not is_allowed(ip_address("::1"), allow)


@given(st.ip_addresses(v=4).map(IPv4Address))
def test_wrapping_an_address_changes_nothing(address: IPv4Address) -> None:
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert unwrap(IPv6Address(wrapped)) == address
        assert is_public(IPv6Address(wrapped)) == is_public(address)


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_whatever_python_knows_to_be_private_is_denied_too(address: IPv4Address | IPv6Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public(address) or unwrap(address) != address
