"""What was refused at the door: its source reads it again, nobody else does, and after a week it is gone."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import DataKey
from core.clock import now
from leads.models import Submission
from leads.refusals import KEPT_FOR, prune_refusals
from tests.leads.test_api import get, key, post
from tests.leads.world import MARIA, World, make_world

pytestmark = pytest.mark.django_db
BAD_PHONE = {"campaign_id": "auto-accident", "phone": "12", "first_name": "Zoë"}


@pytest.fixture
def world() -> World:
    return make_world()


def listed(token: str, query: str = "") -> list[dict[str, Any]]:
    answer = get(token, f"/v1/submissions{query}")
    assert answer.status_code == 200, answer.content
    return list(answer.json()["data"])


def test_a_source_sees_what_it_sent_the_answer_it_got_and_why(world: World) -> None:
    own = key(world, source_id=world.source.pk)
    refused = post(own, BAD_PHONE, X_Request_Id="form-0001")
    (row,) = listed(own)
    assert row["submission_id"].startswith("sub_")
    assert row["source_id"] == world.source.public_id
    assert (row["status"], row["code"], row["request_id"]) == (422, "invalid", "form-0001")
    assert row["reason"] == "1 field(s) need correction."
    assert row["answer"] == refused.json()
    assert row["answer"]["errors"][0]["field"] == "phone"
    assert "body" not in row
    one = get(own, f"/v1/submissions/{row['submission_id']}").json()
    assert one == row | {"body": '{"campaign_id": "auto-accident", "phone": "12", "first_name": "Zo\\u00eb"}'}


def test_a_body_that_is_no_text_is_shown_as_far_as_it_can_be_read(world: World) -> None:
    token = key(world)
    post(token, b'{"first_name": "\xff')
    (row,) = listed(token)
    assert get(token, f"/v1/submissions/{row['submission_id']}").json()["body"] == '{"first_name": "�'


def test_a_format_that_is_not_taken_is_kept_too(world: World) -> None:
    token = key(world)
    post(token, "<lead/>", "application/xml")
    (row,) = listed(token)
    assert (row["status"], row["code"]) == (415, "unsupported_media_type")


def test_an_agencys_key_sees_all_a_source_only_its_own_and_a_buyer_none(world: World) -> None:
    buyer = world.buyer()
    other = key(make_world())
    agency, source, bought = key(world), key(world, source_id=world.source.pk), key(world, buyer_id=buyer.pk)
    post(agency, {"campaign_id": "nowhere"})
    post(source, BAD_PHONE)
    assert [row["code"] for row in listed(agency)] == ["invalid", "unknown_campaign"]
    assert [row["code"] for row in listed(source)] == ["invalid"]
    of_agency = listed(agency)[1]["submission_id"]
    for stranger in (source, bought, other):
        assert get(stranger, f"/v1/submissions/{of_agency}").status_code == 404
    assert (listed(bought), listed(other)) == ([], [])


def test_what_an_agency_sends_in_a_sources_name_is_that_sources_to_see(world: World) -> None:
    for named in ("google_ads", world.source.public_id):
        post(key(world), BAD_PHONE | {"source": named})
    post(key(world), BAD_PHONE | {"source": "somebody"})
    assert len(listed(key(world, source_id=world.source.pk))) == 2
    assert len(listed(key(world))) == 3


def test_the_books_are_apart(world: World) -> None:
    post(key(world, mode="test"), BAD_PHONE)
    assert listed(key(world)) == []
    assert [row["test"] for row in listed(key(world, mode="test"))] == [True]


def test_they_are_found_by_source_code_status_time_and_request(world: World) -> None:
    agency, source = key(world), key(world, source_id=world.source.pk)
    post(agency, {"campaign_id": "nowhere"}, X_Request_Id="request-1")
    post(source, BAD_PHONE, X_Request_Id="request-2")
    newer, older = listed(agency)
    for query, found in (
        (f"source_id={world.source.public_id}", [newer]),
        ("code=unknown_campaign", [older]),
        ("status=422", [newer]),
        ("request_id=request-1", [older]),
        (f"created_from={newer['created_at']}", [newer]),
        (f"created_to={older['created_at']}", []),
    ):
        assert listed(agency, f"?{query}") == found, query
    for query, field in (
        ("source_id=x", "source_id"),
        ("created_from=yesterday", "created_from"),
        ("code=%00", "code"),
    ):
        answer = get(agency, f"/v1/submissions?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_pages_follow_one_another(world: World) -> None:
    token = key(world)
    for _ in range(3):
        post(token, BAD_PHONE)
    first = get(token, "/v1/submissions?limit=2").json()
    second = get(token, f"/v1/submissions?limit=2&cursor={first['next_cursor']}").json()
    seen = [row["submission_id"] for row in first["data"] + second["data"]]
    assert (len(set(seen)), second["next_cursor"]) == (3, None)


def test_reading_them_needs_its_scope(world: World) -> None:
    answer = get(key(world, scopes=("leads:write",)), "/v1/submissions")
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


def test_after_a_week_neither_the_submission_nor_its_key_is_left(world: World) -> None:
    token = key(world)
    post(token, BAD_PHONE)
    post(token, MARIA | {"phone": "12"})
    old, _ = Submission.objects.order_by("created_at")
    Submission.objects.filter(pk=old.pk).update(created_at=now() - KEPT_FOR - timedelta(seconds=1))
    assert prune_refusals(now=now()) == 1
    assert [row["submission_id"] for row in listed(token)] == [Submission.objects.get().public_id]
    assert list(DataKey.objects.values_list("subject_id", flat=True)) == [Submission.objects.get().pk]
