"""A lead became a customer: reported once, told, and learned from with its worth."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core.clock import now
from leads.models import Lead, Sale
from leads.outcomes import report_outcomes
from scoring.models import Outcome
from tests.leads.test_api import get, key
from tests.leads.world import World, make_world
from webhooks.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = make_world()
    made.contract(made.buyer(), webhook=False)
    made.submit(now=now() - timedelta(days=100), consent_timestamp=None)
    return made


def convert(key: str, body: Any) -> Any:
    lead = Lead.objects.get()
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/v1/leads/{lead.public_id}/convert"
    return Client().post(path, json.dumps(body), content_type="application/json", headers=headers)


def test_a_conversion_is_written_down_with_its_value(world: World) -> None:
    owner, sale = key(world), Sale.objects.get()
    when = (sale.sold_at + timedelta(days=3)).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    answer = convert(owner, {"value": 1200.5, "converted_at": when})

    assert answer.status_code == 201
    assert answer.json() == {
        "lead_id": Lead.objects.get().public_id,
        "sale_id": sale.public_id,
        "value": 1200.5,
        "converted_at": when,
    }
    assert get(owner, f"/v1/leads/{Lead.objects.get().public_id}").json()["sales"][0]["converted_at"] == when


def test_its_buyer_reports_it_and_a_source_cannot(world: World) -> None:
    assert convert(key(world, source_id=world.source.pk), {}).status_code == 404
    stranger = world.buyer("Stranger")
    assert convert(key(world, buyer_id=stranger.pk), {}).status_code == 404

    answer = convert(key(world, buyer_id=Sale.objects.get().buyer_id), {})

    assert (answer.status_code, answer.json()["value"]) == (201, None)


def test_a_sale_converts_once(world: World) -> None:
    owner = key(world)
    convert(owner, {"value": 10})

    assert convert(owner, {"value": 20}).json()["code"] == "already_converted"
    assert Sale.objects.get().conversion_value == 10_00
    assert Event.objects.filter(type="lead.converted").count() == 1


def test_only_a_sale_that_stands_converts(world: World) -> None:
    owner = key(world)
    Sale.objects.update(state="returned")

    assert convert(owner, {}).json()["code"] == "not_sold"
    assert convert(owner, {"sale_id": Sale.objects.get().public_id}).json()["code"] == "not_sold"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"converted_at": "2020-01-01T00:00:00Z"}, "converted_at"),
        ({"converted_at": "2990-01-01T00:00:00Z"}, "converted_at"),
        ({"converted_at": "yesterday"}, "converted_at"),
        ({"value": -1}, "value"),
        ({"worth": 1}, "worth"),
    ],
)
def test_what_cannot_be_is_refused_by_name(world: World, body: dict[str, Any], field: str) -> None:
    answer = convert(key(world), body)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert Sale.objects.get().converted_at is None


def test_of_several_sales_one_must_be_named(world: World) -> None:
    first = Sale.objects.get()
    other = world.contract(world.buyer("Other"), webhook=False)
    Sale.objects.create(
        agency=world.agency, mode="live", lead=first.lead, contract=other, buyer=other.buyer, campaign=world.campaign,
        source=world.source, state="delivered", exclusive=False, currency="USD", price=1, payout=0,
        sold_at=first.sold_at,
    )  # fmt: skip
    owner = key(world)

    assert convert(owner, {}).json()["errors"][0]["field"] == "sale_id"
    assert convert(owner, {"sale_id": first.public_id}).json()["sale_id"] == first.public_id


def test_the_world_is_told_without_what_it_was_worth(world: World) -> None:
    convert(key(world), {"value": 4321})

    event = Event.objects.get(type="lead.converted")
    body = json.loads(bytes(event.body))
    assert (body["event"], body["buyer_id"], body["price"]) == (
        "lead.converted",
        Sale.objects.get().buyer.public_id,
        175,
    )
    assert "4321" not in bytes(event.body).decode()
    assert event.sequence == Lead.objects.get().last_sequence


def test_scores_learn_of_it_with_its_worth(world: World) -> None:
    convert(key(world), {"value": 1200, "converted_at": (now() - timedelta(days=50)).strftime("%Y-%m-%dT%H:%M:%SZ")})

    report_outcomes(now=now())

    told = Outcome.objects.get(target="converted")
    assert (told.label, told.value) == (True, 1200_00)
