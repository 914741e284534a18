"""Brokers in a row: our own http method asks another agency's /v1/ping over the wire, and sells by its /v1/post."""

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from billing.check import check_ledger
from core.clock import now
from leads.models import Lead, Ping, Sale
from tests.leads.test_api import key
from tests.leads.test_posting import balance, take
from tests.leads.trading import Market
from tests.leads.world import World, make_world

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
                "reason": {"at": "$.reason"},
            },
            "timeout_ms": 20_000,
        },
        "loss": None,
        "hashes": ["phone_sha256"],
    }


@pytest.fixture
def brokers(live_server: LiveServer, market: Market) -> tuple[World, World, Any]:
    """The first broker, the second, and the first's contract with it."""
    first, second = make_world(**LONG), make_world(**LONG)
    market.contract(second, market.system("end", bid=50.0))
    second.source.payout_kind, second.source.payout_value = "percent", 8000
    second.source.save()
    token = key(second, source_id=second.source.pk)
    system = market.system("broker")
    contract = market.contract(first, system, delivery=through(live_server, token))
    return first, second, contract


def test_a_lead_passes_two_brokers_and_each_pays_what_it_promised(
    brokers: tuple[World, World, Any], market: Market
) -> None:
    first, second, contract = brokers
    outcome = take(first)
    assert (outcome.body["status"], outcome.body["price"]) == ("accepted", 40.0)
    assert balance(contract) == (960_00, 0)
    ping = Ping.objects.get(agency=second.agency)
    lead = Lead.objects.get(agency=second.agency)
    assert (ping.lead_id, lead.status, lead.price, lead.payout) == (lead.pk, "accepted", 50_00, 40_00)
    assert market.systems["end"].posts[0]["lead"]["phone"] == "+15551234567"
    assert market.systems["end"].pings[0]["lead"] == {"state": "TX", "case_type": "auto_accident"}
    assert check_ledger(now=now()).differences == ()


def test_whom_the_second_broker_had_already_gets_no_bid_from_it(brokers: tuple[World, World, Any]) -> None:
    first, second, _ = brokers
    take(second)
    outcome = take(first)
    assert (outcome.body["status"], outcome.body["reason"]) == ("unsold", "no_bid")
    assert Sale.objects.filter(agency=first.agency).count() == 0
    assert Ping.objects.get(agency=second.agency).reason == "duplicate"
