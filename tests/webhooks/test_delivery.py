"""A message goes out signed, is tried again as published, and comes to exactly one end."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import Agency, AuditEntry
from accounts.vault import erase, new_data_key
from core import sql
from core.clock import now
from core.ids import encode, new_id
from core.json import loads
from tests.webhooks.making import SECRET, as_system, bring_forward, make_endpoint, make_event, write
from tests.webhooks.receiver import Receiver, reset, silence, status
from webhooks import signing
from webhooks.delivery import deliver_due
from webhooks.endpoints import rotate_secret
from webhooks.models import Attempt, Endpoint, Event, Message
from webhooks.outbox import seal_body
from webhooks.signals import delivery_settled

HOUR = timedelta(hours=1)


@contextmanager
def listening() -> Iterator[list[tuple[Any, str]]]:
    """Whoever stands above, noting what it is told."""
    heard: list[tuple[Any, str]] = []

    def listen(sender: object, message_id: object, state: str, **_: object) -> None:
        assert transaction.get_connection().in_atomic_block
        heard.append((message_id, state))

    delivery_settled.connect(listen)
    try:
        yield heard
    finally:
        delivery_settled.disconnect(listen)


def due_in(message: Message) -> timedelta:
    return message.due_at - now()


# --- the good end ------------------------------------------------------------------------------------------------


def test_a_message_arrives_signed_under_its_events_id_and_is_done(agency: Agency, receiver: Receiver) -> None:
    endpoint = make_endpoint(agency, receiver.url)
    event = make_event()
    write(agency, event)
    with listening() as heard:
        assert deliver_due() == 1
    got = receiver.got[0]
    signing.verify([SECRET], got.headers, got.body, now=int(now().timestamp()))
    assert (got.headers["webhook-id"], got.body) == (encode("evt", event.id), event.body)
    assert got.headers["content-type"] == "application/json"
    message = Message.objects.get()
    assert (message.state, message.attempts, message.last_outcome) == ("done", 1, "ok")
    assert message.finished_at is not None
    assert heard == [(message.id, "done")]
    attempt = Attempt.objects.get(message=message)
    assert (attempt.number, attempt.outcome, attempt.http_status, attempt.trigger) == (1, "ok", 200, "auto")
    assert attempt.address == "127.0.0.1"
    endpoint.refresh_from_db()
    assert endpoint.last_success_at is not None
    assert deliver_due() == 0


def test_during_a_rotation_both_secrets_sign_and_afterwards_only_the_new_one(
    agency: Agency, receiver: Receiver
) -> None:
    endpoint = make_endpoint(agency, receiver.url)
    secret, _ = rotate_secret(actor=as_system(agency), endpoint_id=endpoint.id, overlap_hours=24)
    write(agency, make_event())
    deliver_due()
    first = receiver.got[0]
    for key in (SECRET, signing.parse_secret(secret)):
        signing.verify([key], first.headers, first.body, now=int(now().timestamp()))
    endpoint.secrets.exclude(signs_until=None).update(signs_until=now())
    write(agency, make_event())
    deliver_due()
    assert len(receiver.got[1].headers["webhook-signature"].split()) == 1


def test_the_full_body_is_unsealed_for_the_buyer_and_the_agency_gets_the_thin_one(
    agency: Agency, receiver: Receiver
) -> None:
    lead, buyer = new_id(), new_id()
    statement, sealer = new_data_key(lead)
    sql.run([statement])
    make_endpoint(agency, receiver.url)
    make_endpoint(agency, receiver.url, owner_kind="buyer", owner_id=buyer, buyer_id=buyer)
    event_id = new_id()
    body = seal_body(sealer, event_id, b'{"a": "b"}')
    event = make_event(id=event_id, lead_ref=lead, buyer_ref=buyer, full_body=body)
    write(agency, event)
    deliver_due()
    assert sorted(got.body for got in receiver.got) == sorted([event.body, b'{"a": "b"}'])


def test_a_message_about_an_erased_person_is_cancelled_and_never_sent(agency: Agency, receiver: Receiver) -> None:
    lead = new_id()
    statement, sealer = new_data_key(lead)
    sql.run([statement])
    contract = make_endpoint(agency, receiver.url, owner_kind="contract", events=[])
    event_id = new_id()
    body = seal_body(sealer, event_id, b"{}")
    write(agency, make_event(id=event_id, lead_ref=lead, full_body=body, deliver_to=contract.id))
    erase(lead)
    deliver_due()
    assert (Message.objects.get().state, receiver.got) == ("cancelled", [])


# --- trying again ------------------------------------------------------------------------------------------------


def test_a_failure_is_tried_again_after_a_minute_with_the_same_id_and_the_same_bytes(
    agency: Agency, receiver: Receiver
) -> None:
    endpoint = make_endpoint(agency, receiver.url)
    receiver.answer_with(status(500, b"oops \x00\xff"), status(200))
    write(agency, make_event())
    assert deliver_due() == 1
    message = Message.objects.get()
    assert (message.state, message.last_outcome) == ("due", "http_5xx")
    assert timedelta(seconds=45) < due_in(message) < timedelta(seconds=73)
    assert Attempt.objects.get().response_head == "oops \ufffd\ufffd"
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    assert deliver_due() == 0
    bring_forward()
    assert deliver_due() == 1
    first, second = receiver.got
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert Message.objects.get().state == "done"
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


@pytest.mark.parametrize("script", [status(302), status(404), reset], ids=["redirect", "not found", "reset"])
def test_everything_but_2xx_and_410_is_tried_again(agency: Agency, receiver: Receiver, script: Any) -> None:
    make_endpoint(agency, receiver.url)
    receiver.answer_with(script)
    write(agency, make_event())
    deliver_due()
    assert Message.objects.get().state == "due"


def test_a_receiver_that_never_answers_ends_at_the_endpoints_time_limit(agency: Agency, receiver: Receiver) -> None:
    make_endpoint(agency, receiver.url, timeout_ms=1000)
    receiver.answer_with(silence(3))
    write(agency, make_event())
    deliver_due()
    attempt = Attempt.objects.get()
    assert attempt.outcome == "timeout"
    assert 900 < attempt.duration_ms < 2000
    assert due_in(Message.objects.get()) > timedelta(seconds=58)


def test_retry_after_is_honoured(agency: Agency, receiver: Receiver) -> None:
    make_endpoint(agency, receiver.url)
    receiver.answer_with(status(429, b"", "Retry-After: 3600"))
    write(agency, make_event())
    deliver_due()
    assert timedelta(minutes=59) < due_in(Message.objects.get()) <= HOUR


def test_after_72_hours_a_message_is_a_dead_letter_and_the_others_are_told(
    agency: Agency, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    make_endpoint(agency, receiver.url, events=["lead.accepted", "delivery.dead_lettered"])
    watcher = make_endpoint(agency, receiver.url, events=["delivery.dead_lettered"])
    receiver.answer_with(status(500))
    write(agency, make_event())
    deliver_due()
    bring_forward(by=72 * HOUR)
    with listening() as heard, caplog.at_level(logging.ERROR):
        deliver_due(seconds=0.1)
    message = Message.objects.get(event__type="lead.accepted")
    assert (message.state, message.attempts) == ("exhausted", 2)
    assert (message.id, "exhausted") in heard
    assert "dead letter" in caplog.text
    told = Event.objects.get(type="delivery.dead_lettered")
    assert list(told.messages.values_list("endpoint_id", flat=True)) == [watcher.id]
    assert loads(bytes(told.body))["message_id"] == message.public_id


def test_a_dead_letter_about_a_dead_letter_is_not_announced(agency: Agency, receiver: Receiver) -> None:
    make_endpoint(agency, receiver.url, events=["delivery.dead_lettered"])
    make_endpoint(agency, receiver.url, events=["delivery.dead_lettered"])
    receiver.answer_with(status(500))
    write(agency, make_event("delivery.dead_lettered"))
    deliver_due()
    bring_forward(by=72 * HOUR)
    deliver_due()
    assert Message.objects.filter(state="exhausted").count() == 2
    assert Event.objects.count() == 1


# --- endpoints that cannot go on ---------------------------------------------------------------------------------


def test_410_disables_the_endpoint_and_holds_its_messages(agency: Agency, receiver: Receiver) -> None:
    gone = make_endpoint(agency, receiver.url, max_in_flight=1)
    make_endpoint(agency, receiver.url, events=["endpoint.disabled"])
    receiver.answer_with(status(410), status(200))
    write(agency, make_event(), make_event())
    deliver_due()
    gone.refresh_from_db()
    assert (gone.state, gone.disabled_reason) == ("disabled", "The receiver answered 410 Gone.")
    assert list(Message.objects.filter(endpoint=gone).values_list("state", flat=True)) == ["held", "held"]
    assert Event.objects.filter(type="endpoint.disabled").count() == 1
    assert AuditEntry.objects.get(action="webhook_endpoint.stop").actor == "system:webhooks"
    agency.refresh_from_db()
    assert agency.version == 2


@pytest.mark.parametrize(("url", "outcome"), [("http://10.0.0.1/", "blocked_address"), ("ftp://x", "bad_url")])
def test_an_address_that_we_refuse_pauses_the_endpoint(
    agency: Agency, receiver: Receiver, url: str, outcome: str
) -> None:
    endpoint = make_endpoint(agency, url)
    write(agency, make_event())
    deliver_due()
    endpoint.refresh_from_db()
    assert endpoint.state == "paused"
    assert endpoint.disabled_reason
    message = Message.objects.get()
    assert (message.state, message.last_outcome) == ("held", outcome)


def test_a_due_message_of_a_paused_endpoint_is_held_and_not_sent(agency: Agency, receiver: Receiver) -> None:
    make_endpoint(agency, receiver.url)
    write(agency, make_event())
    Endpoint.objects.update(state="paused")
    assert deliver_due() == 0
    assert Message.objects.get().state == "held"


# --- listeners ---------------------------------------------------------------------------------------------------


def test_a_listener_that_fails_undoes_its_own_message_and_no_other(agency: Agency, receiver: Receiver) -> None:
    make_endpoint(agency, receiver.url)
    bad, good = make_event(), make_event()
    write(agency, bad, good)

    def refuse(sender: object, event: Event, **_: object) -> None:
        if event.id == bad.id:
            raise RuntimeError("not this one")

    delivery_settled.connect(refuse)
    try:
        deliver_due()
    finally:
        delivery_settled.disconnect(refuse)
    assert Message.objects.get(event_id=good.id).state == "done"
    assert Message.objects.get(event_id=bad.id).state == "sending"
    bring_forward()
    deliver_due()
    assert Message.objects.get(event_id=bad.id).state == "done"
