"""What is due is taken once, fairly, and taken again when its taker dies."""

import time
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Agency
from core.http.outcomes import Outcome, Response
from tests.webhooks.making import bring_forward, make_endpoint, make_event, write
from tests.webhooks.receiver import Receiver, receiving, silence
from webhooks.claims import claim_due, database_now, is_anything_due
from webhooks.delivery import deliver_due
from webhooks.finishing import record
from webhooks.models import Attempt, Endpoint, Message
from webhooks.sending import Tried

pytestmark = pytest.mark.django_db


def tried(message: Message, outcome: Outcome = Outcome.OK) -> Tried:
    return Tried(message, database_now(), Response(outcome, status=200))


def fill(agency: Agency, endpoint: Endpoint, count: int) -> None:
    write(agency, *(make_event(deliver_to=endpoint.id) for _ in range(count)))


def test_a_claim_counts_the_attempt_and_leases_the_row(agency: Agency) -> None:
    fill(agency, make_endpoint(agency, timeout_ms=4000), 1)
    assert is_anything_due()
    (message,) = claim_due(10)
    assert (message.state, message.attempts) == ("sending", 1)
    assert message.lease_until is not None
    assert message.lease_until == message.due_at
    assert timedelta(seconds=23) < message.lease_until - database_now() <= timedelta(seconds=24)
    assert not is_anything_due()
    assert claim_due(10) == []


def test_no_more_than_its_endpoint_bears_is_in_flight(agency: Agency) -> None:
    fill(agency, make_endpoint(agency, max_in_flight=3), 5)
    first = claim_due(10)
    assert len(first) == 3
    assert claim_due(10) == []
    record([tried(first[0])])
    assert len(claim_due(10)) == 1


def test_a_claim_serves_every_endpoint_in_turn(agency: Agency) -> None:
    crowded, quiet = make_endpoint(agency, max_in_flight=50), make_endpoint(agency)
    fill(agency, crowded, 20)
    fill(agency, quiet, 2)
    claimed = [message.endpoint_id for message in claim_due(10)]
    assert (claimed.count(crowded.id), claimed.count(quiet.id)) == (5, 2)
    assert [message.endpoint_id for message in claim_due(10)] == [crowded.id] * 10


def test_the_oldest_goes_first(agency: Agency) -> None:
    endpoint = make_endpoint(agency, max_in_flight=1)
    fill(agency, endpoint, 3)
    order = list(Message.objects.order_by("due_at", "id").values_list("id", flat=True))
    taken = []
    while messages := claim_due(10):
        taken += [message.id for message in messages]
        record([tried(message) for message in messages])
    assert taken == order


def test_what_a_dead_worker_left_is_taken_again_and_the_lost_try_is_on_record(agency: Agency) -> None:
    fill(agency, make_endpoint(agency), 1)
    claim_due(1)
    bring_forward()
    (again,) = claim_due(1)
    assert (again.attempts, again.last_outcome) == (2, "lease_lost")
    record([tried(again)])
    assert list(Attempt.objects.order_by("number").values_list("number", "outcome")) == [(1, "lease_lost"), (2, "ok")]


def test_a_worker_that_wakes_up_after_its_lease_changes_nothing_but_the_note_of_its_try(agency: Agency) -> None:
    fill(agency, make_endpoint(agency), 1)
    (stale,) = claim_due(1)
    bring_forward()
    (fresh,) = claim_due(1)
    record([tried(stale)])
    assert Message.objects.get().state == "sending"
    assert Attempt.objects.get(number=1).outcome == "ok"
    record([tried(fresh, Outcome.HTTP_5XX)])
    assert Message.objects.get().state == "due"


def test_a_last_try_that_was_lost_is_a_dead_letter_whose_end_nobody_saw(agency: Agency) -> None:
    fill(agency, make_endpoint(agency), 1)
    claim_due(1)
    bring_forward(by=timedelta(hours=73))
    deliver_due()
    message = Message.objects.get()
    assert (message.state, message.last_outcome, message.attempts) == ("exhausted", "lease_lost", 1)
    assert list(Attempt.objects.values_list("number", "outcome")) == [(1, "lease_lost")]


def test_a_lost_row_of_a_paused_endpoint_is_held(agency: Agency) -> None:
    fill(agency, make_endpoint(agency), 1)
    claim_due(1)
    Endpoint.objects.update(state="paused")
    bring_forward()
    assert claim_due(1) == []
    assert Message.objects.get().state == "held"


def test_a_dead_endpoint_with_thousands_of_due_rows_does_not_hold_up_another(
    agency: Agency, receiver: Receiver
) -> None:
    with receiving(silence(1.5)) as dead:
        fill(agency, make_endpoint(agency, dead.url, timeout_ms=1000), 2000)
        alive = make_endpoint(agency, receiver.url)
        fill(agency, alive, 30)
        started = time.monotonic()
        deliver_due(seconds=0.8)
    assert time.monotonic() - started < 5
    assert Message.objects.filter(endpoint=alive, state="done").count() == 30
    assert dead.most_running <= 5
    assert receiver.most_running <= 5


def plan(statement: str) -> str:
    word = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a small table is read whole, and rightly so
        cursor.execute(f"{word} {statement}")
        return "\n".join(str(row) for row in cursor.fetchall())


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (
            "SELECT id FROM webhooks_message WHERE state IN ('due', 'sending') AND due_at <= '2026-01-01' "
            "ORDER BY due_at, id LIMIT 1",
            "message_due",
        ),
        (
            "SELECT id FROM webhooks_message WHERE endpoint_id = '0190e3a1-0000-7000-8000-000000000000' "
            "AND state IN ('due', 'sending') AND due_at <= '2026-01-01' ORDER BY due_at, id LIMIT 5",
            "message_due_of_endpoint",
        ),
        (
            "SELECT endpoint_id FROM webhooks_message WHERE state IN ('due', 'sending') ORDER BY endpoint_id LIMIT 1",
            "message_due_of_endpoint",
        ),
    ],
)
def test_the_scans_of_a_claim_walk_along_their_indexes(statement: str, index: str) -> None:
    assert index in plan(statement)
