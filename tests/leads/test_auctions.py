"""Campaigns of method ping_post: everybody is asked at once, the best bid gets the lead, and the record says it all."""

from datetime import timedelta
from typing import Any

import pytest

from billing.check import check_ledger
from buyers.health import read_health
from core.clock import now
from core.http import loop
from core.http.client import OPEN_PER_LANE
from leads.bids import Pinged
from leads.models import Auction, Lead, Sale
from leads.pages import lead_page
from leads.queries import decisions
from tests.leads.test_actions_api import FRESH, send
from tests.leads.test_api import get, key
from tests.leads.test_posting import balance, failing, take
from tests.leads.trading import Market
from tests.leads.world import make_world
from tests.portal.people import make_person, signed_in

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


def test_what_a_buyer_repeats_of_the_person_is_not_kept_in_the_clear(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=1_000)
    market.contract(world, market.system("informed", bid=None, reason="duplicate of Maria Garcia, 555 123 4567"))
    take(world)
    (ping,) = Auction.objects.get().record["pings"]
    assert ping["bid"][3] == "duplicate of ••• •••, •••"


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


def test_a_buyer_that_takes_no_posts_of_late_is_not_asked_for_a_bid(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000)
    down, other = market.system("down", bid=50.00), market.system("other", bid=40.00)
    failing(market.contract(world, down))
    market.contract(world, other)
    assert take(world).body["price"] == 40.0
    assert (down.pings, down.posts) == ([], [])
    assert verdicts()["down"] == "breaker_open"


def test_a_buyer_whose_lane_is_full_of_our_own_questions_is_not_blamed_for_it(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=150)
    contract = market.contract(world, market.system("busy", bid=50.00))
    loop.run(crowd(contract.pk.hex, OPEN_PER_LANE))
    try:
        assert take(world).body["status"] == "unsold"
    finally:
        loop.run(crowd(contract.pk.hex, -OPEN_PER_LANE))
    (ping,) = (Pinged.from_record(one) for one in Auction.objects.get().record["pings"])
    assert (ping.said, ping.bid.reason, ping.fields) == ("unreachable", "crowded", ())
    (endpoint, *_) = read_health([contract.pk], mode="live", now=now())[contract.pk].endpoints
    assert (endpoint.asked, endpoint.errors, endpoint.timeouts) == (0, 0, 0)


async def crowd(lane: str, places: int) -> None:
    """Take so many places in the lane, or give them back."""
    lanes = loop.client().lanes
    for _ in range(places):
        await lanes.enter(lane)
    for _ in range(-places):
        lanes.leave(lane)


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


def test_an_unsold_lead_is_auctioned_again_when_it_is_rerouted(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000, answer_within_ms=5_000)
    system = market.system("picky", bid=None)
    market.contract(world, system)
    assert take(world).body["reason"] == "no_bid"
    Auction.objects.update(started_at=now() - timedelta(minutes=5))
    system.bid = 33.0
    lead = Lead.objects.get()
    answer = send(key(world), f"/v1/leads/{lead.public_id}/reroute", {})
    assert (answer.status_code, answer.json()["status"], answer.json()["price"]) == (200, "accepted", 33.0)
    assert (len(system.pings), Auction.objects.count()) == (2, 2)
    assert [stored.replayed for stored in decisions(lead)] == [True, True]


def test_a_lead_is_assigned_by_hand_to_a_contract_that_is_posted_to_at_its_own_price(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000, answer_within_ms=5_000)
    system = market.system("picky", bid=None)
    contract = market.contract(world, system, price=30_00)
    take(world)
    path = f"/v1/leads/{Lead.objects.get().public_id}/assign"
    body = send(key(world), path, {"contract_id": contract.public_id}).json()
    assert (body["status"], body["price"], len(system.posts), len(system.pings)) == ("accepted", 30.0, 1, 1)


def test_a_buyer_that_says_no_long_after_its_post_has_the_others_asked_again(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000, answer_within_ms=5_000)
    silent, other = market.system("silent", bid=50.0, post="hang"), market.system("other", bid=20.0)
    for system in (silent, other):
        market.contract(world, system)
    take(world)
    Auction.objects.update(started_at=now() - timedelta(minutes=5))
    path = f"/v1/leads/{Lead.objects.get().public_id}/reject"
    body = send(key(world), path, {"reason": "we never got it"}).json()
    assert (body["status"], body["price"], len(other.pings), len(other.posts)) == ("accepted", 20.0, 2, 1)
    assert check_ledger(now=now()).differences == ()


def test_the_decision_tells_every_ping_and_post(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000, answer_within_ms=5_000)
    won = market.contract(world, market.system("high", bid=41.5))
    lost = market.contract(world, market.system("none", bid=None))
    take(world)
    body = get(key(world), f"/v1/leads/{Lead.objects.get().public_id}/decision").json()
    (auction,) = body["auctions"]
    told = {ping["contract_id"]: ping for ping in auction["pings"]}
    assert (auction["window_ms"], auction["ping_id"], set(told)) == (2_000, None, {won.public_id, lost.public_id})
    high, none = told[won.public_id], told[lost.public_id]
    assert (high["outcome"], high["bid"], high["told"]) == ("bid", 41.5, ["case_type", "state"])
    assert (none["outcome"], none["answer"], none["bid"]) == ("no_bid", "no_bid", None)
    assert high["answered_ms"] >= 0
    (post,) = body["posts"]
    assert (post["contract_id"], post["state"], post["answer"]) == (won.public_id, "answered", "accepted")
    assert {"phone", "email", "first_name"} <= set(post["told"])
    assert body["decisions"][0]["contracts"][0]["inputs"]["bid"] == 41.5


def test_a_dry_run_pings_nobody_and_says_so(market: Market) -> None:
    world = make_world(method="ping_post")
    system = market.system("high", bid=41.5)
    market.contract(world, system)
    body = send(key(world), "/v1/simulate", FRESH).json()
    assert (body["pinged"], body["status"], system.pings) == (False, "unsold", [])
    assert body["contracts"][0]["reason"] == "not_pinged"


def test_the_page_of_a_lead_shows_its_auction(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000)
    market.contract(world, market.system("high", bid=41.5))
    market.contract(world, market.system("late", bid=None))
    take(world)
    page = lead_page(world.principal, Lead.objects.get().pk)
    (auction,) = page.auctions
    assert [(row.contract, row.outcome, row.bid, row.fields) for row in auction.rows] == [
        ("high", "bid", 41_50, ("case_type", "state")),
        ("late", "no_bid", None, ("case_type", "state")),
    ]
    shown = signed_in(make_person(world.agency)).get(f"/agency/leads/{page.lead.public_id}/")
    assert shown.status_code == 200
    assert "Auction: 2 asked" in shown.content.decode()


def test_where_one_that_shares_a_lead_refuses_the_next_bidders_are_tried_in_turn(market: Market) -> None:
    world = make_world(method="ping_post", max_sales=2, ping_timeout_ms=2_000, answer_within_ms=20_000)
    bids = {
        "a": (20.0, "refuse"),
        "b": (15.0, "accept"),
        "c": (9.0, "refuse"),
        "d": (8.0, "accept"),
        "e": (7.0, "accept"),
    }
    for name, (bid, answer) in bids.items():
        market.contract(world, market.system(name, bid=bid, post=answer), sells="shared")
    body = take(world).body
    assert (body["status"], body["price"]) == ("accepted", 23.0)
    assert sorted(sale["price"] for sale in body["sales"]) == [8.0, 15.0]
    systems = market.systems
    assert [len(systems[name].posts) for name in bids] == [1, 1, 1, 1, 0]
    assert [len(systems[name].pings) for name in bids] == [1] * 5
    assert all(one.replayed for one in decisions(Lead.objects.get()))
    assert check_ledger(now=now()).differences == ()


def test_the_place_of_a_buyer_that_may_have_the_lead_is_nobody_elses(market: Market) -> None:
    world = make_world(method="ping_post", max_sales=2, ping_timeout_ms=2_000, answer_within_ms=20_000)
    for name, bid, answer in (("a", 20.0, "hang"), ("b", 15.0, "accept"), ("c", 10.0, "accept")):
        market.contract(world, market.system(name, bid=bid, post=answer), sells="shared")
    take(world)
    assert [len(market.systems[name].posts) for name in "abc"] == [1, 1, 0]
    assert sorted(Sale.objects.values_list("state", flat=True)) == ["delivered", "pending"]


def test_of_those_that_share_a_lead_each_is_posted_to_and_one_that_refuses_leaves_it_to_the_others(
    market: Market,
) -> None:
    world = make_world(method="ping_post", max_sales=3, ping_timeout_ms=2_000, answer_within_ms=20_000)
    first = market.contract(world, market.system("a", bid=20.0, post="refuse"), sells="shared")
    others = [
        market.contract(world, market.system(name, bid=bid), sells="shared") for name, bid in (("b", 15.0), ("c", 10.0))
    ]
    body = take(world).body
    assert (body["status"], body["price"], len(body["sales"])) == ("accepted", 25.0, 2)
    assert sorted(sale["price"] for sale in body["sales"]) == [10.0, 15.0]
    assert [balance(contract) for contract in (first, *others)] == [(1_000_00, 0), (985_00, 0), (990_00, 0)]
    lead = Lead.objects.get()
    assert (lead.price, lead.payout) == (25_00, 90_00)
    assert check_ledger(now=now()).differences == ()
