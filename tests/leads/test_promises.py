"""POST /v1/ping and POST /v1/post: a price for part of a lead, and the lead on the terms that were promised."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from accounts.models import Agency
from billing.check import check_ledger
from buyers.models import Contract
from core.clock import now
from leads.inward import prune_pings
from leads.models import Auction, Lead, Ping, Sale, Submission
from routing.models import Campaign
from tests.leads.test_actions_api import FRESH, send
from tests.leads.test_api import key
from tests.leads.trading import Market
from tests.leads.world import World, make_world

pytestmark = pytest.mark.django_db
PART = {"campaign_id": "auto-accident", "source": "google_ads", "state": "TX", "case_type": "auto_accident"}


@pytest.fixture
def world() -> World:
    return make_world(method="ping_post", ping_timeout_ms=2_000, answer_within_ms=5_000)


def ask(token: str, **changes: Any) -> Any:
    answer = send(token, "/v1/ping", PART | changes)
    assert answer.status_code == 201, answer.content
    return answer.json()


def post(token: str, ping_id: str, **changes: Any) -> Any:
    return send(token, "/v1/post", FRESH | {"ping_id": ping_id} | changes)


def test_a_ping_is_answered_with_a_price_and_records_no_lead_and_nobody(world: World, market: Market) -> None:
    market.contract(world, market.system("buyer", bid=42.5))
    told = ask(key(world), phone="+15551234567", first_name="Maria")
    assert (told["status"], told["price"], told["currency"], told["reason"]) == ("bid", 42.5, "USD", None)
    assert [(bid["price"], bid["exclusive"]) for bid in told["bids"]] == [(42.5, True)]
    assert told["ping_id"].startswith("ping_")
    assert Lead.objects.count() == 0
    ping = Ping.objects.get()
    assert ping.fields == {"state": "TX", "case_type": "auto_accident"}
    assert (ping.phone_hash, ping.email_hash) == (None, None)


def test_a_campaign_that_was_just_opened_is_asked_about_at_once(world: World, market: Market) -> None:
    market.contract(world, market.system("buyer", bid=42.5))
    token = key(world)
    ask(token)
    Campaign.objects.update(slug="renamed")
    Agency.objects.update(version=F("version") + 1)
    assert ask(token, campaign_id="renamed")["status"] == "bid"


def test_a_minimum_of_the_score_is_asked_of_the_lead_and_not_of_its_ping(world: World, market: Market) -> None:
    contract = market.contract(world, market.system("buyer", bid=42.5))
    Contract.objects.filter(pk=contract.pk).update(min_score=40)
    Agency.objects.update(version=F("version") + 1)
    token = key(world)
    told = ask(token)
    assert (told["status"], told["price"]) == ("bid", 42.5)
    body = post(token, told["ping_id"]).json()
    assert (body["terms"], body["status"]) == ("promised", "accepted")
    assert body["score"] >= 40, "what the ping withheld did not count against the lead"

    Contract.objects.filter(pk=contract.pk).update(min_score=100)
    Agency.objects.update(version=F("version") + 1)
    told = ask(token)
    assert told["status"] == "bid"
    body = post(token, told["ping_id"], phone="+15551239999", email="other@example.com").json()
    assert (body["status"], body["reason"]) == ("unsold", "below_min_score")


def test_a_sources_key_is_told_its_payout(world: World, market: Market) -> None:
    market.contract(world, market.system("buyer", bid=142.5))
    told = ask(key(world, source_id=world.source.pk))
    assert (told["price"], told["bids"][0]["price"]) == (90.0, 90.0)


def test_the_lead_is_sold_as_promised_without_another_ping(world: World, market: Market) -> None:
    system = market.system("buyer", bid=42.5)
    market.contract(world, system)
    token = key(world)
    told = ask(token)
    system.bid = 10.0
    answer = post(token, told["ping_id"])
    body = answer.json()
    assert (answer.status_code, body["status"], body["price"]) == (201, "accepted", 42.5)
    assert (body["ping_id"], body["terms"]) == (told["ping_id"], "promised")
    assert (len(system.pings), system.posts[0]["token"]) == (1, "t-buyer")
    assert Auction.objects.get().lead_id == Lead.objects.get().pk
    assert check_ledger(now=now()).differences == ()


def test_another_lead_than_was_asked_about_is_decided_anew(world: World, market: Market) -> None:
    system = market.system("buyer", bid=42.5)
    market.contract(world, system)
    token = key(world)
    told = ask(token)
    system.bid = 20.0
    body = post(token, told["ping_id"], state="CA").json()
    assert (body["terms"], body["status"], body["price"]) == ("redecided", "accepted", 20.0)
    assert len(system.pings) == 2


def test_a_lead_whose_source_earns_otherwise_by_now_is_decided_anew(world: World, market: Market) -> None:
    system = market.system("buyer", bid=42.5)
    market.contract(world, system)
    token = key(world)
    told = ask(token)
    send(token, f"/v1/sources/{world.source.public_id}", {"payout": {"kind": "fixed", "value": 5.0}}, method="patch")
    body = post(token, told["ping_id"]).json()
    assert (body["terms"], body["status"], body["price"]) == ("redecided", "accepted", 42.5)
    assert len(system.pings) == 2
    assert Auction.objects.filter(lead=Lead.objects.get()).count() == 1
    assert check_ledger(now=now()).differences == ()


@pytest.mark.parametrize("number", ["5551234567", "+15551234567", "15551234567"])
def test_a_person_named_by_a_hash_is_known_again(world: World, market: Market, number: str) -> None:
    market.contract(world, market.system("buyer"))
    token = key(world)
    told = ask(token, phone_sha256=sha256(number.encode()).hexdigest())
    assert post(token, told["ping_id"]).json()["terms"] == "promised"


def test_another_person_than_the_hash_named_is_decided_anew(world: World, market: Market) -> None:
    market.contract(world, market.system("buyer"))
    token = key(world)
    told = ask(token, phone_sha256=sha256(b"2145550199").hexdigest())
    assert post(token, told["ping_id"]).json()["terms"] == "redecided"


def test_a_duplicate_is_found_by_its_hash_before_anybody_is_asked(world: World, market: Market) -> None:
    system = market.system("buyer")
    market.contract(world, system)
    token = key(world)
    assert send(token, "/v1/leads", FRESH).json()["status"] == "accepted"
    told = ask(token, phone_sha256=sha256(b"5551234567").hexdigest())
    assert (told["status"], told["price"], told["reason"], told["bids"]) == ("no_bid", None, "duplicate", [])
    assert len(system.pings) == 1


def test_a_ping_is_used_once(world: World, market: Market) -> None:
    market.contract(world, market.system("buyer"))
    token = key(world)
    ping_id = ask(token)["ping_id"]
    assert post(token, ping_id).status_code == 201
    again = post(token, ping_id, phone="+15557654321", email="other@example.com")
    assert (again.status_code, again.json()["code"]) == (409, "ping_used")
    assert (Lead.objects.count(), Sale.objects.count()) == (1, 1)
    assert Submission.objects.get().code == "ping_used"


def test_a_promise_that_is_over_is_refused(world: World, market: Market) -> None:
    system = market.system("buyer")
    market.contract(world, system)
    token = key(world)
    ping_id = ask(token)["ping_id"]
    Ping.objects.update(expires_at=now() - timedelta(seconds=1))
    answer = post(token, ping_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "ping_expired")
    assert (Lead.objects.count(), len(system.pings)) == (0, 1)


def test_a_strangers_ping_is_not_there(world: World, market: Market) -> None:
    market.contract(world, market.system("buyer"))
    ping_id = ask(key(world))["ping_id"]
    stranger = key(make_world())
    for named in (ping_id, "ping_nobody"):
        assert post(stranger, named).status_code == 404
    assert Lead.objects.count() == 0


def test_a_promise_whose_buyer_has_no_room_left_is_not_kept_for_less(world: World, market: Market) -> None:
    market.contract(world, market.system("buyer", bid=42.5), money=42_50)
    market.contract(world, market.system("poorer", bid=30.0))
    token = key(world)
    first, second = ask(token)["ping_id"], ask(token)["ping_id"]
    assert post(token, first).json()["price"] == 42.5
    body = post(token, second, phone="+15557654321", email="other@example.com").json()
    assert (body["status"], body["terms"], body["price"]) == ("unsold", "promised", None)


def test_some_of_the_bids_may_be_taken(market: Market) -> None:
    world = make_world(method="ping_post", max_sales=3, ping_timeout_ms=2_000, answer_within_ms=5_000)
    for name, bid in (("a", 20.0), ("b", 15.0), ("c", 10.0)):
        market.contract(world, market.system(name, bid=bid), sells="shared")
    token = key(world)
    told = ask(token)
    assert (told["price"], [bid["price"] for bid in told["bids"]]) == (45.0, [20.0, 15.0, 10.0])
    assert [bid["exclusive"] for bid in told["bids"]] == [False] * 3
    body = post(token, told["ping_id"], bid_ids=[told["bids"][1]["bid_id"]]).json()
    assert (body["terms"], [sale["price"] for sale in body["sales"]]) == ("promised", [15.0])


def one_of_three_refuses(market: Market, *, max_sales: int) -> World:
    """A market in which the highest bidder, a, takes back its word, and b and c do not."""
    world = make_world(method="ping_post", max_sales=max_sales, ping_timeout_ms=2_000, answer_within_ms=5_000)
    for name, bid, answer in (("a", 20.0, "refuse"), ("b", 15.0, "accept"), ("c", 10.0, "accept")):
        market.contract(world, market.system(name, bid=bid, post=answer), sells="shared")
    return world


def test_the_place_of_one_that_refuses_goes_to_nobody_whose_bid_was_not_taken(market: Market) -> None:
    world = one_of_three_refuses(market, max_sales=3)
    token = key(world)
    told = ask(token)
    first, second, _ = (bid["bid_id"] for bid in told["bids"])
    body = post(token, told["ping_id"], bid_ids=[first, second]).json()
    assert (body["terms"], body["status"], body["price"]) == ("promised", "accepted", 15.0)
    assert market.systems["c"].posts == []


def test_where_one_of_those_that_promised_refuses_the_next_takes_its_place(market: Market) -> None:
    world = one_of_three_refuses(market, max_sales=2)
    token = key(world)
    told = ask(token)
    assert [bid["price"] for bid in told["bids"]] == [20.0, 15.0]
    body = post(token, told["ping_id"]).json()
    assert (body["terms"], body["status"], body["price"]) == ("promised", "accepted", 25.0)
    assert [len(market.systems[name].pings) for name in "abc"] == [1, 1, 1]


def test_a_repeated_ping_and_post_are_answered_as_the_first_time(world: World, market: Market) -> None:
    system = market.system("buyer")
    market.contract(world, system)
    token = key(world)
    pings = [_keyed(token, "/v1/ping", PART, "p1") for _ in range(2)]
    assert (pings[0].content, pings[1].headers["Idempotent-Replayed"]) == (pings[1].content, "true")
    lead = FRESH | {"ping_id": pings[0].json()["ping_id"]}
    posts = [_keyed(token, "/v1/post", lead, "l1") for _ in range(2)]
    assert (posts[0].content, posts[1].headers["Idempotent-Replayed"]) == (posts[1].content, "true")
    assert (posts[0].json()["terms"], len(system.pings), len(system.posts)) == ("promised", 1, 1)


def _keyed(token: str, path: str, body: Any, name: str) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": name}
    return Client().post(path, body, content_type="application/json", headers=headers)


@pytest.mark.parametrize(
    ("path", "body", "field", "code"),
    [
        ("/v1/ping", PART | {"phone_sha256": "5551234567"}, "phone_sha256", "bad_hash"),
        ("/v1/ping", PART | {"state": "Ontario"}, "state", "invalid_state"),
        ("/v1/post", FRESH, "ping_id", "required"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field_and_kept(
    world: World, path: str, body: Any, field: str, code: str
) -> None:
    answer = send(key(world), path, body)
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert Submission.objects.count() == 1


def test_pings_that_never_became_leads_are_forgotten_after_a_month(world: World, market: Market) -> None:
    market.contract(world, market.system("buyer"))
    token = key(world)
    ask(token)
    assert post(token, ask(token)["ping_id"]).status_code == 201
    assert prune_pings(now=now() + timedelta(days=29)) == 0
    assert prune_pings(now=now() + timedelta(days=31)) == 1
    assert (Ping.objects.get().lead_id, Auction.objects.get().lead_id) == (Lead.objects.get().pk,) * 2


def test_a_buyer_that_is_allowed_a_hash_is_told_the_one_that_the_source_sent(world: World, market: Market) -> None:
    system = market.system("buyer")
    body = {"ping_id": "{{ping.id}}", "phone": "{{hash.phone_sha256}}"}
    ping = {**system.delivery["ping"], "body": {"type": None, "lead": None, **body}}
    market.contract(world, system, delivery={"ping": ping, "hashes": ["phone_sha256"]})
    told = sha256(b"5551234567").hexdigest()
    ask(key(world), phone_sha256=told)
    assert [one["phone"] for one in system.pings] == [told]
    assert Auction.objects.get().record["pings"][0]["fields"] == ["phone_sha256"]


def test_a_fixed_price_is_promised_too_and_a_cheaper_contract_does_not_take_its_place() -> None:
    world = make_world()
    first, cheaper = world.buyer("First", money=30_00), world.buyer("Cheaper")
    world.contract(first, price=30_00, priority=1)
    world.contract(cheaper, price=20_00, priority=2)
    token = key(world)
    told, other = ask(token), ask(token)
    assert (told["price"], told["status"]) == (30.0, "bid")
    assert post(token, told["ping_id"]).json()["price"] == 30.0
    late = post(token, other["ping_id"], phone="+15557654321", email="other@example.com").json()
    assert (late["status"], late["terms"]) == ("unsold", "promised")
    assert send(token, "/v1/leads", FRESH | {"phone": "+15557654322", "email": "x@example.com"}).json()["price"] == 20.0


def test_taking_none_of_the_bids_is_no_post(world: World, market: Market) -> None:
    market.contract(world, market.system("buyer", bid=42.5))
    token = key(world)
    answer = post(token, ask(token)["ping_id"], bid_ids=[])
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_bid")
    assert Lead.objects.count() == 0
