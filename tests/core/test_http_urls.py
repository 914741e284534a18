"""A URL is judged before anything is resolved, and its owner is told what is wrong with it."""

import pytest

from core.http.outcomes import Outcome
from core.http.urls import BadUrl, Egress, parse_target

OPEN = Egress.of(["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"])
CLOSED = Egress.of([], ["https://leads.example.org", "other.example.org", "*"])


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://example.com", "https://example.com"),
        ("https://EXAMPLE.com:443/a?b=c", "https://example.com/a?b=c"),
        ("https://example.com.:8443/", "https://example.com:8443/"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://example.com/a%2Fb?x=%20", "https://example.com/a%2Fb?x=%20"),
    ],
)
def test_a_public_https_url_is_taken_in_its_normal_form(text: str, normal: str) -> None:
    target = parse_target(text, CLOSED)
    assert (str(target.url), target.inside_only) == (normal, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "//example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "gopher://example.com",
        "https://",
        "https:///path",
        "http://example.com",
        "https://example.com:80",
        "https://example.com:22",
        "https://example.com:0",
        "https://example.com:99999",
        "https://user@example.com",
        "https://user:secret@example.com",
        "https://@example.com",
        "https://example.com/#part",
        "https://example.com#",
        "https://example.com\\@evil.example",
        "https://exam ple.com",
        "https://example.com/\r\nX: y",
        "https://example.com/\x00",
        "https://localhost",
        "https://api.localhost",
        "https://printer.local",
        "https://db.internal",
        "https://intranet",
        "https://leads.example.org/v1",
        "https://LEADS.example.org./v1",
        "https://other.example.org",
        "https://ex_-.example-.com",
        "https://" + "a" * 64 + ".com",
        "https://example..com",
        "https://xn--a.example",
        "https://example.com/" + "a" * 2000,
    ],
)
def test_what_is_not_a_public_https_url_is_refused(text: str) -> None:
    with pytest.raises(BadUrl):
        parse_target(text, CLOSED)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "8.8.8.8",
        "[::1]",
        "[2606:4700::1]",
        "[::ffff:8.8.8.8]",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "1.2.3",
        "\uff11\uff12\uff17.0.0.1",
        "127\u30020\u30020\u30021",
        "example.0x1",
        "169.254.169.254",
        "metadata.google.internal",
    ],
)
def test_addresses_and_everything_that_looks_like_one_are_refused(host: str) -> None:
    with pytest.raises(BadUrl) as refused:
        parse_target(f"https://{host}/", CLOSED)
    assert refused.value.outcome in {Outcome.BLOCKED_ADDRESS, Outcome.BAD_URL}


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:9000/hook",
        "http://10.2.3.4",
        "https://[fd12::1]:7/",
        "http://localhost:8000/demo",
        "http://crm.internal/hook",
        "http://example.com",
        "https://example.com:9000",
    ],
)
def test_inside_the_operators_networks_any_port_plain_http_and_addresses_are_taken(text: str) -> None:
    assert parse_target(text, OPEN).inside_only


@pytest.mark.parametrize(
    "text", ["http://169.254.169.254/", "http://192.168.0.1/", "http://[::1]/", "http://2130706433/"]
)
def test_an_open_network_opens_nothing_else(text: str) -> None:
    with pytest.raises(BadUrl):
        parse_target(text, OPEN)


def test_a_metadata_address_stays_closed_when_its_network_is_opened() -> None:
    everything = Egress.of(["0.0.0.0/0", "::/0"])
    for host in ("169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "metadata.google.internal"):
        with pytest.raises(BadUrl):
            parse_target(f"http://{host}/", everything)


def test_the_owner_is_told_what_is_wrong() -> None:
    with pytest.raises(BadUrl, match=r"The port must be 443 or 8443\."):
        parse_target("https://example.com:8000", CLOSED)
    with pytest.raises(BadUrl, match="must not hold a user name"):
        parse_target("https://a:b@example.com", CLOSED)
