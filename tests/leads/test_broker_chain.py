"""Brokers in a row: our own http method asks another agency's /v1/ping over the wire, and sells by its /v1/post."""

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from billing.check import check_ledger
from core.clock import now
from leads.models import Lead, Ping, Sale
from routing.models import Campaign
from tests.leads.test_api import key
from tests.leads.test_posting import balance, take
from tests.leads.trading import Market
from tests.leads.world import World, make_world
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
LONG = {"method": "ping_post", "ping_timeout_ms": 5_000, "answer_within_ms": 20_000}


def through(server: LiveServer, token: str) -> dict[str, Any]:
    """How the first broker's contract asks and posts to the second's platform."""
    headers = {"Authorization": f"Bearer {token}"}
    told = {"campaign_id": "auto-accident", "state": "{{lead.state}}", "case_type": "{{lead.case_type}}"}
    whole = {
        name: f"{{{{lead.{name}}}}}"
        for name in ("first_name", "last_name", "phone", "email", "state", "case_type", "injury_severity")
    }
    return {
        "method": "http",
        "preset": None,
        "ping": {
            "url": f"{server.url}/v1/ping",
            "verb": "POST",
            "format": "json",
            "headers": headers,
            "body": {**told, "phone_sha256": "{{hash.phone_sha256}}"},
            "answer": {
                "read": "json",
                "error": {"at": "$.currency", "not_in": ["USD"]},
                "success": {"at": "$.status", "in": ["bid"]},
                "price": {"at": "$.price", "unit": "dollars"},
                "reason": {"at": "$.reason"},
                "token": {"at": "$.ping_id"},
            },
        },
        "post": {
            "url": f"{server.url}/v1/post",
            "verb": "POST",
            "format": "json",
            "headers": headers,
            "body": {"ping_id": "{{ping.token}}", **whole},
            "answer": {
                "read": "json",
                "success": {"at": "$.status", "in": ["accepted"]},
                "refusal": {"at": "$.status", "in": ["unsold", "duplicate", "rejected"]},
                "reason": {"at": "$.reason"},
            },
            "timeout_ms": 20_000,
        },
        "loss": None,
        "hashes": ["phone_sha256"],
    }


def chain(live_server: LiveServer, market: Market, ends: dict[str, float], **second: Any) -> tuple[World, World, Any]:
    """The first broker, the second with a contract for each of these bids, and the first's contract with the second.

    The second pays four fifths of what it gets.
    """
    brokers = make_world(**LONG), make_world(**LONG, **second)
    sells = "shared" if second.get("max_sales", 1) > 1 else "exclusive"
    for name, bid in ends.items():
        market.contract(brokers[1], market.system(name, bid=bid), sells=sells)
    brokers[1].source.payout_kind, brokers[1].source.payout_value = "percent", 8000
    brokers[1].source.save()
    token = key(brokers[1], source_id=brokers[1].source.pk)
    contract = market.contract(brokers[0], market.system("broker"), delivery=through(live_server, token))
    return *brokers, contract


def test_a_lead_passes_two_brokers_and_each_pays_what_it_promised(live_server: LiveServer, market: Market) -> None:
    first, second, contract = chain(live_server, market, {"end": 50.0})
    outcome = take(first)
    assert (outcome.body["status"], outcome.body["price"]) == ("accepted", 40.0)
    assert balance(contract) == (960_00, 0)
    ping = Ping.objects.get(agency=second.agency)
    lead = Lead.objects.get(agency=second.agency)
    assert (ping.lead_id, lead.status, lead.price, lead.payout) == (lead.pk, "accepted", 50_00, 40_00)
    assert market.systems["end"].posts[0]["lead"]["phone"] == "+15551234567"
    assert market.systems["end"].pings[0]["lead"] == {"state": "TX", "case_type": "auto_accident"}
    assert check_ledger(now=now()).differences == ()


def test_what_the_second_broker_shares_out_is_one_bid_of_all_that_it_brings(
    live_server: LiveServer, market: Market
) -> None:
    first, second, contract = chain(live_server, market, {"one": 30.0, "two": 20.0, "three": 10.0}, max_sales=2)
    outcome = take(first)
    assert (outcome.body["status"], outcome.body["price"], len(outcome.body["sales"])) == ("accepted", 40.0, 1)
    assert balance(contract) == (960_00, 0)
    lead = Lead.objects.get(agency=second.agency)
    assert (lead.price, lead.payout) == (50_00, 40_00)
    sold = Sale.objects.filter(lead=lead).order_by("-price").values_list("contract__name", "price", "exclusive")
    assert list(sold) == [("one", 30_00, False), ("two", 20_00, False)]
    assert [len(market.systems[name].posts) for name in ("one", "two", "three")] == [1, 1, 0]
    assert check_ledger(now=now()).differences == ()


def test_a_lead_that_the_second_broker_has_yet_to_sell_is_sold_to_nobody_else(
    live_server: LiveServer, market: Market
) -> None:
    first, second, contract = chain(live_server, market, {"end": 50.0})
    Campaign.objects.filter(pk=second.campaign.pk).update(answer_within_ms=1)
    market.systems["end"].post = "slow"
    market.contract(first, market.system("next", bid=20.0))
    outcome = take(first)
    sale = Sale.objects.get(agency=first.agency)
    assert (outcome.status, sale.contract_id, sale.state) == (202, contract.pk, "pending")
    assert (sale.post_answer or {}).get("reason") == "neither_yes_nor_no"
    assert market.systems["next"].posts == []
    wait_until(lambda: Lead.objects.get(agency=second.agency).status == "accepted", "the sale of the second broker")
    assert len(market.systems["end"].posts) == 1


def test_whom_the_second_broker_had_already_gets_no_bid_from_it(live_server: LiveServer, market: Market) -> None:
    first, second, _ = chain(live_server, market, {"end": 50.0})
    take(second)
    outcome = take(first)
    assert (outcome.body["status"], outcome.body["reason"]) == ("unsold", "no_bid")
    assert Sale.objects.filter(agency=first.agency).count() == 0
    assert Ping.objects.get(agency=second.agency).reason == "duplicate"
