"""What did not arrive can be sent again, under the id it always had."""

from datetime import timedelta

import pytest

from accounts.models import Agency
from core.clock import now
from core.ids import new_id
from tests.webhooks.making import bring_forward, make_agency, make_endpoint, make_event, write
from tests.webhooks.receiver import Receiver, status
from webhooks.claims import claim_due
from webhooks.delivery import deliver_due
from webhooks.models import Attempt, Endpoint, Event, Message
from webhooks.replay import NotRepeatable, replay_dead_letters, replay_endpoint, retry_message

pytestmark = pytest.mark.django_db


def give_up(agency: Agency, receiver: Receiver, count: int = 1) -> Endpoint:
    """Dead letters of one endpoint."""
    endpoint = make_endpoint(agency, receiver.url)
    receiver.answer_with(status(500))
    write(agency, *(make_event() for _ in range(count)))
    deliver_due()
    bring_forward(by=timedelta(hours=72))
    deliver_due()
    assert Message.objects.filter(state="exhausted").count() == count
    receiver.answer_with(status(200))
    return endpoint


def test_a_retry_by_hand_takes_the_place_of_the_next_automatic_one(agency: Agency, receiver: Receiver) -> None:
    make_endpoint(agency, receiver.url)
    receiver.answer_with(status(500), status(200))
    write(agency, make_event())
    deliver_due()
    retry_message(message=Message.objects.get())
    assert deliver_due() == 1
    bring_forward()
    assert deliver_due() == 0
    assert list(Attempt.objects.order_by("number").values_list("trigger", "outcome")) == [
        ("auto", "http_5xx"),
        ("manual", "ok"),
    ]


def test_a_dead_letter_retried_by_hand_starts_its_schedule_anew(agency: Agency, receiver: Receiver) -> None:
    give_up(agency, receiver)
    receiver.answer_with(status(500))
    retry_message(message=Message.objects.get())
    deliver_due()
    message = Message.objects.get()
    assert (message.state, message.attempts, message.earlier_attempts) == ("due", 3, 2)
    assert timedelta(seconds=45) < message.due_at - now() < timedelta(seconds=73)


def test_a_message_that_arrived_can_be_sent_again_under_the_same_id(agency: Agency, receiver: Receiver) -> None:
    make_endpoint(agency, receiver.url)
    write(agency, make_event())
    deliver_due()
    retry_message(message=Message.objects.get())
    deliver_due()
    first, second = receiver.got
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_what_cannot_be_repeated_says_why(agency: Agency) -> None:
    make_endpoint(agency)
    write(agency, make_event())
    (message,) = claim_due(1)
    with pytest.raises(NotRepeatable, match="under way"):
        retry_message(message=message)
    Message.objects.update(state="exhausted")
    Endpoint.objects.update(state="paused")
    with pytest.raises(NotRepeatable, match="not active"):
        retry_message(message=message)
    Endpoint.objects.update(state="active")
    Event.objects.update(body=b"")
    with pytest.raises(NotRepeatable, match="no longer kept"):
        retry_message(message=message)
    Message.objects.update(state="cancelled")
    with pytest.raises(NotRepeatable, match="cancelled"):
        retry_message(message=message)


def test_chosen_dead_letters_are_replayed_and_strangers_ids_are_not(agency: Agency, receiver: Receiver) -> None:
    give_up(agency, receiver, 3)
    chosen, other, _ = Message.objects.order_by("id")
    ours = Message.objects.filter(agency=agency)
    replay = replay_dead_letters(messages=ours.exclude(pk=other.id), ids=[chosen.id, other.id, new_id()])
    assert (replay.total, replay.replay_id[:4]) == (1, "rpl_")
    assert deliver_due() == 1
    assert Message.objects.get(state="done").id == chosen.id
    assert Attempt.objects.get(message=chosen, number=3).trigger == "replay"


def test_a_stretch_of_time_is_replayed_whole(agency: Agency, receiver: Receiver) -> None:
    endpoint = give_up(agency, receiver, 120)
    moment = now()
    early = Message.objects.order_by("id")[0]
    Message.objects.filter(pk=early.pk).update(created_at=moment - timedelta(days=2))
    replay = replay_endpoint(
        messages=Message.objects.filter(agency=agency),
        endpoint_id=endpoint.id,
        since=moment - timedelta(days=1),
        until=moment + timedelta(days=1),
    )
    assert replay.total == 119
    assert Message.objects.filter(state="due").count() == 119
    assert Message.objects.get(state="exhausted").id == early.id


def test_nothing_of_another_agency_is_replayed(agency: Agency, receiver: Receiver) -> None:
    give_up(agency, receiver)
    rival = Message.objects.filter(agency=make_agency("Rival"))
    assert replay_dead_letters(messages=rival, ids=Message.objects.values_list("id", flat=True)).total == 0
