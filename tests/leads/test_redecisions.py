"""A lead that is decided again after a buyer's refusal: its source is told and kept to what it was the first time."""

from datetime import timedelta
from typing import Any

import pytest

from core.clock import now
from leads.confirmation import reject_sale
from leads.models import Auction, Lead, Sale
from leads.rerouting import reroute_lead
from tests.leads.test_actions_api import FRESH, send
from tests.leads.test_api import key
from tests.leads.test_posting import states
from tests.leads.test_promises import ask, post
from tests.leads.trading import Market
from tests.leads.world import World, make_world
from webhooks.models import Event

pytestmark = pytest.mark.django_db
UNASKED: Any = {"ping": None, "loss": None}
"""A method without a ping: its contract takes part at its price."""


@pytest.fixture
def world() -> World:
    return make_world(method="ping_post", ping_timeout_ms=2_000, answer_within_ms=20_000)


def test_a_source_is_told_no_buyer_and_no_price_where_the_lead_was_auctioned_again(
    world: World, market: Market
) -> None:
    market.contract(world, market.system("no", post="refuse"), price=150_00, delivery=UNASKED)
    market.contract(world, market.system("yes"), price=140_00, delivery=UNASKED)
    body = send(key(world, source_id=world.source.pk), "/v1/leads", FRESH).json()
    assert states() == [("refused", "answered"), ("delivered", "answered")]
    assert (body["status"], body["price"], body["buyer_id"], body["sales"]) == ("accepted", 90.0, None, [])


def test_what_is_said_of_the_ping_outlasts_two_refusals(world: World, market: Market) -> None:
    for priority, said in enumerate(("refuse", "refuse", "accept"), 1):
        market.contract(world, market.system(f"buyer-{priority}", post=said), priority=priority)
    token = key(world)
    told = ask(token)
    body = post(token, told["ping_id"]).json()
    assert (body["status"], body["ping_id"], body["terms"]) == ("accepted", told["ping_id"], "promised")


def test_a_lead_that_is_refused_is_not_sold_for_less_than_was_promised_by_fixed_prices(market: Market) -> None:
    for method in ("ping_post", "waterfall"):
        world = make_world(method=method, answer_within_ms=20_000)
        first, second = market.system(f"{method}-no", post="refuse"), market.system(f"{method}-cheap")
        market.contract(world, first, price=50_00, priority=1, delivery=UNASKED)
        market.contract(world, second, price=20_00, priority=2, delivery=UNASKED)
        token = key(world)
        told = ask(token)
        assert told["price"] == 50.0
        body = post(token, told["ping_id"]).json()
        assert (body["status"], body["terms"], second.posts) == ("unsold", "promised", [])


def test_a_refused_lead_does_not_go_to_a_bid_that_its_source_did_not_take(market: Market) -> None:
    world = make_world(method="ping_post", max_sales=2, ping_timeout_ms=2_000, answer_within_ms=20_000)
    refusing, other = market.system("a", bid=15.0, post="refuse"), market.system("b", bid=20.0)
    for system in (refusing, other):
        market.contract(world, system, sells="shared")
    token = key(world)
    told = ask(token)
    assert [bid["price"] for bid in told["bids"]] == [20.0, 15.0]
    body = post(token, told["ping_id"], bid_ids=[told["bids"][1]["bid_id"]]).json()
    assert (body["status"], other.posts, Sale.objects.count()) == ("unsold", [], 1)


def test_bids_that_are_over_are_asked_for_again_and_the_promise_still_holds(world: World, market: Market) -> None:
    silent, other = market.system("silent", bid=50.0, post="hang"), market.system("other", bid=20.0)
    for system in (silent, other):
        market.contract(world, system)
    token = key(world)
    assert post(token, ask(token)["ping_id"]).status_code == 202
    Auction.objects.update(started_at=now() - timedelta(minutes=2))
    reject_sale(principal=world.principal, sale=Sale.objects.get(), reason="by telephone")
    lead = Lead.objects.get()
    assert (lead.status, len(other.pings), other.posts, Sale.objects.count()) == ("unsold", 2, [], 1)
    outcome = reroute_lead(principal=world.principal, lead_id=lead.pk)  # a person's wish, once that promise failed
    assert outcome.made is not None
    assert [sale.price for sale in outcome.made.fate.sales] == [20_00]


def test_a_lead_that_nobody_was_asked_about_is_not_told_as_unsold_before_it_is_sold(
    world: World, market: Market
) -> None:
    market.contract(world, market.system("no", post="refuse"), price=50_00, delivery=UNASKED)
    market.contract(world, market.system("yes"), price=40_00, delivery=UNASKED)
    assert send(key(world), "/v1/leads", FRESH).json()["status"] == "accepted"
    told = Event.objects.order_by("sequence").values_list("type", flat=True)
    assert list(told) == ["lead.received", "lead.accepted", "lead.delivered"]
