"""The page where a buyer's interface is tried: what it begins from, what it shows, and what it keeps to itself."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.principals import SystemActor
from buyers.contracts import change_contract
from buyers.exchange.presets import PRESETS
from buyers.models import Contract, DeliveryMethod
from leads.models import Lead
from tests.buyers.making import a_house
from tests.leads.world import World, make_world
from tests.portal.people import make_person, signed_in

pytestmark = pytest.mark.django_db
PATH = "/agency/mapping/"
DELIVERY: dict[str, Any] = {
    "method": "http",
    "preset": "generic_json",
    "ping": {"url": "https://buyer.example.com/ping", "headers": {"X-Key": {"secret": "top secret"}}},
    "post": {"url": "https://buyer.example.com/post"},
}


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(make_person(world.agency))


def asked_by_http(world: World) -> Contract:
    contract = world.contract(world.buyer(), webhook=False)
    actor = SystemActor(world.agency.pk, "system:test")
    return change_contract(actor=actor, contract=contract, values={"delivery": DELIVERY}).contract


def tried(staff: Client, **asked: Any) -> str:
    form = {"delivery": json.dumps(DELIVERY), "stage": "ping", "status": "200", "answer": "", "campaign": "", **asked}
    answer = staff.post(PATH, form)
    assert answer.status_code == 200
    return answer.content.decode().partition('id="outcome"')[2]


def test_an_answer_is_told_what_it_means(staff: Client) -> None:
    page = tried(staff, answer='{"accepted": true, "price": 42.5, "token": "tok-9"}')

    assert "Accepted" in page
    assert "$42.50" in page
    assert "tok-9" in page


def test_a_refused_bid_has_its_reason(staff: Client) -> None:
    page = tried(staff, answer='{"accepted": true, "price": -1}')

    assert "Bad bid" in page
    assert "price_negative" in page


def test_without_an_answer_the_request_stands_alone_and_its_secrets_are_masked(staff: Client) -> None:
    page = tried(staff)

    assert "What the answer means" not in page
    assert "https://buyer.example.com/ping" in page
    assert "********" in page
    assert "top secret" not in page
    assert "Gonzales" not in page  # a ping
    assert "Gonzales" in tried(staff, stage="post")


def test_what_is_wrong_is_named_by_its_path(staff: Client, world: World) -> None:
    odd = json.dumps({**DELIVERY, "ping": {**DELIVERY["ping"], "body": {"who": "{{lead.phone}}"}}})

    assert "delivery.ping.body.who" in tried(staff, delivery=odd, campaign=str(world.campaign.pk))
    assert "must be JSON" in tried(staff, delivery="{")
    assert "must be http" in tried(staff, delivery='{"method": "portal"}')
    assert "must be an object" in tried(staff, delivery="[]")
    assert "must not nest deeper" in tried(staff, delivery='{"method": "http", "x": ' + "[" * 500 + "]" * 500 + "}")
    assert "Status" in tried(staff, status="7")


def test_a_post_that_nobody_knows_the_end_of_is_warned_of(staff: Client) -> None:
    assert "The buyer may have the lead" in tried(staff, stage="post", status="500")


@pytest.mark.parametrize("name", PRESETS)
def test_it_begins_from_a_preset_that_can_be_tried_at_once(staff: Client, name: str) -> None:
    form = staff.get(f"{PATH}?begin={name}").context["form"]

    page = tried(staff, delivery=form["delivery"].value(), stage=form["stage"].value())

    assert "What would be sent" in page


def test_it_begins_from_a_contract_with_masks_for_its_secrets(staff: Client, world: World) -> None:
    contract = asked_by_http(world)
    answer = staff.get(f"{PATH}?begin={contract.public_id}")
    begun = json.loads(answer.context["form"]["delivery"].value())

    assert begun["ping"]["url"] == DELIVERY["ping"]["url"]
    assert "top secret" not in answer.content.decode()
    assert "What would be sent" in tried(staff, delivery=json.dumps(begun))


def test_a_stranger_sees_no_contract_of_another_agency(world: World) -> None:
    contract = asked_by_http(world)
    other = a_house("Other", "other@other.example")
    page = signed_in(make_person(other.agency)).get(f"{PATH}?begin={contract.public_id}").content.decode()

    assert contract.public_id not in page
    assert str(world.campaign.pk) not in page


def test_a_trial_writes_nothing(staff: Client) -> None:
    tried(staff, answer='{"accepted": true, "price": 42.5}')

    assert (Contract.objects.count(), Lead.objects.count()) == (0, 0)


def test_a_contract_beyond_those_that_are_offered_is_reached_by_its_address(world: World, staff: Client) -> None:
    contract = asked_by_http(world)
    contract.name = "zz last"
    contract.save(update_fields=["name"])
    copies = [copied(contract, number) for number in range(200)]
    DeliveryMethod.objects.bulk_create(DeliveryMethod(contract=copy, method="http", config="{}") for copy in copies)
    assert contract.public_id not in staff.get(PATH).content.decode()
    page = staff.get(PATH, {"begin": contract.public_id}).content.decode()
    assert f'value="{contract.public_id}" selected' in page
    assert "https://buyer.example.com/ping" in page


def copied(contract: Contract, number: int) -> Contract:
    return Contract.objects.create(
        agency=contract.agency,
        buyer=contract.buyer,
        campaign=contract.campaign,
        name=f"a {number:03}",
        price=contract.price,
    )


@pytest.mark.parametrize("begin", ["nothing", "ctr_01jv3k8m2xq4r5s6t7v8w9x0yz"])
def test_whoever_begins_from_what_there_is_not_is_told_so(staff: Client, begin: str) -> None:
    page = staff.get(PATH, {"begin": begin}).content.decode()
    assert "There is no such preset or contract" in page
    assert "There is no such preset" not in staff.get(PATH, {"begin": "boberdoo"}).content.decode()
