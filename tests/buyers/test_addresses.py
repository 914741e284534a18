"""What may stand as the address of a delivery: refused at save, by name and with the cure, wherever one is stored."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from buyers.models import Contract
from tests.buyers.making import House, a_contract, a_house, a_market, read
from webhooks.models import Endpoint

pytestmark = pytest.mark.django_db
NEVER = {
    "http://buyer.example.com/x": "The URL must start with https://.",
    "ftp://buyer.example.com/x": "The URL must start with https:// and name a host.",
    "https://buyer.example.com:2222/x": "The port must be 443 or 8443.",
    "https://127.0.0.1/x": "The host must be a name, not an address.",
    "https://10.1.2.3/x": "The host must be a name, not an address.",
    "https://[::1]/x": "The host must be a name, not an address.",
    "https://2130706433/x": "The host must be a name, not a number.",
    "https://169.254.169.254/latest/meta-data": "The host must be a name, not an address.",
    "https://metadata.google.internal/x": "This host is never called.",
    "https://localhost/x": "The host must be reachable from the internet.",
    "https://crm.internal/x": "The host must be reachable from the internet.",
    "https://testserver/x": "The host must be reachable from the internet.",
    "https://user:pass@buyer.example.com/x": "The URL must not hold a user name or password.",
    "https://buyer.example.com/x#top": "The URL must not have a fragment (#).",
    "https://buyer example.com/": "A URL has no spaces, backslashes or control characters and at most 2000 characters.",
    "": "A URL has no spaces, backslashes or control characters and at most 2000 characters.",
}


@pytest.fixture
def house() -> House:
    return a_house()


def problem(answer: Any) -> tuple[int, str, str]:
    (error,) = read(answer)["errors"]
    return answer.status_code, error["field"], error["detail"]


@pytest.mark.parametrize(("url", "why"), NEVER.items())
def test_a_delivery_is_refused_by_name_with_the_cure_and_nothing_is_stored(house: House, url: str, why: str) -> None:
    buyer, campaign = a_market(house)
    body = {"buyer_id": buyer["buyer_id"], "campaign_id": campaign["campaign_id"], "price": 1}
    webhook = {"method": "webhook", "url": url}
    assert problem(house.api.post("/v1/contracts", {**body, "delivery": webhook})) == (422, "delivery.url", why)
    assert problem(house.api.post("/v1/contracts", {**body, "also": [webhook]})) == (422, "also.0.url", why)
    assert (Contract.objects.count(), Endpoint.objects.count()) == (0, 0)


def test_the_same_holds_for_a_change_many_changes_and_an_import(house: House) -> None:
    contract = a_contract(house, *a_market(house))
    path, inside = f"/v1/contracts/{contract['contract_id']}", {"method": "webhook", "url": "https://10.0.0.1/"}
    why = "The host must be a name, not an address."
    assert problem(house.api.patch(path, {"delivery": inside})) == (422, "delivery.url", why)
    many = {"ids": [contract["contract_id"]], "set": {"delivery": inside}}
    assert problem(house.api.post("/v1/contracts/bulk", many)) == (422, "ids.0.delivery.url", why)
    assert Endpoint.objects.count() == 0


def test_an_endpoint_takes_no_such_address_either(house: House) -> None:
    made = read(house.api.post("/v1/webhook-endpoints", {"url": "https://a.example.com", "events": ["lead.accepted"]}))
    why = "The host must be a name, not an address."
    bad = {"url": "https://192.168.0.1/", "events": ["lead.accepted"]}
    assert problem(house.api.post("/v1/webhook-endpoints", bad)) == (422, "url", why)
    changed = house.api.patch(f"/v1/webhook-endpoints/{made['endpoint_id']}", {"url": "https://192.168.0.1/"})
    assert problem(changed) == (422, "url", why)


def test_the_operators_own_networks_are_open_and_metadata_never(house: House, settings: Settings) -> None:
    settings.EGRESS_ALLOW = ["10.0.0.0/8", "169.254.0.0/16"]
    buyer, campaign = a_market(house)
    contract = a_contract(house, buyer, campaign, delivery={"method": "webhook", "url": "http://10.1.2.3:9000/x"})
    assert contract["delivery"]["url"] == "http://10.1.2.3:9000/x"
    metadata = {"method": "webhook", "url": "http://169.254.169.254/x"}
    answer = house.api.patch(f"/v1/contracts/{contract['contract_id']}", {"delivery": metadata})
    assert problem(answer) == (422, "delivery.url", "The host must be a name, not an address.")
