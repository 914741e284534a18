"""Sources and the verbs on leads, over HTTP."""

from typing import Any

import pytest
from django.test import Client

from accounts.limiter import push_version
from core.clock import now
from leads.models import Lead, Source
from tests.leads.test_api import get, key, post
from tests.leads.world import MARIA, World, make_world

pytestmark = pytest.mark.django_db
FRESH = {name: value for name, value in MARIA.items() if name != "consent_timestamp"}


@pytest.fixture
def world() -> World:
    return make_world()


def send(key: str, path: str, body: Any, method: str = "post") -> Any:
    call = getattr(Client(), method)
    return call(path, body, content_type="application/json", headers={"Authorization": f"Bearer {key}"})


def test_a_source_is_opened_changed_and_archived(world: World) -> None:
    token = key(world)
    made = send(token, "/v1/sources", {"name": "Acme Ads", "payout": {"kind": "percent", "value": 40}})
    assert made.status_code == 201
    body = made.json()
    assert (body["slug"], body["payout"]) == ("acme-ads", {"kind": "percent", "value": 40.0})
    assert Source.objects.get(slug="acme-ads").payout_value == 4000
    path = f"/v1/sources/{body['source_id']}"
    changed = send(token, path, {"default_campaign_id": "auto-accident", "status": "paused"}, "patch").json()
    assert (changed["default_campaign_id"], changed["status"]) == (world.campaign.public_id, "paused")
    assert Client().delete(path, headers={"Authorization": f"Bearer {token}"}).status_code == 204
    assert "acme-ads" not in [row["slug"] for row in get(token, "/v1/sources").json()["data"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "X", "payout": {"kind": "percent", "value": 101}}, "payout.value"),
        ({"name": "X", "payout": {"kind": "fixed"}}, "payout.value"),
        ({"name": "X", "slug": "google_ads"}, "slug"),
        ({"name": "X", "colour": "blue"}, "colour"),
        ({}, "name"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused_by_field(world: World, body: Any, field: str) -> None:
    answer = send(key(world), "/v1/sources", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert Source.objects.filter(agency=world.agency).exclude(slug="direct").count() == 1


def test_the_built_in_source_stays(world: World) -> None:
    token = key(world)
    post(token, FRESH | {"source": "somebody"})
    direct = Source.objects.get(agency=world.agency, slug="direct")
    answer = Client().delete(f"/v1/sources/{direct.public_id}", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (409, "built_in")
    assert Lead.objects.get().source_text == "somebody"


def test_simulating_names_every_contract_and_records_nothing(world: World) -> None:
    contract = world.contract(world.buyer())
    body = send(key(world), "/v1/simulate", FRESH | {"at": now().isoformat()}).json()
    assert (body["lead_id"], body["status"]) == (None, "accepted")
    assert [(row["contract_id"], row["won"]) for row in body["contracts"]] == [(contract.public_id, True)]
    assert Lead.objects.count() == 0


def test_a_pending_lead_is_answered_202_and_settled_by_the_buyers_word(world: World) -> None:
    buyer = world.buyer()
    world.contract(buyer, confirm_minutes=30)
    token = key(world)
    answer = post(token, FRESH)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    path = f"/v1/leads/{answer.json()['lead_id']}"
    bound = key(world, buyer_id=buyer.pk)
    accepted = send(bound, f"{path}/accept", {}).json()
    assert (accepted["status"], accepted["buyer_id"]) == ("accepted", buyer.public_id)
    again = send(bound, f"{path}/reject", {"reason": "changed my mind"})
    assert (again.status_code, again.json()["code"]) == (409, "not_pending")


def test_an_unsold_lead_is_assigned_by_hand_and_then_closed(world: World) -> None:
    token = key(world)
    lead_id = post(token, FRESH).json()["lead_id"]
    picky = world.contract(world.buyer(), filters={"all": [{"field": "state", "op": "eq", "value": "CA"}]})
    world.agency.version += 5
    world.agency.save()
    push_version(world.agency.pk, world.agency.version)
    assigned = send(token, f"/v1/leads/{lead_id}/assign", {"contract_id": picky.public_id})
    assert (assigned.status_code, assigned.json()["status"]) == (200, "accepted")
    again = send(token, f"/v1/leads/{lead_id}/reroute", {})
    assert (again.status_code, again.json()["code"]) == (409, "not_open")


def test_a_payout_is_read_whole_even_where_the_source_is_only_changed(world: World) -> None:
    path = f"/v1/sources/{world.source.public_id}"
    answer = send(key(world), path, {"payout": {"value": 5}}, "patch")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "payout.kind")


@pytest.mark.parametrize("field", ["name", "external_id"])
def test_a_source_is_told_what_is_too_long_for_it(world: World, field: str) -> None:
    answer = send(key(world), "/v1/sources", {"name": "Acme", field: "x" * 121})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])


def test_only_an_object_can_be_simulated(world: World) -> None:
    answer = send(key(world), "/v1/simulate", [FRESH])
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_an_object")


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "2026-05-12T14:30:00", 20260512])
def test_no_lead_is_simulated_at_a_time_that_is_none(world: World, at: object) -> None:
    answer = send(key(world), "/v1/simulate", FRESH | {"at": at})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["at"])
