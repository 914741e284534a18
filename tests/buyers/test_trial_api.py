"""The test button over HTTP: the receiver may be slow, and nothing else waits for it."""

import socket

import pytest
from django.db import connection

from tests.buyers.making import a_house, made, read
from tests.webhooks.conftest import receiver
from tests.webhooks.receiver import Receiver, status
from webhooks.models import Message

__all__ = ["receiver"]  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_transaction_is_open_while_the_receiver_thinks(receiver: Receiver) -> None:
    seen: list[int] = []

    def look_meanwhile(stream: socket.socket) -> None:
        seen.append(Message.objects.filter(state="sending").count())  # another thread: it sees what is committed
        connection.close()
        status(200)(stream)

    receiver.answer_with(look_meanwhile)
    house = a_house()
    endpoint = made(house.api.post("/v1/webhook-endpoints", {"url": receiver.url, "events": ["lead.accepted"]}))
    answer = house.api.post(f"/v1/webhook-endpoints/{endpoint['endpoint_id']}/test", {})
    assert (answer.status_code, read(answer)["outcome"]) == (200, "ok")
    assert seen == [1]


def test_the_same_key_sends_one_sample_and_gets_one_answer(receiver: Receiver) -> None:
    house = a_house()
    endpoint = made(house.api.post("/v1/webhook-endpoints", {"url": receiver.url, "events": ["lead.accepted"]}))
    path = f"/v1/webhook-endpoints/{endpoint['endpoint_id']}/test"
    first, again = (house.api.post(path, {}, **{"Idempotency-Key": "once"}) for _ in range(2))
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert len(receiver.got) == 1
