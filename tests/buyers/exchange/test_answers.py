"""What answers mean: three languages, and everything hostile."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buyers.exchange.answers import AnswerOutcome
from buyers.exchange.methods import HttpMethod
from core.http.outcomes import Outcome, Response
from tests.buyers.exchange.making import broken, compiled, response, said

URL = "https://buyer.example.com/"
ANSWER: dict[str, Any] = {
    "read": "json",
    "success": {"at": "$.status", "in": ["Matched", True, 1]},
    "price": {"at": "$.price"},
    "reason": {"at": ["$.errors[*].message", "$.reason"], "default": "refused"},
    "token": {"at": "$.token"},
    "redirect": {"at": "$.next"},
}


def method(**change: Any) -> HttpMethod:
    answer = {name: value for name, value in {**ANSWER, **change}.items() if value is not None}
    return compiled(ping={"url": URL, "answer": answer}, post={"url": URL, "answer": answer})


def bid(body: Any, status: int = 200, **change: Any) -> tuple[Any, ...]:
    ping = method(**change).ping
    assert ping is not None
    return said(ping.read(response(body, status)))


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        ({"status": " matched ", "price": 42.5, "token": "x"}, ("accepted", 4250, "", "x")),
        ({"status": True, "price": 42, "token": 17}, ("accepted", 4200, "", "17")),
        ({"status": "true", "price": "42.50"}, ("accepted", 4250, "", "")),
        ({"status": 1.0, "price": 0.015}, ("accepted", 1, "", "")),
        ({"status": "Matched", "price": 0}, ("no_bid", None, "refused", "")),
        ({"status": "Matched", "price": 0.001}, ("no_bid", None, "refused", "")),
        ({"status": "Unmatched", "reason": "full"}, ("no_bid", None, "full", "")),
        (
            {"status": "No", "errors": [{"message": "b"}, {"message": "a"}, {"message": "b"}]},
            ("no_bid", None, "b, a", ""),
        ),
        ({"status": "No", "reason": "line\r\nbreak\x00" + "y" * 900}, ("no_bid", None, "line break " + "y" * 189, "")),
        ({"status": "Matched"}, ("bad_bid", None, "price_missing", "")),
        ({"status": "Matched", "price": None}, ("bad_bid", None, "price_missing", "")),
        ({"status": "Matched", "price": -1}, ("bad_bid", None, "price_negative", "")),
        ({"status": "Matched", "price": 1e12}, ("bad_bid", None, "price_huge", "")),
        ({"status": "Matched", "price": "9" * 20}, ("bad_bid", None, "price_huge", "")),
        ({"status": "Matched", "price": "1e99"}, ("bad_bid", None, "price_huge", "")),
        ({"status": "Matched", "price": "NaN"}, ("bad_bid", None, "price_not_finite", "")),
        ({"status": "Matched", "price": "-Infinity"}, ("bad_bid", None, "price_not_finite", "")),
        ({"status": "Matched", "price": True}, ("bad_bid", None, "price_wrong_type", "")),
        ({"status": "Matched", "price": [42]}, ("bad_bid", None, "price_wrong_type", "")),
        ({"status": "Matched", "price": {"usd": 42}}, ("bad_bid", None, "price_wrong_type", "")),
        ({"status": "Matched", "price": "$42"}, ("bad_bid", None, "price_not_a_number", "")),
        ({"status": "Matched", "price": "9" * 5000}, ("bad_bid", None, "price_not_a_number", "")),
        ({"other": 1}, ("unreadable", None, "success_not_found", "")),
        ([], ("unreadable", None, "success_not_found", "")),
        ("null", ("unreadable", None, "success_not_found", "")),
        ("", ("unreadable", None, "bad_json", "")),
        ("<html>busy</html>", ("unreadable", None, "bad_json", "")),
        ('{"status": "Matched", "price": NaN}', ("unreadable", None, "bad_json", "")),
        ('{"status": "Matched", "price": Infinity}', ("unreadable", None, "bad_json", "")),
        ("[" * 60_000, ("unreadable", None, "bad_json", "")),
        (b'\xef\xbb\xbf{"status": "Matched", "price": 5}', ("accepted", 500, "", "")),
        ({"status": "Matched", "price": 5, "token": "a  b" * 999}, ("accepted", 500, "", "a  b" * 999)),
        ({"status": "Matched", "price": 5, "token": "a" * 4_001}, ("bad_bid", None, "token_unusable", "")),
        ({"status": "Matched", "price": 5, "token": "a\x00b"}, ("bad_bid", None, "token_unusable", "")),
        (b"\xff\xfe\x00", ("unreadable", None, "bad_json", "")),
        (b"\x1f\x8b\x08\x00", ("unreadable", None, "bad_json", "")),
    ],
)
def test_a_bid_is_read(body: Any, meaning: tuple[Any, ...]) -> None:
    assert bid(body) == meaning


@pytest.mark.parametrize("word", [{"code": "Rejected"}, ["Rejected"], [], [["Rejected"]], ["Matched", {}]])
@pytest.mark.parametrize("success", [{"not_in": ["Rejected"]}, {"in": ["Matched"]}])
def test_what_is_no_plain_word_says_neither_yes_nor_no(word: Any, success: dict[str, Any]) -> None:
    asked = method(success={"at": "$.status", **success})
    assert asked.ping is not None
    answer = response({"status": word, "price": 50})
    assert said(asked.ping.read(answer)) == ("unreadable", None, "success_not_found", "")
    told = asked.post.read(answer)
    assert (told.outcome, told.reason, told.unknown) == ("unreadable", "success_not_found", True)


@pytest.mark.parametrize(
    ("word", "outcome", "reason", "unknown"),
    [
        ("sold", "accepted", "", False),
        ("unsold", "refused", "refused", False),
        ("pending", "unreadable", "neither_yes_nor_no", True),
        ("SOLD!", "unreadable", "neither_yes_nor_no", True),
    ],
)
def test_where_refusals_are_named_too_whoever_says_something_else_may_have_bought(
    word: str, outcome: str, reason: str, unknown: bool
) -> None:
    named = {"success": {"at": "$.status", "in": ["sold"]}, "refusal": {"at": "$.status", "in": ["unsold"]}}
    told = method(**named).post.read(response({"status": word}))
    assert (told.outcome, told.reason, told.unknown) == (outcome, reason, unknown)


def test_a_bid_without_a_price_counts_at_its_fallback_or_the_contracts_own() -> None:
    assert bid({"status": "Matched"}, price={"at": "$.price", "fallback": 20}) == ("accepted", 2000, "", "")
    assert bid({"status": "Matched"}, price=None) == ("accepted", None, "", "")


@pytest.mark.parametrize(
    ("status", "ping", "post", "unknown"),
    [
        (204, "no_bid", "unreadable", True),
        (301, "error", "error", True),
        (400, "error", "error", False),
        (410, "error", "error", False),
        (429, "error", "error", False),
        (500, "error", "error", True),
        (503, "error", "error", True),
    ],
)
def test_a_status_that_is_not_read_is_an_error(status: int, ping: str, post: str, unknown: bool) -> None:
    asked = method()
    assert asked.ping is not None
    assert asked.ping.read(response("", status)).outcome == ping
    assert asked.ping.read(response("", status)).unknown is False
    told = asked.post.read(response("", status))
    assert (told.outcome, told.unknown) == (post, unknown)


def test_a_status_that_is_read_is_decided_by_its_body() -> None:
    assert bid({"status": "no", "reason": "cap"}, 422, statuses=["2xx", 422]) == ("no_bid", None, "cap", "")
    assert bid({"status": "no", "reason": "cap"}, 503, statuses=["2xx", "5xx"]) == ("no_bid", None, "cap", "")
    assert bid({"status": "no", "reason": "cap"}, 422) == ("error", None, "http_422", "")


@pytest.mark.parametrize(
    ("outcome", "meaning", "unknown"),
    [
        (Outcome.TIMEOUT, AnswerOutcome.TIMEOUT, True),
        (Outcome.LEASE_LOST, AnswerOutcome.TIMEOUT, True),
        (Outcome.SEND_ERROR, AnswerOutcome.BROKEN, True),
        (Outcome.RESET_AFTER_SEND, AnswerOutcome.BROKEN, True),
        (Outcome.TRUNCATED, AnswerOutcome.BROKEN, True),
        (Outcome.TOO_LARGE, AnswerOutcome.TOO_LARGE, True),
        (Outcome.BAD_ENCODING, AnswerOutcome.UNREADABLE, True),
        (Outcome.DNS_ERROR, AnswerOutcome.UNREACHABLE, False),
        (Outcome.CONNECT_REFUSED, AnswerOutcome.UNREACHABLE, False),
        (Outcome.CONNECT_TIMEOUT, AnswerOutcome.UNREACHABLE, False),
        (Outcome.TLS_ERROR, AnswerOutcome.UNREACHABLE, False),
        (Outcome.BLOCKED_ADDRESS, AnswerOutcome.BLOCKED, False),
        (Outcome.BAD_URL, AnswerOutcome.BLOCKED, False),
        (Outcome.IDNA_ERROR, AnswerOutcome.BLOCKED, False),
    ],
)
def test_the_networks_trouble_has_a_meaning(outcome: Outcome, meaning: AnswerOutcome, unknown: bool) -> None:
    told = method().post.read(broken(outcome))

    assert (told.outcome, told.reason, told.unknown) == (meaning, outcome.value, unknown)


def test_every_trouble_of_the_network_is_told_by_its_own_name() -> None:
    statuses = {Outcome.OK, Outcome.HTTP_3XX, Outcome.HTTP_4XX, Outcome.HTTP_410, Outcome.HTTP_429, Outcome.HTTP_5XX}

    for outcome in set(Outcome) - statuses:
        assert method().post.read(broken(outcome)).reason == outcome.value


@pytest.mark.parametrize("defect", [Outcome.TOO_LARGE, Outcome.BAD_ENCODING])
def test_a_body_that_did_not_come_whole_is_not_believed(defect: Outcome) -> None:
    whole = b'{"status": "Matched", "price": 42}'
    told = method().post.read(Response(Outcome.OK, status=200, body_head=whole, defect=defect))

    assert (told.outcome.value in ("too_large", "unreadable"), told.reason, told.unknown) == (True, defect.value, True)


def test_a_sale_stands_whatever_is_said_of_its_price() -> None:
    told = method().post.read(response({"status": "Matched", "price": -5, "next": "https://thanks.example.com/a"}))

    assert said(told) == ("accepted", None, "price_negative", "")
    assert told.redirect == "https://thanks.example.com/a"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//x.example.com", "https://", "http://a b", "x", "http://[", 7]
)
def test_a_redirect_that_is_none_for_the_web_is_dropped(url: Any) -> None:
    assert method().post.read(response({"status": "Matched", "next": url})).redirect == ""


def test_an_answer_that_cannot_be_read_leaves_the_lead_where_it_may_be() -> None:
    assert method().post.read(response("<html>")).unknown is True
    assert method().post.read(response({"status": "no"})).unknown is False


def test_faults_and_duplicates_are_told_apart_from_refusals() -> None:
    change: dict[str, Any] = {"duplicate": {"at": "$.code", "in": [6]}, "error": {"at": "$.code", "in": [9]}}

    assert bid({"status": "no", "code": 6}, **change)[0] == "duplicate"
    assert bid({"status": "Matched", "code": 9, "price": 5}, **change)[0] == "error"
    assert bid({"status": "no", "code": 5}, **change)[0] == "no_bid"


@pytest.mark.parametrize(
    ("test", "body", "accepted"),
    [
        ({"at": "$.a", "not_in": ["no"]}, {"a": "yes"}, True),
        ({"at": "$.a", "not_in": ["no"]}, {"a": "NO"}, False),
        ({"at": "$.a", "exists": True}, {"a": 0}, True),
        ({"at": "$.a", "exists": True}, {"a": ""}, False),
        ({"at": "$.a"}, {"b": 1}, False),
        ({"at": "$.e", "exists": False}, {"b": 1}, True),
        ({"at": "$.a", "above": 0}, {"a": "12"}, True),
        ({"at": "$.a", "above": 0}, {"a": 0}, False),
        ({"at": "$.a", "above": 0}, {"a": True}, False),
        ({"at": "$.a", "above": 0}, {"a": "nan"}, False),
        ({"at": "a.0.b", "in": ["x"]}, {"a": [{"b": "x"}]}, True),
        ({"at": "$['a b'][-1]", "in": ["x"]}, {"a b": ["y", "x"]}, True),
        ({"at": "$.a.*.b", "in": ["x"]}, {"a": {"k": {"b": "x"}}}, True),
        ({"at": "$.a[7]", "exists": True}, {"a": [1]}, False),
        ({"at": "$.a", "in": ["1"]}, {"a": True}, False),
    ],
)
def test_a_test_holds(test: dict[str, Any], body: Any, accepted: bool) -> None:
    assert (bid(body, success=test, price=None)[0] == "accepted") is accepted


XML: dict[str, Any] = {
    "read": "xml",
    "success": {"at": "//status", "in": ["Matched"]},
    "price": {"at": "/response/bid/@price", "unit": "text"},
    "reason": {"at": "//error/text()"},
    "token": {"at": "bid[2]/@id"},
    "redirect": None,
}


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        (
            "<response><status> Matched </status><bid id='a' price='$31.50'/><bid id='b' price='9'/></response>",
            ("accepted", 3150, "", "b"),
        ),
        ("<r><status>Unmatched</status><error>a</error><error>b</error></r>", ("no_bid", None, "a, b", "")),
        (
            '<s:Envelope xmlns:s="urn:s"><s:Body><m:status xmlns:m="urn:m">Unmatched</m:status></s:Body></s:Envelope>',
            ("no_bid", None, "", ""),
        ),
        ("<r><status/></r>", ("unreadable", None, "success_not_found", "")),
        ("not xml", ("unreadable", None, "bad_xml", "")),
        ("", ("unreadable", None, "bad_xml", "")),
        ("<r><status>Matched", ("unreadable", None, "bad_xml", "")),
        ("<!DOCTYPE r><r><status>Matched</status></r>", ("unreadable", None, "bad_xml", "")),
        (
            '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><r><status>&b;</status></r>',
            ("unreadable", None, "bad_xml", ""),
        ),
        (
            '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><r><status>&f;</status></r>',
            ("unreadable", None, "bad_xml", ""),
        ),
        ('<?xml version="1.0" encoding="klingon"?><r/>', ("unreadable", None, "bad_xml", "")),
        ("<a>" * 9_000 + "</a>" * 9_000, ("unreadable", None, "success_not_found", "")),
    ],
)
def test_xml_is_read(body: str, meaning: tuple[Any, ...]) -> None:
    assert bid(body, **XML) == meaning


def test_text_is_read_by_patterns() -> None:
    change: dict[str, Any] = {
        "read": "regex",
        "success": {"at": r"(?i)^(ok|yes)\b"},
        "price": {"at": r"bid=([0-9.]+)"},
        "reason": {"at": r"reason: (.+)"},
        "token": {"at": r"id=(\w+)"},
        "redirect": None,
    }

    assert bid("OK id=ab12 bid=7.25", **change) == ("accepted", 725, "", "ab12")
    assert bid("no, reason: too late", **change) == ("no_bid", None, "too late", "")
    assert bid(b"\xff\xfe ok", **change) == ("no_bid", None, "", "")


def test_a_pattern_takes_no_time_that_a_buyer_can_choose() -> None:
    change: dict[str, Any] = {
        "read": "regex",
        "success": {"at": "(a*)*b"},
        "price": None,
        "reason": None,
        "token": None,
        "redirect": None,
    }

    assert bid("a" * 60_000, **change) == ("no_bid", None, "", "")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["status", "price", "token", "next", "errors", "message"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(body=json_values, status=st.sampled_from([200, 204, 301, 404, 500]))
def test_no_answer_in_json_breaks_the_reading(body: Any, status: int) -> None:
    asked = method()
    assert asked.ping is not None
    for stage in (asked.ping, asked.post):
        told = stage.read(response(json.dumps(body), status))
        assert told.price is None or 0 < told.price <= 100_000_000
        assert len(told.reason) <= 200
        assert len(told.token) <= 500


@given(raw=st.binary(max_size=200), language=st.sampled_from(["json", "xml", "regex"]))
def test_no_bytes_break_the_reading(raw: bytes, language: str) -> None:
    place = {"json": "$.a", "xml": "//a", "regex": "a"}[language]
    change: dict[str, Any] = {name: {"at": place} for name in ("success", "price", "reason", "token", "redirect")}
    asked = method(read=language, **change)
    assert asked.ping is not None

    assert asked.ping.read(response(raw)).outcome in AnswerOutcome
    assert asked.post.read(response(raw)).outcome in AnswerOutcome
