"""Who is calling: the rules of X-Forwarded-For."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.client_address import client_address, is_forwarded_https, parse_address, parse_networks

PROXIES = parse_networks(["10.0.0.0/8", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # a stranger's word counts for nothing
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # what the client wrote itself stands left
        ("10.0.0.1", "198.51.100.1, 10.2.3.4", "198.51.100.1"),  # through two proxies of ours
        ("10.0.0.1", "10.9.9.9", "10.9.9.9"),  # a client inside the proxies' network
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "nonsense, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db9::1]:4711", "2001:db9::1"),
        ("2001:db8::1", "2001:db9::1", "2001:db9::1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_client_is_the_first_address_from_the_right_that_is_no_proxy(
    peer: str, forwarded_for: str, client: str
) -> None:
    assert client_address(peer, forwarded_for, PROXIES) == client


@given(forwarded_for=st.text(max_size=200))
def test_nothing_a_stranger_writes_changes_its_address(forwarded_for: str) -> None:
    assert client_address("203.0.113.7", forwarded_for, PROXIES) == "203.0.113.7"


@given(written=st.text(alphabet=st.characters(codec="latin-1"), max_size=100))
def test_nothing_a_client_writes_before_a_proxy_changes_its_address(written: str) -> None:
    assert client_address("10.0.0.1", f"{written},198.51.100.1", PROXIES) == "198.51.100.1"


@pytest.mark.parametrize(
    ("peer", "proto", "https"),
    [
        ("10.0.0.1", "https", True),
        ("10.0.0.1", "HTTPS", True),
        ("10.0.0.1", "https, http", False),
        ("10.0.0.1", "http", False),
        ("10.0.0.1", "", False),
        ("203.0.113.7", "https", False),
    ],
)
def test_https_is_what_a_trusted_proxy_says_last(peer: str, proto: str, https: bool) -> None:
    assert is_forwarded_https(peer, proto, PROXIES) is https


def test_a_network_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        parse_networks(["10.0.0.0/99"])


def test_what_is_too_long_for_an_address_is_none() -> None:
    assert parse_address("1.2.3.4" + " " * 57) == parse_address("1.2.3.4")
    assert parse_address("1.2.3.4" + " " * 58) is None
