"""POST /v1/leads and the reading of leads, over HTTP as a source and an agency's program see them."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.authentication import authenticate_key
from accounts.keys import KeySettings, create_key, revoke_key
from accounts.models import ApiKey
from accounts.principals import SystemActor
from accounts.scopes import ALL_SCOPES
from accounts.versions import publish_change
from core.clock import now
from core.ids import new_id
from leads.intake.shape import submission_of
from leads.models import Lead, Sale, Submission
from leads.pipeline import submit_lead
from routing.models import Campaign
from tests.leads.world import MARIA, World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = make_world()
    made.contract(made.buyer())
    return made


def key(world: World, **wanted: Any) -> str:
    settings = KeySettings(**({"name": "test", "scopes": ALL_SCOPES} | wanted))
    return create_key(actor=SystemActor(world.agency.pk, "system:test"), wanted=settings).text


def post(key: str, body: Any, content_type: str = "application/json", **headers: str) -> Any:
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    named = {"Authorization": f"Bearer {key}"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Client().post("/v1/leads", data, content_type=content_type, headers=named)


def get(key: str, path: str) -> Any:
    return Client().get(path, headers={"Authorization": f"Bearer {key}"})


def test_the_founding_request_is_answered_in_the_founding_shape(world: World) -> None:
    answer = post(key(world), MARIA)
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
    assert b'"price":175.00' in answer.content
    body = answer.json()
    assert body["status"] == "accepted"
    assert body["routing_decision"] == "waterfall_winner"
    assert body["deduped"] is False
    assert 0 <= body["score"] <= 100


def test_a_form_is_as_good_as_json(world: World) -> None:
    answer = post(
        key(world), "campaign_id=auto-accident&phone=512-555-0143&state=Texas", "application/x-www-form-urlencoded"
    )
    lead = get(key(world), f"/v1/leads/{answer.json()['lead_id']}").json()
    assert lead["fields"] == {"phone": "+15125550143", "state": "TX"}


def test_the_same_key_gets_the_same_answer_byte_for_byte(world: World) -> None:
    token = key(world)
    first = post(token, MARIA, Idempotency_Key="form-1")
    again = post(token, MARIA, Idempotency_Key="form-1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert Lead.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(world: World) -> None:
    token = key(world)
    post(token, MARIA, Idempotency_Key="form-1")
    answer = post(token, MARIA | {"first_name": "Mario"}, Idempotency_Key="form-1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"first_name": "Mar', 400, "malformed_json"),
        (b" ", 400, "malformed_json"),
        (b"[1, 2]", 422, "invalid"),
        (b'{"campaign_id": "auto-accident", "phone": "12"}', 422, "invalid"),
        (b'{"campaign_id": "auto-accident", "first_name": "a\\u0000b"}', 422, "invalid"),
        (b'{"campaign_id": "nowhere"}', 404, "unknown_campaign"),
        (b'{"first_name": "Maria"}', 422, "invalid"),
        (json.dumps({"campaign_id": "auto-accident"} | {f"f{n}": n for n in range(10_000)}).encode(), 422, "invalid"),
    ],
)
def test_bad_input_is_refused_by_name_kept_and_changes_nothing(
    world: World, body: bytes, status: int, code: str
) -> None:
    answer = post(key(world), body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert Lead.objects.count() == 0
    assert Submission.objects.get().code == code


def test_a_huge_body_is_refused_unread(world: World) -> None:
    answer = post(key(world), b'{"x": "' + b"a" * 300_000 + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert Submission.objects.count() == 0


def test_emoji_and_unknown_fields_are_kept_as_they_are(world: World) -> None:
    token = key(world)
    lead_id = post(token, MARIA | {"first_name": "María 🚗", "favourite": "🍩"}).json()["lead_id"]
    fields = get(token, f"/v1/leads/{lead_id}").json()["fields"]
    assert (fields["first_name"], fields["favourite"]) == ("María 🚗", "🍩")


def test_without_a_good_key_nothing_is_told(world: World, django_capture_on_commit_callbacks: Any) -> None:
    revoked = key(world)
    row = ApiKey.objects.get(last4=revoked[-4:])
    assert post(revoked, MARIA).status_code == 201
    with django_capture_on_commit_callbacks(execute=True):
        revoke_key(actor=SystemActor(world.agency.pk, "system:test"), key=row)
    for bad, code in ((revoked, "key_revoked"), ("ldk_live_nonsense", "invalid_key"), ("x", "invalid_key")):
        answer = post(bad, MARIA)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert Client().post("/v1/leads", "{}", content_type="application/json").json()["code"] == "key_missing"


def test_a_key_works_only_within_its_scopes_and_addresses(world: World) -> None:
    reader = key(world, scopes=("leads:read",))
    assert post(reader, MARIA).json()["code"] == "missing_scope"
    fenced = key(world, allow=("203.0.113.0/24",))
    answer = post(fenced, MARIA, X_Forwarded_For="203.0.113.9")
    assert (answer.status_code, answer.json()["code"]) == (403, "address_not_allowed")


def test_the_rate_limit_lets_exactly_its_number_through_and_says_when_to_return(world: World) -> None:
    token = key(world, rate_limit_per_minute=2)
    answers = [get(token, "/v1/leads") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit"].startswith('"key";r=1;t=')
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60


def test_leads_are_found_by_contact_in_any_form_and_by_nobody_else(world: World) -> None:
    token = key(world)
    lead_id = post(token, MARIA).json()["lead_id"]
    for query in (
        *("phone=%2B1%20(555)%20123-4567", "email=MARIA@example.com", "status=accepted"),
        f"source_id={world.source.public_id}",
        *(f"campaign_id={named}" for named in (world.campaign.public_id, world.campaign.slug)),
    ):
        path = f"/v1/leads?{query}"
        assert [row["lead_id"] for row in get(token, path).json()["data"]] == [lead_id]
    assert get(token, "/v1/leads?email=other@example.com").json() == {"data": [], "next_cursor": None}
    stranger = key(make_world())
    assert get(stranger, "/v1/leads").json()["data"] == []
    for path in ("", "/decision", "/events"):
        assert get(stranger, f"/v1/leads/{lead_id}{path}").status_code == 404


@pytest.mark.parametrize(
    "query", ["colour=red", "external_id=a%00b", "status=", "buyer_id=x", "campaign_id=x", "created_to=2026-05-12"]
)
def test_a_filter_that_is_none_is_refused_by_name(world: World, query: str) -> None:
    answer = get(key(world), f"/v1/leads?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])


def test_a_lead_that_one_buyer_bought_twice_stands_once_in_that_buyers_list(world: World) -> None:
    lead_id = post(key(world), MARIA).json()["lead_id"]
    first = Sale.objects.get()
    Sale.objects.filter(pk=first.pk).update(state="refused")
    Sale.objects.create(**{**Sale.objects.values().get(), "id": new_id(), "state": "accepted"})
    found = get(key(world), f"/v1/leads?buyer_id={first.buyer.public_id}").json()["data"]
    assert [row["lead_id"] for row in found] == [lead_id]


def test_pages_follow_one_another_without_gap_or_overlap(world: World) -> None:
    token = key(world)
    posted = [post(token, MARIA | {"phone": f"+1512555010{n}", "email": None}).json()["lead_id"] for n in range(5)]
    seen, path = [], "/v1/leads?limit=2"
    while path:
        found = get(token, path).json()
        seen += [row["lead_id"] for row in found["data"]]
        path = f"/v1/leads?limit=2&cursor={found['next_cursor']}" if found["next_cursor"] else ""
    assert seen == posted[::-1]


def test_a_decision_names_every_contract_and_replays(world: World) -> None:
    picky = world.contract(world.buyer("Picky"), filters={"all": [{"field": "state", "op": "in", "value": ["CA"]}]})
    token = key(world)
    lead_id = post(token, MARIA).json()["lead_id"]
    (decision,) = get(token, f"/v1/leads/{lead_id}/decision").json()["decisions"]
    assert decision["replayed"] is True
    verdicts = {row["contract_id"]: row for row in decision["contracts"]}
    assert len(verdicts) == 2
    assert (verdicts[picky.public_id]["reason"], verdicts[picky.public_id]["won"]) == ("filter_mismatch", False)


def test_a_source_reads_its_leads_without_buyers_and_prices(world: World) -> None:
    own = key(world, source_id=world.source.pk)
    lead_id = post(own, MARIA).json()["lead_id"]
    lead = get(own, f"/v1/leads/{lead_id}").json()
    assert (lead["buyer_id"], lead["price"], lead["sales"], lead["score_reasons"]) == (None, 90.0, [], [])
    assert get(own, f"/v1/leads/{lead_id}/decision").status_code == 404
    assert {event["event"] for event in get(own, f"/v1/leads/{lead_id}/events").json()["data"]} == {"lead.received"}


def test_an_external_id_that_is_too_long_is_named(world: World) -> None:
    answer = post(key(world), MARIA | {"external_id": "x" * 121})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "external_id")


def test_an_empty_idempotency_key_is_no_key(world: World) -> None:
    answer = post(key(world), MARIA, Idempotency_Key="")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00", "2026-05-12"])
def test_a_list_of_leads_names_the_time_that_is_none(world: World, moment: str) -> None:
    answer = get(key(world), f"/v1/leads?created_from={moment}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "created_from")


def test_what_was_configured_a_moment_ago_counts_for_a_process_that_has_not_heard_of_it(world: World) -> None:
    token = key(world)
    first = post(token, MARIA)
    assert first.status_code == 201
    known = authenticate_key({"HTTP_AUTHORIZATION": f"Bearer {token}"})
    Campaign.objects.create(
        agency=world.agency, lead_type=world.campaign.lead_type, name="New", slug="new", currency="USD"
    )
    actor = SystemActor(world.agency.pk, "system:test")
    publish_change(actor=actor, action="campaign.create", object_id="camp", changes={})
    submission = submission_of({**MARIA, "campaign_id": "new"})
    outcome = submit_lead(principal=known, submission=submission, received_at=now())
    assert (outcome.status, outcome.body["status"]) == (201, "unsold")
