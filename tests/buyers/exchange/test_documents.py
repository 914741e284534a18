"""What a delivery method may not say: every fault is named by its path, all at once."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buyers.exchange.methods import check_references
from buyers.exchange.references import Reference, split_text
from core import json
from core.errors import FieldProblems
from routing.documents import Problems
from tests.buyers.exchange.making import LEAD, POST, READS, VALUES, compiled, refused

ANSWER = {**READS, "price": {"at": "$.p"}, "reason": {"at": "$.r", "map": {"1": "x"}}, "statuses": ["2xx"]}
STAGE = {"url": "https://x.example.com/", "body": {"a": {"b": "{{lead.zip}}"}}, "headers": {"X": "1"}, "answer": ANSWER}
WHOLE: dict[str, Any] = {"ping": STAGE, "post": STAGE, "hashes": ["phone_md5"], "hash_key": {"secret": "k" * 16}}
MEMBERS = """
preset ping post loss url verb format headers body timeout_ms on_timeout answer hashes hash_key read success at in
not_in exists above price unit fallback reason map default token redirect statuses from secret scheme constant
"""
WORDS = st.sampled_from(MEMBERS.split())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"url": None}, ("url", "bad_text")),
        ({"url": "{{lead.zip}}"}, ("url", "bad_url")),
        ({"url": "https://{{lead.zip}}.example.com/"}, ("url", "bad_url")),
        ({"url": "https://a.example.com{{lead.zip}}/x"}, ("url", "bad_url")),
        ({"url": "https://b.example.com/{{lead}}"}, ("url", "json_only")),
        ({"verb": "DELETE"}, ("verb", "invalid_choice")),
        ({"format": "yaml"}, ("format", "invalid_choice")),
        ({"verb": "GET", "format": "json"}, ("format", "invalid_choice")),
        ({"odd": 1}, ("odd", "unknown_member")),
        ({"timeout_ms": 0}, ("timeout_ms", "bad_number")),
        ({"timeout_ms": True}, ("timeout_ms", "bad_number")),
        ({"on_timeout": "again"}, ("on_timeout", "invalid_choice")),
        ({"headers": {"Host": "x"}}, ("headers", "bad_header")),
        ({"headers": {"X-A": "a\nb"}}, ("headers.X-A", "bad_header")),
        ({"headers": {"X-A": {"a": 1}}}, ("headers.X-A", "bad_header")),
        ({"headers": {"X-A": {"secret": "x", "scheme": "digest"}}}, ("headers.X-A.scheme", "invalid_choice")),
        ({"headers": []}, ("headers", "not_an_object")),
        ({"body": {"a": {"b": "{{lead.zip"}}}, ("body.a.b", "bad_reference")),
        ({"body": {"a": ["{{lead.zip|shout}}"]}}, ("body.a.0", "unknown_format")),
        ({"body": {"a": "{{secret.key}}"}}, ("body.a", "unknown_reference")),
        ({"body": {"a": "{{lead.__class__.x}}"}}, ("body.a", "bad_reference")),
        ({"body": {"a": "{{7*7}}"}}, ("body.a", "bad_reference")),
        ({"body": {"a": "{{ping.lead}}"}}, ("body.a", "unknown_reference")),
        ({"body": {"a": "all: {{lead}}"}}, ("body.a", "bad_reference")),
        ({"body": {"a": {"from": "zip", "map": []}}}, ("body.a.map", "not_an_object")),
        ({"body": {"a": {"from": 7}}}, ("body.a.from", "bad_reference")),
        ({"format": "form", "body": []}, ("body", "not_an_object")),
        ({"format": "form", "body": {"a": {"b": 1}}}, ("body.a", "nested")),
        ({"format": "form", "body": {"a": "{{lead}}"}}, ("body.a", "json_only")),
        ({"format": "xml", "body": {"a": 1, "b": 2}}, ("body", "one_root")),
        ({"format": "xml", "body": {"a": {"1b": 2}}}, ("body.a.1b", "bad_name")),
        ({"format": "xml", "body": {"a": {"x><y": 2}}}, ("body.a.x><y", "bad_name")),
        ({"format": "xml", "body": {"a": {"constant": {"<x": 1}}}}, ("body.a", "json_only")),
        ({"format": "xml", "body": {"a": {"from": "zip", "map": {"1": {"<": 1}}}}}, ("body.a", "json_only")),
        ({"answer": {"read": "json"}}, ("answer.success", "required")),
        ({"answer": {"read": "json", "success": None}}, ("answer.success", "required")),
        ({"answer": {**READS, "read": "csv"}}, ("answer.read", "invalid_choice")),
        ({"answer": {**READS, "success": {"at": "$..ok"}}}, ("answer.success.at", "bad_path")),
        ({"answer": {**READS, "success": {"at": "$[?(@.a)]"}}}, ("answer.success.at", "bad_path")),
        (
            {"answer": {**READS, "success": {"at": "$.a", "in": [1], "exists": True}}},
            ("answer.success", "one_operator"),
        ),
        ({"answer": {**READS, "success": {"at": "$.a", "in": [{}]}}}, ("answer.success.in", "bad_text")),
        ({"answer": {**READS, "success": {"in": [1]}}}, ("answer.success.at", "required")),
        ({"answer": {**READS, "price": {"at": "$.p", "unit": "euros"}}}, ("answer.price.unit", "invalid_choice")),
        ({"answer": {**READS, "price": {"at": "$.p", "fallback": -1}}}, ("answer.price.fallback", "bad_number")),
        ({"answer": {**READS, "statuses": ["ok"]}}, ("answer.statuses", "invalid")),
        ({"answer": {**READS, "reason": {"at": "$.r", "map": {"1": 2}}}}, ("answer.reason.map", "not_an_object")),
        ({"answer": {"read": "regex", "success": {"at": "("}}}, ("answer.success.at", "bad_path")),
        ({"answer": {"read": "xml", "success": {"at": "/a[b=1]"}}}, ("answer.success.at", "bad_path")),
        ({"answer": {"read": "xml", "success": {"at": "document('x')"}}}, ("answer.success.at", "bad_path")),
    ],
)
def test_what_is_wrong_is_named_by_its_path(change: dict[str, Any], problem: tuple[str, str]) -> None:
    path, code = problem

    assert refused(post={**POST, **change}) == {f"delivery.post.{path}": code}


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, {"delivery.post": "required"}),
        ({"post": POST, "hashes": ["phone"]}, {"delivery.hashes": "invalid_choice"}),
        ({"post": POST, "hash_key": {"secret": "short"}}, {"delivery.hash_key": "bad_text"}),
        ({"preset": "acme", "post": POST}, {"delivery.preset": "invalid_choice"}),
        (
            {"post": POST, "loss": {"url": "https://x.example.com/", "answer": READS}},
            {"delivery.loss.answer": "unknown_member"},
        ),
        ({"post": {**POST, "body": {"n": 10**30}}}, {"delivery": "invalid"}),
        (
            {"post": {**POST, "body": {"n": "x" * 3000}}, "ping": {**POST, "body": ["y" * 3000] * 30}},
            {"delivery": "too_large"},
        ),
    ],
)
def test_what_is_wrong_with_the_whole_is_named(document: dict[str, Any], problem: dict[str, str]) -> None:
    assert refused(**document) == problem


def test_all_that_is_wrong_is_named_at_once() -> None:
    assert refused(post={**POST, "verb": "X", "timeout_ms": 1}, ping={"url": "https://x.example.com/"}) == {
        "delivery.post.verb": "invalid_choice",
        "delivery.post.timeout_ms": "bad_number",
        "delivery.ping.answer": "required",
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("{{lead.zip}}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
def test_no_document_breaks_the_compiler(data: st.DataObject) -> None:
    document = json.loads(json.dumps({"preset": data.draw(st.sampled_from([None, "boberdoo", "openrtb"])), **WHOLE}))
    node: Any = document
    for _ in range(data.draw(st.integers(0, 4))):
        name = data.draw(st.sampled_from(sorted(node)))
        if not isinstance(node[name], dict) or not node[name]:
            break
        node = node[name]
    node[data.draw(WORDS)] = data.draw(anything)

    with suppress(FieldProblems):
        compiled(**document).post.request(VALUES)


def test_references_must_suit_the_lead_type_and_the_stage() -> None:
    body = {"z": "{{lead.zip}}", "p": "{{lead.phone}}", "o": {"o": "{{lead.odd}}"}, "h": "{{hash.phone_md5}}"}
    method = compiled(
        ping={**POST, "body": body},
        post={**POST, "body": {"p": "{{lead.phone}}"}},
        loss={"url": "https://x.example.com/{{lead.email}}"},
    )

    with pytest.raises(FieldProblems) as caught:
        check_references(method, LEAD.keys())

    assert {error.field: error.code for error in caught.value.errors} == {
        "delivery.ping.body.p": "not_pingable",
        "delivery.ping.body.o.o": "unknown_field",
        "delivery.ping.body.h": "not_allowed",
        "delivery.loss.url": "not_pingable",
    }


@pytest.mark.parametrize(
    ("text", "pieces", "faults"),
    [
        ("ZIP {{lead.zip}}, {{lead.city|upper}}.", ["ZIP ", "zip", ", ", "city", "."], 0),
        ("{{lead.zip}}}", ["zip", "}"], 0),
        ("}}{{lead.zip}}{{", ["zip"], 2),
        ("{{lead.zip}} {{lead.city", ["zip"], 1),
        ("{{lead.zip}}" + "{{" * 200_000, ["zip"], 1),  # each sought to the end would take minutes
    ],
    ids=["closed", "one too many", "the other way round", "open", "endlessly open"],
)
def test_a_text_is_cut_at_its_references(text: str, pieces: list[str], faults: int) -> None:
    problems = Problems()
    found = split_text(text, "body", problems)
    assert [one.name if isinstance(one, Reference) else one for one in found] == pieces
    assert len(problems) == faults
