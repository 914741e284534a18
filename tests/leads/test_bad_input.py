"""Bad input over HTTP: refused as a problem that names field and cure, kept for its source, changing nothing."""

import json
from base64 import b64encode
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.test import Client

from billing.models import Journal
from core.clock import now
from leads.models import Lead, Submission
from tests.leads.test_api import key, post
from tests.leads.world import MARIA, World, make_world

pytestmark = pytest.mark.django_db
GOOD = '"campaign_id": "auto-accident", "first_name": "Maria"'
NOT_JSON: tuple[int, str, list[str]] = (400, "malformed_json", [])


@pytest.fixture
def world() -> World:
    made = make_world()
    made.contract(made.buyer())
    return made


def invalid(*fields: str) -> tuple[int, str, list[str]]:
    return 422, "invalid", [*fields]


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        (b'{"campaign_id": "auto-acc', NOT_JSON),
        (b"{" + GOOD.encode() + b"} trailing", NOT_JSON),
        (b"\xff\xfe{}", NOT_JSON),
        (b"\xef\xbb\xbf{}", NOT_JSON),  # JSON has no byte order mark
        (b'{"first_name": "Mar\xff"}', NOT_JSON),
        (f'{{{GOOD}, "last_name": "\\ud83d"}}'.encode(), NOT_JSON),
        (f'{{{GOOD}, "age": NaN}}'.encode(), NOT_JSON),
        (f'{{{GOOD}, "age": Infinity}}'.encode(), NOT_JSON),
        (f'{{{GOOD}, "age": 1e999}}'.encode(), NOT_JSON),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, NOT_JSON),
        (b"[" * 100_000, NOT_JSON),
        (b"[]", invalid("")),
        (b"null", invalid("")),
        (b'"text"', invalid("")),
        (f'{{{GOOD}, "x": [[1]], "y": {{"z": 1}}}}'.encode(), invalid("x.0", "y")),
        (f'{{{GOOD}, "phone": true, "email": 7, "zip": []}}'.encode(), invalid("phone", "email", "zip")),
        (f'{{{GOOD}, "last_name": "a\\u0000b", "b\\u0000c": 1}}'.encode(), invalid("last_name", "bc")),
        (f'{{{GOOD}, "injury_severity": "awful"}}'.encode(), invalid("injury_severity")),
        (f'{{{GOOD}, "last_name": "{"x" * 2001}"}}'.encode(), invalid("last_name")),
        (f'{{{GOOD}, "age": {10**400}}}'.encode(), invalid("age")),
        (f'{{{GOOD}, "consent_timestamp": "0001-01-01T00:00:00+23:00"}}'.encode(), invalid("consent_timestamp")),
        (f'{{{GOOD}, "consent_timestamp": "9999-12-31T23:59:59-23:00"}}'.encode(), invalid("consent_timestamp")),
        (b'{"campaign_id": ["auto-accident"], "source": {}}', invalid("source", "campaign_id")),
        (f'{{{GOOD}, "metadata": [], "external_id": 1.5}}'.encode(), invalid("external_id", "metadata")),
        (json.dumps({"campaign_id": "auto-accident"} | {f"f{n}": n for n in range(10_000)}).encode(), invalid("")),
        (b'{"campaign_id": "camp_00000000000000000000000000"}', (404, "unknown_campaign", [])),
        (b'{"campaign_id": "nowhere"}', (404, "unknown_campaign", [])),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else "",
)
def test_a_body_that_is_no_lead_is_refused_by_field_and_kept(
    world: World, body: bytes, answered: tuple[int, str, list[str]]
) -> None:
    answer = post(key(world), body)
    found = answer.json()
    assert (answer.status_code, found["code"], [error["field"] for error in found["errors"]]) == answered
    assert (answer.headers["Content-Type"], found["status"]) == ("application/problem+json", answered[0])
    assert all(error["detail"] for error in found["errors"])
    assert (Lead.objects.count(), Journal.objects.filter(kind="charge").count()) == (0, 0)
    assert Submission.objects.get().code == answered[1]


def test_of_a_name_given_twice_the_last_counts(world: World) -> None:
    answer = post(key(world), f'{{{GOOD}, "state": "CA", "state": "TX"}}')
    assert answer.status_code == 201
    assert Lead.objects.get().state == "TX"


def test_a_campaign_of_another_agency_is_unknown(world: World) -> None:
    stranger = make_world()
    answer = post(key(world), MARIA | {"campaign_id": stranger.campaign.public_id})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_campaign")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
def test_another_kind_of_body_is_refused_unread(world: World, kind: str) -> None:
    answer = post(key(world), b"<lead/>", kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/v1/leads", "/v1/ping"])
def test_a_request_without_a_body_is_an_empty_form(world: World, path: str) -> None:
    answer = Client().post(path, b"", content_type="", headers={"Authorization": f"Bearer {key(world)}"})
    assert answer.status_code == 422
    assert "campaign_id" in {error["field"] for error in answer.json()["errors"]}


def test_a_body_in_chunks_is_read_as_any_other(world: World) -> None:
    body = json.dumps(MARIA).encode()
    answer = in_chunks(key(world), "/v1/leads", body)
    assert (answer.status_code, answer.json()["status"]) == (201, "accepted")
    wish = in_chunks(key(world), "/v1/keys", b'{"name": "sent in chunks", "scopes": ["leads:read"]}')
    assert (wish.status_code, wish.json()["name"]) == (201, "sent in chunks")


def test_a_huge_body_in_chunks_is_refused(world: World) -> None:
    answer = in_chunks(key(world), "/v1/leads", b" " * 300_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_form_in_chunks_is_refused_since_nobody_can_see_its_end(world: World) -> None:
    kind = "application/x-www-form-urlencoded"
    answer = in_chunks(key(world), "/v1/leads", b"campaign_id=auto-accident&first_name=Mar", kind)
    assert (answer.status_code, answer.json()["code"]) == (400, "length_required")


def in_chunks(token: str, path: str, body: bytes, kind: str = "application/json") -> Any:
    """The answer to a body that was sent without its length, as the web server hands such a one over."""
    headers = {"Authorization": f"Bearer {token}", "Transfer-Encoding": "chunked"}
    sent: dict[str, Any] = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": "", "CONTENT_TYPE": kind}
    return Client().generic("POST", path, headers=headers, **sent)


def test_a_form_that_was_cut_short_is_no_lead(world: World) -> None:
    sent: dict[str, Any] = {"wsgi.input": BytesIO(b"campaign_id=auto-accident&first_name=Mar"), "CONTENT_LENGTH": "60"}
    answer: Any = Client().generic(
        "POST",
        "/v1/leads",
        CONTENT_TYPE="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {key(world)}"},
        **sent,
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "body_cut_short")
    assert Lead.objects.count() == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_another_method_is_refused_with_those_that_are_allowed(world: World, method: str) -> None:
    answer: Any = Client().generic(method, "/v1/leads", headers={"Authorization": f"Bearer {key(world)}"})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("name", ["", " ", "a b", "x" * 256, "schlüssel", "a\tb"])
def test_an_idempotency_key_of_other_characters_is_refused(world: World, name: str) -> None:
    answer = post(key(world), MARIA, Idempotency_Key=name)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")
    assert Lead.objects.count() == 0


def test_an_idempotency_key_of_255_characters_is_taken(world: World) -> None:
    token = key(world)
    assert post(token, MARIA, Idempotency_Key="~" * 255).status_code == 201
    assert post(token, MARIA, Idempotency_Key="~" * 255).headers["Idempotent-Replayed"] == "true"


def test_a_key_that_has_expired_opens_nothing(world: World) -> None:
    token = key(world, expires_at=now() + timedelta(minutes=1))
    assert post(token, MARIA).status_code == 201
    with time_machine.travel(now() + timedelta(minutes=2)):
        answer = post(token, MARIA)
    assert (answer.status_code, answer.json()["code"]) == (401, "key_expired")


@pytest.mark.parametrize(
    "written", ["Bearer", "Bearer ", "Basic bTpt", "Bearer ldk_live_ü", "Bearer ldk_live_" + "x" * 5_000, "ldk_live_x"]
)
def test_what_is_no_key_is_answered_with_how_to_send_one(world: World, written: str) -> None:
    answer = Client().post("/v1/leads", MARIA, "application/json", headers={"Authorization": written})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="leaddistro"')
    assert answer.json()["code"] in ("key_missing", "invalid_key")


def test_a_key_in_the_address_is_refused_whatever_the_header_says(world: World) -> None:
    token = key(world)
    headers = {"Authorization": f"Bearer {token}"}
    answer = Client().post(f"/v1/leads?api_key={token}", MARIA, "application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "key_in_query")
    assert Lead.objects.count() == 0


def test_beyond_the_rate_limit_nothing_is_recorded_and_the_wait_is_told(world: World) -> None:
    token = key(world, rate_limit_per_minute=1)
    assert post(token, MARIA).headers["RateLimit-Policy"] == '"key";q=1;w=60'
    answer = post(token, MARIA)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert answer.headers["RateLimit"].startswith('"key";r=0;t=')
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert Lead.objects.count() == 1


BEFORE_ALL_TIME, AFTER_ALL_TIME = "0001-01-01T00:00:00%2B23:00", "9999-12-31T23:59:59-23:00"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("leads", "limit=0"),
        ("leads", "limit=x"),
        ("leads", "limit=%00"),
        ("leads", "cursor=%00"),
        ("leads", "cursor=bm8"),
        ("leads", f"cursor={b64encode(b'0001-01-01T00:00:00+23:00|1').decode()}"),
        ("leads", "status=%00"),
        ("leads", "external_id=%00"),
        ("leads", "created_to=x"),
        ("leads", f"created_from={BEFORE_ALL_TIME}"),
        ("leads", f"created_to={AFTER_ALL_TIME}"),
        ("buyers", f"created_from={BEFORE_ALL_TIME}"),
        ("buyers", f"created_to={AFTER_ALL_TIME}"),
        ("buyers", "external_id=%00"),
    ],
)
def test_a_list_asked_for_badly_is_refused_by_name(world: World, path: str, query: str) -> None:
    answer = Client().get(f"/v1/{path}?{query}", headers={"Authorization": f"Bearer {key(world)}"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])
