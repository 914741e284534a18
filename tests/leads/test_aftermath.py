"""Those that bid are told how it ended: by events where they listen, by loss notices where their method asks for it."""

import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db.models import F

from accounts.models import Agency
from buyers.models import Contract
from core.clock import now
from leads.aftermath import tell_bidders
from leads.models import Auction, Lead, Sale
from routing.models import Campaign
from tests.leads.test_actions_api import FRESH, send
from tests.leads.test_api import key
from tests.leads.test_posting import take
from tests.leads.test_promises import ask
from tests.leads.trading import Market
from tests.leads.world import World, make_world
from webhooks.models import Endpoint, Event, Message

pytestmark = pytest.mark.django_db
LONG = {"method": "ping_post", "ping_timeout_ms": 2_000, "answer_within_ms": 5_000}


@pytest.fixture
def world() -> World:
    return make_world(**LONG)


def listen(world: World, contract: Contract | None = None) -> Endpoint:
    """An endpoint of the agency, or of one buyer, that wants to hear of auctions."""
    return Endpoint.objects.create(
        agency=world.agency,
        mode="live",
        owner_kind="buyer" if contract else "agency",
        owner_id=contract.buyer_id if contract else world.agency.pk,
        buyer_id=contract.buyer_id if contract else None,
        url="https://hooks.example.com/",
        events=["ping.won", "ping.lost"],
    )


def bodies() -> list[dict[str, Any]]:
    rows = Event.objects.filter(type__startswith="ping.").order_by("sequence")
    return [json.loads(bytes(row.body)) for row in rows]


def test_winner_and_losers_are_told_once(world: World, market: Market) -> None:
    winner = market.contract(world, market.system("high", bid=50.0))
    loser = market.contract(world, market.system("low", bid=20.0))
    market.contract(world, market.system("none", bid=None))
    listen(world)
    take(world)
    assert (tell_bidders(now=now()), tell_bidders(now=now())) == (1, 0)
    lead = Lead.objects.get()
    told = {body["contract_id"]: body for body in bodies()}
    assert set(told) == {winner.public_id, loser.public_id}
    won, lost = told[winner.public_id], told[loser.public_id]
    assert (won["event"], won["bid"], won["price"], won["reason"]) == ("ping.won", 50.0, 50.0, None)
    assert (lost["event"], lost["bid"], lost["price"], lost["reason"]) == ("ping.lost", 20.0, None, "outbid")
    assert {body["lead_id"] for body in told.values()} == {lead.public_id}
    assert sorted(body["sequence"] for body in told.values()) == [lead.last_sequence - 1, lead.last_sequence]


def test_a_buyer_hears_of_its_own_bids_only(world: World, market: Market) -> None:
    market.contract(world, market.system("high", bid=50.0))
    loser = market.contract(world, market.system("low", bid=20.0))
    endpoint = listen(world, loser)
    take(world)
    tell_bidders(now=now())
    assert [body["contract_id"] for body in bodies()] == [loser.public_id]
    assert Message.objects.get(event__type="ping.lost").endpoint_id == endpoint.pk


def test_where_nobody_listens_nothing_is_written_and_the_auction_is_done_with(world: World, market: Market) -> None:
    market.contract(world, market.system("high", bid=50.0))
    take(world)
    assert tell_bidders(now=now()) == 1
    assert (bodies(), Auction.objects.filter(told_at=None).count()) == ([], 0)


def test_losers_get_a_loss_notice_with_what_won_and_the_winner_gets_none(world: World, market: Market) -> None:
    high, low, none = market.system("high", bid=50.0), market.system("low", bid=20.0), market.system("none", bid=None)
    for system in (high, low, none):
        market.contract(world, system)
    take(world)
    tell_bidders(now=now())
    assert (high.losses, none.losses) == ([], [])
    assert low.losses == [{"ping_id": low.pings[0]["ping_id"], "won_at": 50.0}]


def test_a_loss_notice_may_carry_the_hashes_that_its_buyer_is_allowed(world: World, market: Market) -> None:
    market.contract(world, market.system("high", bid=50.0))
    low = market.system("low", bid=20.0)
    loss = {"url": f"{low.url}/loss", "body": {"phone": "{{hash.phone_sha256}}"}}
    market.contract(world, low, delivery={"hashes": ["phone_sha256"], "loss": loss})
    take(world)
    tell_bidders(now=now())
    assert low.losses == [{"phone": sha256(b"5551234567").hexdigest()}]


def test_nobody_is_told_while_the_winners_answer_is_open(world: World, market: Market) -> None:
    silent, low = market.system("silent", bid=50.0, post="hang"), market.system("low", bid=20.0)
    for system in (silent, low):
        market.contract(world, system)
    take(world)
    assert (tell_bidders(now=now()), low.losses) == (0, [])


def test_those_that_bid_on_a_ping_which_was_not_taken_are_told_when_it_is_over(world: World, market: Market) -> None:
    system = market.system("buyer", bid=50.0)
    market.contract(world, system)
    listen(world)
    ask(key(world))
    assert tell_bidders(now=now() + timedelta(seconds=61)) == 0  # a lead that came in time may be on its way
    assert tell_bidders(now=now() + timedelta(seconds=91)) == 1
    (told,) = bodies()
    assert (told["event"], told["lead_id"], told["reason"]) == ("ping.lost", None, "not_taken")
    assert [loss["ping_id"] for loss in system.losses] == [system.pings[0]["ping_id"]]


def test_a_promise_that_was_taken_is_told_of_as_won(world: World, market: Market) -> None:
    contract = market.contract(world, market.system("buyer", bid=50.0))
    listen(world)
    token = key(world)
    ping_id = ask(token)["ping_id"]
    assert send(token, "/v1/post", FRESH | {"ping_id": ping_id}).status_code == 201
    assert tell_bidders(now=now()) == 1
    assert [(body["event"], body["contract_id"]) for body in bodies()] == [("ping.won", contract.public_id)]


def test_bidders_are_told_although_the_campaign_was_archived_before_the_promise_was_over(
    world: World, market: Market
) -> None:
    system = market.system("buyer", bid=50.0)
    market.contract(world, system)
    listen(world)
    ask(key(world))
    Campaign.objects.update(status="archived")
    Agency.objects.update(version=F("version") + 1)
    assert tell_bidders(now=now() + timedelta(seconds=91)) == 1
    assert ([body["event"] for body in bodies()], system.losses) == (["ping.lost"], [])


def test_nobody_is_told_before_those_who_share_the_lead_have_answered_or_the_bids_are_old(market: Market) -> None:
    world = make_world(**LONG, max_sales=2)
    for name, bid, answer in (("a", 20.0, "garbage"), ("b", 15.0, "accept"), ("c", 10.0, "accept")):
        market.contract(world, market.system(name, bid=bid, post=answer), sells="shared")
    take(world)
    assert sorted(Sale.objects.values_list("state", flat=True)) == ["delivered", "pending"]
    assert tell_bidders(now=now()) == 0
    assert tell_bidders(now=now() + timedelta(minutes=2)) == 1
