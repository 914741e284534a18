"""Leads that are sold again by a person's word, to buyers who answer in real time: as safely as the first time."""

from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.limiter import push_version
from core.ids import decode
from leads.models import Lead, Sale
from tests.leads.test_actions_api import FRESH
from tests.leads.test_api import key, post
from tests.leads.test_posting import states
from tests.leads.trading import Market, System
from tests.leads.world import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


@pytest.fixture
def world() -> World:
    return make_world(answer_within_ms=20_000)


def watching(market: Market, **values: Any) -> tuple[System, list[Any]]:
    """A buyer's system, and what is on record of all sales whenever it is asked something."""
    seen: list[Any] = []

    def notice() -> None:
        seen.append(states())
        connections.close_all()

    return market.system("buyer", notice=notice, **values), seen


def say(token: str, lead_id: str, verb: str, body: dict[str, Any]) -> Any:
    said = {"Authorization": f"Bearer {token}", "Idempotency-Key": "once"}
    return Client().post(f"/v1/leads/{lead_id}/{verb}", body, content_type="application/json", headers=said)


@pytest.mark.parametrize("verb", ["reroute", "assign"])
def test_the_sale_is_on_record_before_its_buyer_hears_of_the_lead(world: World, market: Market, verb: str) -> None:
    token = key(world)
    lead_id = post(token, FRESH).json()["lead_id"]
    system, seen = watching(market)
    contract = market.contract(world, system)
    world.agency.version += 5
    world.agency.save()
    push_version(world.agency.pk, world.agency.version)
    answer = say(token, lead_id, verb, {"contract_id": contract.public_id} if verb == "assign" else {})
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    assert seen == [[("pending", "sent")]]
    again = say(token, lead_id, verb, {"contract_id": contract.public_id} if verb == "assign" else {})
    assert (again.content, len(system.posts)) == (answer.content, 1)


def test_a_buyers_no_is_on_record_before_the_next_one_hears_of_the_lead(world: World, market: Market) -> None:
    token = key(world)
    first = world.contract(world.buyer(), priority=1, confirm_minutes=30)
    system, seen = watching(market)
    market.contract(world, system, priority=2)
    lead_id = post(token, FRESH).json()["lead_id"]
    assert Sale.objects.get().contract_id == first.pk
    answer = say(token, lead_id, "reject", {"reason": "not ours"})
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    assert seen == [[("refused", ""), ("pending", "sent")]]
    assert Lead.objects.get(pk=decode("ld", lead_id)).status == "accepted"
