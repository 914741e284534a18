"""Pings and posts over a real connection: an honest buyer, and buyers that wish us ill."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from buyers.exchange.answers import Answer
from buyers.exchange.stages import Stage
from tests.buyers.exchange.making import VALUES, compiled, said
from tests.core.test_http_client import send
from tests.webhooks.receiver import bomb, drip, flood, raw, receiving, reset, silence, status

BID = b'{"accepted": true, "price": 42.50, "token": "x", "reason": null}'


def asking(url: str, kind: str) -> Stage:
    limit = 1_000  # milliseconds; only silence and drips come near it
    method = compiled(
        preset="generic_json", ping={"url": url, "timeout_ms": limit}, post={"url": url, "timeout_ms": limit}
    )
    stage = method.ping if kind == "ping" else method.post
    assert stage is not None
    return stage


def asked(serve: Any, kind: str = "ping") -> Answer:
    """What comes of a stage before this server."""
    with receiving(serve) as receiver:
        stage = asking(receiver.url, kind)
        return stage.read(send(stage.request(VALUES))[0])


def test_an_honest_buyer_sees_the_ping_and_its_bid_is_read() -> None:
    with receiving(status(200, BID, "Content-Type: text/html")) as receiver:
        stage = asking(receiver.url, "ping")
        told = stage.read(send(stage.request(VALUES))[0])
    got = receiver.got[0]

    assert said(told) == ("accepted", 4250, "", "x")
    assert json.loads(got.body) == {"type": "ping", "ping_id": "ping_1", "lead": {"state": "DC", "zip": "20001"}}
    assert got.headers["content-type"] == "application/json"


def test_a_get_reaches_the_buyer_with_its_query() -> None:
    with receiving(status(200, BID)) as receiver:
        stage = compiled(
            post={
                "url": receiver.url,
                "verb": "GET",
                "body": {"city": "{{lead.city}}"},
                "answer": {"read": "regex", "success": {"at": "accepted"}},
            }
        ).post
        told = stage.read(send(stage.request(replace(VALUES, lead={"city": "São Tomé & Co"})))[0])

    assert told.accepted
    assert receiver.got[0].head == "GET /hook?city=S%C3%A3o+Tom%C3%A9+%26+Co HTTP/1.1"


HOSTILE: list[tuple[Callable[[Any], None], str, str]] = [
    (bomb(), "unreadable", "bad_encoding"),
    (flood(10), "too_large", "too_large"),
    (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x", 3), "timeout", "timeout"),
    (silence(3), "timeout", "timeout"),
    (reset, "broken", "reset_after_send"),
    (raw(b"garbage\r\n\r\n"), "unreadable", "bad_encoding"),
    (status(200, b"x" * 10_000_000), "too_large", "too_large"),
    (status(200, b"<html>"), "unreadable", "bad_json"),
    (status(302, b"", "Location: http://169.254.169.254/latest"), "error", "http_302"),
    (status(200, b'{"accepted": true, "price": -1}'), "bad_bid", "price_negative"),
    (status(200, b'{"accepted": true, "price": NaN}'), "unreadable", "bad_json"),
    (status(200, b'{"accepted": true, "price": "1e15"}'), "bad_bid", "price_huge"),
    (status(200, b'{"accepted": "yes", "price": 1}'), "unreadable", "neither_yes_nor_no"),
]


@pytest.mark.parametrize(
    ("serve", "outcome", "reason"), HOSTILE, ids=[f"{outcome}-{place}" for place, (_, outcome, _) in enumerate(HOSTILE)]
)
def test_a_buyer_that_wishes_us_ill_is_refused_with_a_reason(
    serve: Callable[[Any], None], outcome: str, reason: str
) -> None:
    told = asked(serve)

    assert (told.outcome.value, told.reason, told.price) == (outcome, reason, None)


@pytest.mark.parametrize("serve", [silence(3), reset, flood(10)], ids=["silence", "reset", "flood"])
def test_a_post_that_broke_off_leaves_the_lead_where_it_may_be(serve: Callable[[Any], None]) -> None:
    assert asked(serve, "post").unknown is True


def test_nothing_is_left_open_where_nobody_answered_the_door() -> None:
    with receiving(status(200)) as receiver:
        url = receiver.url
    stage = asking(url, "post")
    told = stage.read(send(stage.request(VALUES))[0])

    assert (told.outcome.value, told.unknown) == ("unreachable", False)
