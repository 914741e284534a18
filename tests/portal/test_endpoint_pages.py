"""The agency's page of endpoints: what the buyers' systems did, and who is left alone."""

import pytest

from buyers import health
from buyers.health_figures import Endpoint, Result, Seen, Stage
from core.clock import now
from core.ids import decode
from tests.buyers.making import House, a_buyer, a_campaign, a_contract, a_house, a_lead_type
from tests.portal.people import make_person, signed_in

pytestmark = pytest.mark.django_db
URL = "https://buyer.example.com/leads"


def page(house: House, query: str = "", role: str = "owner") -> str:
    answer = signed_in(make_person(house.agency, role)).get(f"/agency/endpoints/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def asked(house: House, campaign: dict[str, str], results: list[Result], by: str = "http") -> str:
    """A buyer whose contract's pings ended like this; its name."""
    buyer = a_buyer(house, name="Northgate")
    delivery = {"method": "http", "preset": "generic_json", "ping": {"url": URL}, "post": {"url": URL}}
    contract = a_contract(house, buyer, campaign, **({"delivery": delivery} if by == "http" else {}))
    where = Endpoint(decode("ctr", contract["contract_id"]), Stage.PING)
    for result in results:
        health.observe([Seen(where, result, 80 if result is Result.ACCEPTED else None)], now=now())
    return "Northgate"


def test_the_page_tells_of_each_contract_in_an_auction_how_its_systems_answered() -> None:
    house = a_house()
    a_lead_type(house)
    name = asked(house, a_campaign(house, method="ping_post"), [Result.ACCEPTED] * 3 + [Result.TIMEOUT])
    shown = page(house, role="analyst")
    assert name in shown
    assert "76 / 76 / 76" in shown
    assert "Working" in shown
    assert "Left alone" not in shown


def test_one_that_fails_is_shown_to_be_left_alone() -> None:
    house = a_house()
    a_lead_type(house)
    asked(house, a_campaign(house, method="ping_post"), [Result.ERROR] * 20)
    assert "Left alone" in page(house)
    assert "Left alone" not in page(house, "?mode=test")


def test_contracts_that_are_delivered_otherwise_and_those_of_strangers_are_not_there() -> None:
    house, stranger = a_house(), a_house("Stranger", "owner@stranger.example")
    for one, by in ((house, "webhook"), (stranger, "http")):
        a_lead_type(one)
        asked(one, a_campaign(one, method="ping_post"), [], by=by)
    assert "Nobody is asked yet" in page(house)


def test_contracts_that_are_posted_to_in_other_campaigns_are_there_too() -> None:
    house = a_house()
    a_lead_type(house)
    assert asked(house, a_campaign(house, method="waterfall"), []) in page(house)
