"""A request is bounded in every direction, against a receiver and a resolver that wish us ill."""

import asyncio
import os
import ssl
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.http import loop
from core.http.client import BODY_LIMIT, Client, Request, client_tls
from core.http.headers import BadHeader, check_headers
from core.http.loop import LoopThread
from core.http.outcomes import Outcome, Response
from core.http.resolver import Lookup
from core.http.urls import Egress
from tests.core.certificates import make_certificate
from tests.webhooks.receiver import bomb, drip, flood, raw, receiving, reset, silence, status

LOOPBACK = Egress.of(["127.0.0.0/8"])
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answers(*rounds: Sequence[str]) -> Lookup:
    """A resolver that gives these answers, one round per question; the last round stays."""
    left = list(rounds)

    async def lookup(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return lookup


def send(
    *requests: Request, egress: Egress = LOOPBACK, lookup: Lookup | None = None, tls: ssl.SSLContext | None = None
) -> list[Response]:
    """What one client says to these requests, one after the other."""

    async def exchange() -> list[Response]:
        client = Client(egress, tls=tls, **({"lookup": lookup} if lookup else {}))
        try:
            return [await client.send(request) for request in requests]
        finally:
            await client.close()

    return asyncio.run(exchange())


def send_one(url: str, *, timeout: float = 5, **more: object) -> Response:
    return send(Request(url, body=b"{}", timeout=timeout), **more)[0]  # type: ignore[arg-type]


# --- orderly answers ---------------------------------------------------------------------------------------------


def test_the_body_and_the_headers_arrive_as_given_and_the_answer_comes_back() -> None:
    with receiving(status(201, b"made", "Content-Type: text/plain", "Set-Cookie: a=b", "Retry-After: 7")) as receiver:
        answer = send(Request(receiver.url, body=b'{"a": 1}', headers={"Content-Type": "application/json"}))[0]
    assert (answer.outcome, answer.status, answer.body_head) == (Outcome.OK, 201, b"made")
    assert answer.headers == {"content-type": "text/plain", "retry-after": "7"}
    assert (answer.address, answer.defect) == ("127.0.0.1", None)
    got = receiver.got[0]
    assert (got.head, got.body) == ("POST /hook HTTP/1.1", b'{"a": 1}')
    assert got.headers["accept-encoding"] == "identity"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert "cookie" not in got.headers


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (200, "ok"),
        (204, "ok"),
        (302, "http_3xx"),
        (404, "http_4xx"),
        (410, "http_410"),
        (429, "http_429"),
        (500, "http_5xx"),
        (503, "http_5xx"),
        (600, "http_5xx"),
    ],
)
def test_each_status_has_its_outcome(code: int, outcome: str) -> None:
    with receiving(status(code)) as receiver:
        assert send_one(receiver.url).outcome == outcome


def test_connections_are_kept_and_cookies_are_not() -> None:
    def two(connection: object) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok")  # type: ignore[attr-defined]
        seen.append(connection.recv(65536))  # type: ignore[attr-defined]
        connection.sendall(OK)  # type: ignore[attr-defined]

    seen: list[bytes] = []
    with receiving(two) as receiver:
        results = send(*[Request(receiver.url, body=b"{}")] * 2)
    assert [answer.outcome for answer in results] == [Outcome.OK, Outcome.OK]
    assert len(receiver.got) == 1
    assert b"Cookie" not in seen[0]


# --- receivers that wish us ill ----------------------------------------------------------------------------------


def test_a_redirect_to_the_metadata_service_is_a_failure_that_names_the_host() -> None:
    with receiving(status(302, b"", "Location: http://169.254.169.254/latest")) as receiver:
        answer = send_one(receiver.url)
    assert (answer.outcome, answer.detail) == (Outcome.HTTP_3XX, "redirects are not followed (to 169.254.169.254)")
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "script",
    [
        drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 5),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", 5),
        silence(5),
    ],
    ids=["header", "body", "nothing"],
)
def test_dripping_an_answer_holds_us_no_longer_than_the_deadline(script: object) -> None:
    with receiving(script) as receiver:  # type: ignore[arg-type]
        started = time.monotonic()
        answer = send_one(receiver.url, timeout=0.5)
    assert answer.outcome == Outcome.TIMEOUT
    assert time.monotonic() - started < 2
    assert 450 <= answer.duration_ms < 1500


def test_a_body_without_end_is_read_to_its_64th_kilobyte() -> None:
    with receiving(flood(200)) as receiver:
        answer = send_one(receiver.url)
    assert (answer.outcome, answer.defect, len(answer.body_head)) == (Outcome.OK, Outcome.TOO_LARGE, BODY_LIMIT)


def test_a_gzip_bomb_stays_packed() -> None:
    with receiving(bomb()) as receiver:
        answer = send_one(receiver.url)
    assert (answer.outcome, answer.defect) == (Outcome.OK, Outcome.BAD_ENCODING)
    assert len(answer.body_head) < 20_000


def test_headers_without_end_are_not_read() -> None:
    header = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 2000) for number in range(30))
    with receiving(raw(b"HTTP/1.1 200 OK\r\n" + header + b"Content-Length: 0\r\n\r\n")) as receiver:
        assert send_one(receiver.url).outcome == Outcome.TOO_LARGE
    with receiving(raw(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n")) as receiver:
        assert send_one(receiver.url).outcome == Outcome.TOO_LARGE


def test_a_hang_up_after_the_request_is_told_from_one_in_the_middle_of_the_body() -> None:
    with receiving(reset) as receiver:
        assert send_one(receiver.url).outcome == Outcome.RESET_AFTER_SEND
    with receiving(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")) as receiver:
        assert send_one(receiver.url).outcome == Outcome.TRUNCATED


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_whoever_hangs_up_after_the_request_is_not_sent_it_twice(method: str) -> None:
    with receiving(reset) as receiver:
        (answer,) = send(Request(receiver.url, method=method))
    assert (answer.outcome, len(receiver.got)) == (Outcome.RESET_AFTER_SEND, 1)


def test_what_is_not_http_is_a_bad_encoding() -> None:
    with receiving(raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")) as receiver:
        assert send_one(receiver.url).outcome == Outcome.BAD_ENCODING


def test_nul_and_broken_utf8_come_back_as_bytes() -> None:
    with receiving(status(500, b"\x00\xff\xfe broken")) as receiver:
        assert send_one(receiver.url).body_head == b"\x00\xff\xfe broken"


def test_two_retry_after_headers_are_none() -> None:
    with receiving(status(503, b"", "Retry-After: 1", "Retry-After: 99999")) as receiver:
        assert "retry-after" not in send_one(receiver.url).headers


def test_a_closed_port_is_refused_and_nothing_was_sent() -> None:
    with receiving() as receiver:
        pass
    assert send_one(receiver.url).outcome == Outcome.CONNECT_REFUSED


def test_a_proxy_of_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with receiving() as receiver:
        assert send_one(receiver.url).outcome == Outcome.OK


# --- resolvers that wish us ill ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "found",
    [
        ["10.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["8.8.8.8"] * 15 + ["127.0.0.1"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["169.254.169.254"],
        ["8.8.8.8"] * 17,
        ["not an address"],
    ],
)
def test_one_bad_answer_condemns_the_name(found: list[str]) -> None:
    answer = send_one("https://example.com/", egress=Egress(), lookup=answers(found))
    assert answer.outcome == Outcome.BLOCKED_ADDRESS


def test_a_name_that_turns_inwards_after_it_was_checked_is_checked_again() -> None:
    with receiving(raw(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))) as receiver:
        url = f"http://shop.example:{receiver.port}/"
        results = send(Request(url), Request(url), lookup=answers(["127.0.0.1"], ["192.168.0.1"]))
    assert [answer.outcome for answer in results] == [Outcome.OK, Outcome.BLOCKED_ADDRESS]


def test_the_connection_goes_to_the_address_that_was_checked_under_the_name_that_was_asked() -> None:
    with receiving() as receiver:
        answer = send_one(f"http://shop.example:{receiver.port}/x", lookup=answers(["127.0.0.1"]))
    assert (answer.outcome, answer.address) == (Outcome.OK, "127.0.0.1")
    assert receiver.got[0].headers["host"] == f"shop.example:{receiver.port}"


def test_plain_http_to_a_public_address_is_refused_even_where_private_networks_are_open() -> None:
    answer = send_one("http://example.com/", lookup=answers(["8.8.8.8"]))
    assert answer.outcome == Outcome.BLOCKED_ADDRESS


def test_a_name_without_answer_or_with_a_slow_one_is_a_dns_error() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return []

    async def broken(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    for lookup in (never, broken, answers([])):
        assert send_one("https://example.com/", lookup=lookup).outcome == Outcome.DNS_ERROR


# --- TLS ---------------------------------------------------------------------------------------------------------


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "certificate.pem"))


def serving(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(
    ("name", "days", "trusted", "outcome"),
    [
        ("shop.example", 1, True, "ok"),
        ("other.example", 1, True, "tls_error"),
        ("shop.example", -1, True, "tls_error"),
        ("shop.example", 1, False, "tls_error"),
    ],
    ids=["good", "wrong name", "expired", "self-signed"],
)
def test_the_certificate_must_be_valid_for_the_name(
    tmp_path: Path, name: str, days: int, trusted: bool, outcome: str
) -> None:
    make_certificate(tmp_path, name, days)
    with receiving(tls=serving(tmp_path)) as receiver:
        answer = send_one(
            f"https://shop.example:{receiver.port}/",
            lookup=answers(["127.0.0.1"]),
            tls=trusting(tmp_path) if trusted else None,
        )
    assert answer.outcome == outcome


def test_tls_older_than_1_2_is_not_spoken() -> None:
    assert client_tls().minimum_version == ssl.TLSVersion.TLSv1_2


# --- headers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "evil.example"),
        ("content-length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close"),
        ("Proxy-Authorization", "x"),
        ("Webhook-Signature", "v1,x"),
        ("X-A", "b\r\nHost: evil.example"),
        ("X-A", "b\nc"),
        ("X-A\r\nX-B", "c"),
        ("X A", "b"),
        ("", "b"),
        ("X-A", "\x00"),
        ("X-A", "a" * 5000),
    ],
)
def test_a_header_that_is_ours_or_breaks_the_line_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadHeader):
        check_headers({name: value})


def test_twenty_headers_of_ones_own_are_enough() -> None:
    many = {f"X-{number}": "a" for number in range(20)}
    assert check_headers(many) == many
    with pytest.raises(BadHeader):
        check_headers(many | {"X-20": "a"})


# --- the loop ----------------------------------------------------------------------------------------------------


def test_requests_fan_out_on_one_thread_at_the_same_time() -> None:
    thread = LoopThread()

    async def fan_out(url: str) -> list[Response]:
        client = Client(LOOPBACK)
        try:
            return await asyncio.gather(*(client.send(Request(url)) for _ in range(20)))
        finally:
            await client.close()

    with receiving(status(200, delay=0.3)) as receiver:
        started = time.monotonic()
        results = thread.run(fan_out(receiver.url), 10)
    thread.stop()
    assert [answer.outcome for answer in results] == [Outcome.OK] * 20
    assert time.monotonic() - started < 3


def test_waiting_on_the_loop_ends_at_its_time_limit_and_the_loop_lives_on() -> None:
    with pytest.raises(TimeoutError):
        loop.run(asyncio.sleep(30), 0.05)
    assert loop.run(asyncio.sleep(0, "alive"), 5) == "alive"


def test_a_forked_child_gets_a_loop_of_its_own() -> None:
    thread = LoopThread()
    assert thread.run(asyncio.sleep(0, "parent"), 5) == "parent"
    child = os.fork()
    if child == 0:
        os._exit(0 if thread.run(asyncio.sleep(0, "child"), 5) == "child" else 1)
    assert os.waitpid(child, 0)[1] == 0
    thread.stop()
