"""When the source gets its answer while buyers take their time: in time, with an address, and the same once final."""

from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from accounts.models import Agency
from leads.models import Lead, Sale
from routing.models import Campaign
from tests.leads.test_actions_api import FRESH
from tests.leads.test_api import get, key
from tests.leads.test_posting import states
from tests.leads.trading import Market
from tests.leads.world import make_world
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


def send(token: str, name: str = "form-1", **headers: str) -> Any:
    said = {"Authorization": f"Bearer {token}", "Idempotency-Key": name, **headers}
    return Client().post("/v1/leads", FRESH, content_type="application/json", headers=said)


def test_an_open_lead_has_an_address_and_repeats_tell_what_became_of_it(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000, answer_within_ms=1)
    system = market.system("slow", bid=20.0, post="slow")
    market.contract(world, system)
    token = key(world)
    first = send(token)
    assert (first.status_code, first.json()["status"], first.json()["routing_decision"]) == (202, "pending", "pending")
    wait_until(lambda: states() == [("delivered", "answered")], "the post")
    read = get(token, f"/v1/leads/{first.json()['lead_id']}").json()
    assert (read["status"], read["price"]) == ("accepted", 20.0)
    second, third = send(token), send(token)
    assert (second.status_code, second.json()["status"]) == (201, "accepted")
    assert (second.content, third.headers["Idempotent-Replayed"]) == (third.content, "true")
    assert (len(system.posts), Lead.objects.count()) == (1, 1)


def test_a_repeat_while_the_lead_is_open_waits_for_it(market: Market) -> None:
    world = make_world(answer_within_ms=1)
    system = market.system("slow", post="slow")
    market.contract(world, system)
    token = key(world)
    assert send(token).status_code == 202
    again = send(token, Prefer="wait=20")
    assert (again.status_code, again.json()["status"]) == (201, "accepted")
    assert len(system.posts) == 1


def test_a_source_that_prefers_to_wait_gets_the_end(market: Market) -> None:
    world = make_world(answer_within_ms=1)
    market.contract(world, market.system("slow", post="slow"))
    answer = send(key(world), Prefer="respond-async, wait=20")
    assert (answer.status_code, answer.json()["status"]) == (201, "accepted")


def test_nobody_waits_longer_than_the_campaigns_deadline_and_the_lead_goes_no_further(market: Market) -> None:
    world = make_world(answer_within_ms=1, deadline_ms=300)
    silent, other = market.system("silent", post="hang"), market.system("other")
    post = {**silent.delivery["post"], "on_timeout": "next", "timeout_ms": 9_000}
    market.contract(world, silent, priority=1, delivery={"post": post})
    market.contract(world, other, priority=2)
    answer = send(key(world), Prefer="wait=30")
    assert (answer.status_code, answer.json()["status"], answer.json()["reason"]) == (
        201,
        "unsold",
        "buyer_unreachable",
    )
    assert (Sale.objects.get().state, other.posts) == ("expired", [])


def test_a_repeat_gets_the_first_answer_where_the_campaign_was_archived_while_the_lead_is_open(market: Market) -> None:
    world = make_world(answer_within_ms=1)
    market.contract(world, market.system("silent", post="hang"))
    token = key(world)
    first = send(token)
    wait_until(lambda: states() == [("pending", "unknown")], "the end of the post's time")
    Campaign.objects.update(status="archived")
    Agency.objects.update(version=F("version") + 1)
    again = send(token)
    assert (again.status_code, again.content) == (202, first.content)
