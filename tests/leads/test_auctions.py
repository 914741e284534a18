"""Campaigns of method ping_post: everybody is asked at once, the best bid gets the lead, and the record says it all."""

from typing import Any

import pytest

from billing.check import check_ledger
from core.clock import now
from leads.models import Auction, Lead, Sale
from leads.queries import decisions
from tests.leads.test_posting import balance, take
from tests.leads.trading import Market
from tests.leads.world import make_world

pytestmark = pytest.mark.django_db


def verdicts() -> dict[str, str]:
    (stored, *_) = decisions(Lead.objects.get())
    names = {str(sale.pk): sale.name for sale in _contracts()}
    return {
        names[str(verdict.contract_id)]: "won" if verdict.reason is None else verdict.reason.value
        for verdict in stored.decision.verdicts
    }


def _contracts() -> Any:
    return Lead.objects.get().campaign.contracts.all()


def test_the_highest_bid_gets_the_lead_and_pays_it(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000)
    low, high, none = market.system("low", bid=20.0), market.system("high", bid=41.5), market.system("none", bid=None)
    for system in (low, none):
        market.contract(world, system)
    taken = market.contract(world, high)
    outcome = take(world)
    assert (outcome.body["routing_decision"], outcome.body["price"]) == ("ping_post_winner", 41.5)
    assert balance(taken) == (958_50, 0)
    assert verdicts() == {"low": "outbid", "high": "won", "none": "no_bid"}
    assert (len(low.pings), len(high.posts), low.posts) == (1, 1, [])
    assert high.posts[0]["token"] == "t-high"
    assert check_ledger(now=now()).differences == ()


def test_nothing_personal_is_told_before_the_sale(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000)
    system = market.system("curious", bid=None)
    market.contract(world, system)
    take(world)
    (ping,) = system.pings
    assert ping["lead"] == {"state": "TX", "case_type": "auto_accident"}
    assert Auction.objects.get().record["pings"][0]["fields"] == ["case_type", "state"]


def test_a_late_bid_is_on_record_and_never_wins(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=150)
    market.contract(world, market.system("late", bid=90.0, delay=0.6))
    static = world.contract(world.buyer("Static"), price=10_00, webhook=False)
    outcome = take(world)
    assert outcome.body["sales"][0]["contract_id"] == static.public_id
    assert verdicts() == {"late": "bid_late", "Static": "won"}


def test_after_a_refusal_the_next_bidder_is_tried_without_being_asked_again(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000)
    best, second = market.system("best", bid=50.0, post="refuse"), market.system("second", bid=30.0)
    market.contract(world, best)
    taken = market.contract(world, second)
    outcome = take(world)
    assert outcome.body["sales"][0]["contract_id"] == taken.public_id
    assert (len(best.pings), len(second.pings), len(second.posts)) == (1, 1, 1)
    assert [stored.replayed for stored in decisions(Lead.objects.get())] == [True, True]


def test_a_duplicate_is_not_pinged(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000)
    system = market.system("best", bid=50.0)
    market.contract(world, system)
    take(world)
    assert take(world).body["status"] == "duplicate"
    assert len(system.pings) == 1


def test_mocks_answer_for_buyers_in_the_test_book(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000)
    real = market.system("real", bid=10.0)
    market.contract(world, real, mock={"bid": 12_00, "answer": "refuse"})
    taken = market.contract(world, market.system("other"), mock={"bid": 11_00})
    outcome = take(world, principal=world.test_key())
    assert outcome.body["sales"][0]["contract_id"] == taken.public_id
    assert (outcome.body["price"], real.pings, real.posts) == (11.0, [], [])
    assert list(Sale.objects.order_by("sold_at", "id").values_list("state", flat=True)) == ["refused", "delivered"]
