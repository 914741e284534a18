"""What a delivery's end does to its sale and whom it is told."""

import pytest

from leads.models import Sale
from tests.leads.world import World, make_world
from webhooks.models import Endpoint, Event, Message
from webhooks.signals import delivery_settled

pytestmark = pytest.mark.django_db


def sold() -> World:
    world = make_world()
    world.contract(world.buyer())
    world.submit()
    return world


def settle(state: str) -> None:
    message = Message.objects.get(event__type="lead.delivered", endpoint__owner_kind="contract")
    delivery_settled.send(Message, message_id=message.pk, event=message.event, endpoint=message.endpoint, state=state)


def test_an_arrived_delivery_makes_the_sale_delivered_and_is_told_to_subscribers() -> None:
    world = sold()
    subscriber = Endpoint.objects.create(
        agency=world.agency,
        mode="live",
        owner_kind="agency",
        owner_id=world.agency.pk,
        url="https://agency.example.com/hook",
        events=["lead.delivered"],
    )
    settle("done")
    sale = Sale.objects.get()
    assert sale.state == "delivered"
    assert sale.delivered_at is not None
    told = Message.objects.get(endpoint=subscriber)
    assert (told.event, told.full) == (Event.objects.get(type="lead.delivered"), False)
    settle("done")
    assert Message.objects.filter(endpoint=subscriber).count() == 1


def test_an_exhausted_delivery_leaves_the_sale_undelivered_until_a_replay_arrives() -> None:
    sold()
    settle("exhausted")
    assert Sale.objects.get().state == "undelivered"
    settle("done")
    assert Sale.objects.get().state == "delivered"


def test_a_returned_sale_stays_returned() -> None:
    sold()
    Sale.objects.update(state="returned")
    settle("done")
    assert Sale.objects.get().state == "returned"
