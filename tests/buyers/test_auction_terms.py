"""How campaigns and contracts are set up for auctions, through the API, in bulk and by CSV; what the engine reads."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Agency, AuditEntry
from buyers.terms import campaign_terms
from core.ids import decode
from routing.terms import MarketTerms
from tests.buyers.making import House, a_buyer, a_campaign, a_contract, a_house, a_lead_type, a_market, made, read

pytestmark = pytest.mark.django_db

PINGED = {"method": "http", "preset": "generic_json", "ping": {"url": "https://buyer.example.com/ping"},
          "post": {"url": "https://buyer.example.com/post"}}  # fmt: skip


@pytest.fixture
def house() -> House:
    return a_house()


def an_auction(house: House, **body: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A buyer and a campaign of method ping_post."""
    a_lead_type(house)
    return a_buyer(house), a_campaign(house, method="ping_post", **body)


def terms_of(campaign: dict[str, Any]) -> MarketTerms:
    return campaign_terms(decode("camp", campaign["campaign_id"])).market


def problems(answer: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in read(answer)["errors"]]


def test_an_auction_is_first_price_by_bid_within_300_ms_unless_told(house: House) -> None:
    _, campaign = an_auction(house)

    assert (campaign["auction"], campaign["rank_by"]) == ({"price": "first"}, "method")
    times = [campaign[name] for name in ("ping_timeout_ms", "answer_within_ms", "deadline_ms")]
    assert times == [300, 500, 30_000]


def test_what_an_auction_is_told_reaches_the_engine(house: House) -> None:
    buyer, campaign = an_auction(house, floor_price=20, rank_by="expected_value", auction={"price": "second"})
    contract = a_contract(house, buyer, campaign, min_bid=10, max_bid=90.5, return_penalty=7.25, delivery=PINGED)

    assert [contract[name] for name in ("min_bid", "max_bid", "return_penalty")] == [10.0, 90.5, 7.25]
    terms = terms_of(campaign)
    assert (terms.method, terms.auction_price, terms.rank_by) == ("ping_post", "second", "expected_value")
    (found,) = terms.contracts
    assert (found.pinged, found.min_bid, found.max_bid, found.return_penalty) == (True, 1000, 9050, 725)


def test_a_contract_is_pinged_where_its_delivery_knows_a_ping(house: House) -> None:
    buyer, campaign = an_auction(house)
    a_contract(house, buyer, campaign)
    a_contract(house, buyer, campaign, delivery=PINGED)
    a_contract(house, buyer, campaign, delivery={**PINGED, "ping": None})

    assert [contract.pinged for contract in terms_of(campaign).contracts] == [False, True, False]


def test_a_change_of_an_auction_names_what_changes_and_is_written_down(house: House) -> None:
    an_auction(house, rank_by="expected_value")
    before = Agency.objects.get().version

    changed = read(house.api.patch("/v1/campaigns/auto", {"auction": {"price": "second"}}))

    assert (changed["auction"], changed["rank_by"]) == ({"price": "second"}, "expected_value")
    entry = AuditEntry.objects.get(action="campaign.update")
    assert entry.changes == {"auction": [{"price": "first"}, {"price": "second"}]}
    assert entry.version == before + 1


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"auction": {"price": "third"}}, "auction.price", "invalid_choice"),
        ({"auction": {"floor": 1}}, "auction.floor", "unknown"),
        ({"auction": "first"}, "auction", "invalid"),
        ({"ping_timeout_ms": 49}, "ping_timeout_ms", "min_value"),
        ({"ping_timeout_ms": 5001}, "ping_timeout_ms", "max_value"),
        ({"ping_timeout_ms": 2000, "answer_within_ms": 1999}, "answer_within_ms", "min_value"),
        ({"answer_within_ms": 3000, "deadline_ms": 2999}, "deadline_ms", "min_value"),
    ],
)
def test_what_no_auction_can_be_is_refused_by_name(house: House, body: dict[str, Any], field: str, code: str) -> None:
    _, campaign = an_auction(house)

    assert problems(house.api.patch("/v1/campaigns/auto", body)) == [(field, code)]
    created = house.api.post(
        "/v1/campaigns", {"name": "Other", "lead_type": "auto_accident", "method": "ping_post", **body}
    )
    assert problems(created) == [(field, code)]
    assert read(house.api.get("/v1/campaigns/auto")) == campaign


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"min_bid": -1}, "min_bid", "min_value"),
        ({"max_bid": 0}, "max_bid", "min_value"),
        ({"max_bid": 19.99}, "max_bid", "empty_range"),
        ({"return_penalty": 100.01}, "return_penalty", "max_value"),
        ({"return_penalty": 1.005}, "return_penalty", "invalid_amount"),
        ({"return_penalty": "10"}, "return_penalty", "invalid"),
    ],
)
def test_what_no_bidder_can_be_is_refused_by_name(house: House, body: dict[str, Any], field: str, code: str) -> None:
    buyer, campaign = an_auction(house)
    contract = a_contract(house, buyer, campaign, min_bid=20)

    assert problems(house.api.patch(f"/v1/contracts/{contract['contract_id']}", body)) == [(field, code)]
    wanted = {"buyer_id": buyer["buyer_id"], "campaign_id": "auto", "price": 1, "min_bid": 20, **body}
    assert problems(house.api.post("/v1/contracts", wanted)) == [(field, code)]


def test_penalties_are_set_in_bulk_and_by_csv(house: House) -> None:
    buyer, campaign = a_market(house)
    contract_id = a_contract(house, buyer, campaign, max_bid=90)["contract_id"]

    bulk = read(house.api.post("/v1/contracts/bulk", {"ids": [contract_id], "set": {"return_penalty": 12.5}}))
    assert bulk["changed"] == 1
    text = f"contract_id,min_bid,return_penalty\r\n{contract_id},15.50,8\r\n"
    headers = {"Authorization": f"Bearer {house.api.key}"}
    Client().generic("POST", "/v1/contracts/import", text.encode(), "text/csv", headers=headers)

    found = read(house.api.get(f"/v1/contracts/{contract_id}"))
    assert [found[name] for name in ("min_bid", "max_bid", "return_penalty")] == [15.5, 90.0, 8.0]


def test_a_range_is_taken_away_by_null(house: House) -> None:
    buyer, campaign = an_auction(house)
    contract = a_contract(house, buyer, campaign, min_bid=20, max_bid=30)

    found = read(house.api.patch(f"/v1/contracts/{contract['contract_id']}", {"min_bid": None, "max_bid": None}))

    assert (found["min_bid"], found["max_bid"]) == (None, None)


def test_contracts_with_prices_of_their_own_are_sold_to_by_auction(house: House) -> None:
    buyer, campaign = an_auction(house, auction={"price": "second"})
    made(house.api.post(f"/v1/buyers/{buyer['buyer_id']}/wallet/deposits", {"amount": 500, "reference": "wire"}))
    other = a_buyer(house, name="Other", email="other@example.com", credit_limit=500)
    a_contract(house, buyer, campaign, price=40)
    a_contract(house, other, campaign, price=35)

    lead = made(house.api.post("/v1/leads", {"campaign_id": "auto", "phone": "+12125550123", "state": "TX"}))

    assert (lead["status"], lead["routing_decision"]) == ("accepted", "ping_post_winner")
    assert (lead["buyer_id"], lead["price"]) == (buyer["buyer_id"], 35.01)
