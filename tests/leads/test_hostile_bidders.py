"""Bidders that mean ill or are broken lose with a reason each; the auction goes on and the honest one wins it."""

from contextlib import ExitStack
from typing import Any

import pytest

from leads.bids import bidding_of
from leads.exchanges import auction_tables
from leads.models import Auction, Lead, Sale
from tests.leads.test_auctions import verdicts
from tests.leads.test_posting import take
from tests.leads.trading import Market
from tests.leads.world import make_world
from tests.processes import free_port
from tests.webhooks.receiver import Script, bomb, drip, flood, raw, receiving, reset, silence, status

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]


def says(price: str) -> Script:
    return status(200, b'{"accepted": true, "price": %s, "token": "x"}' % price.encode())


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 6000\r\n\r\n"
SCRIPTS: dict[str, tuple[Script, str, str]] = {
    "garbage": (status(200, b"<html>oops</html>"), "bid_unreadable", "bad_json"),
    "not_http": (raw(b"I am a teapot\r\n\r\n"), "bid_unreadable", "bad_encoding"),
    "ten_megabytes": (flood(10), "bid_unreadable", "too_large"),
    "gzip_bomb": (bomb(), "bid_unreadable", "bad_encoding"),
    "slow_drip": (drip(HEAD, b" ", 4.0), "bid_late", "timeout"),
    "silent": (silence(4.0), "bid_late", "timeout"),
    "hangs_up": (reset, "bid_error", "reset_after_send"),
    "redirects": (status(302, b"", "Location: http://169.254.169.254/latest"), "bid_error", "http_302"),
    "is_down": (status(503, b"busy"), "bid_error", "http_503"),
    "nan": (says("NaN"), "bid_unreadable", "bad_json"),
    "negative": (says("-5"), "bid_unreadable", "price_negative"),
    "huge": (says("1e300"), "bid_unreadable", "price_huge"),
    "text": (says('"a lot"'), "bid_unreadable", "price_not_a_number"),
    "true": (says("true"), "bid_unreadable", "price_wrong_type"),
    "nothing": (says("0"), "no_bid", "price_zero"),
}


def test_ill_meant_answers_are_refused_with_a_reason_each_and_the_auction_goes_on(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=3_000, answer_within_ms=20_000)
    market.contract(world, market.system("honest", bid=12.0))
    with ExitStack() as running:
        for name, (script, *_) in SCRIPTS.items():
            receiver = running.enter_context(receiving())
            receiver.answer_with(script)
            system: Any = market.system(name)
            market.contract(world, system, delivery={"ping": {"url": receiver.url}})
        outcome = take(world)
    assert (outcome.body["status"], outcome.body["price"]) == ("accepted", 12.0)
    assert verdicts() == {name: reason for name, (_, reason, _) in SCRIPTS.items()} | {"honest": "won"}
    names = {contract.pk: contract.name for contract in world.campaign.contracts.all()}
    said = {names[one.bid.contract_id]: one.bid.reason for one in bidding_of(Auction.objects.get()).pinged}
    assert said == {name: why for name, (*_, why) in SCRIPTS.items()} | {"honest": ""}
    assert Sale.objects.count() == 1


def test_a_bidder_at_an_address_that_is_never_called_is_not_asked(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000, answer_within_ms=20_000)
    market.contract(world, market.system("inside"), delivery={"ping": {"url": "http://169.254.169.254/ping"}})
    assert take(world).body["reason"] == "bid_error"
    (ping,) = bidding_of(Auction.objects.get()).pinged
    assert (ping.said, ping.bid.reason, ping.fields) == ("blocked", "blocked_address", ())
    assert [auction.asked for auction in auction_tables(Lead.objects.get())] == [0]


def test_a_bidder_where_nobody_listens_was_told_nothing(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000, answer_within_ms=20_000)
    market.contract(world, market.system("gone"), delivery={"ping": {"url": f"http://127.0.0.1:{free_port()}/ping"}})
    market.contract(world, market.system("here", bid=12.0))
    take(world)
    told = {ping.said: ping.fields for ping in bidding_of(Auction.objects.get()).pinged}
    assert told == {"unreachable": (), "accepted": ("case_type", "state")}
    assert [auction.asked for auction in auction_tables(Lead.objects.get())] == [1]
