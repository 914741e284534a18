"""Whatever kills a worker, at whatever step, nothing is lost and nothing gets another id."""

import signal
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from tests.processes import spawn_python, wait_until
from tests.webhooks.making import bring_forward, make_agency, make_endpoint, make_event, write
from tests.webhooks.receiver import Receiver, silence, status
from webhooks.claims import release_strays
from webhooks.delivery import deliver_due
from webhooks.models import Attempt, Endpoint, Message

pytestmark = pytest.mark.django_db(transaction=True)

CLAIMER = """
from django.db import OperationalError
from core.http.outcomes import Outcome, Response
from webhooks.claims import claim_due, database_now
from webhooks.finishing import record
from webhooks.models import Message
from webhooks.sending import Tried

with open(sys.argv[1], "w") as ledger:
    while Message.objects.filter(state="due").exists():
        messages = claim_due(50)
        ledger.writelines(f"{message.id}\\n" for message in messages)
        record([Tried(message, database_now(), Response(Outcome.OK, status=200)) for message in messages])
"""

WORKER = """
import os, signal
from core.http import loop
from webhooks import delivery, finishing

settings.EGRESS_ALLOW = ["127.0.0.0/8"]
real_pack, real_record, step = delivery.pack, delivery.record, sys.argv[1]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if step == "after the claim":
    delivery.pack = die
if step == "before the record":
    delivery.record = die
if step == "after the record":
    delivery.record = lambda tries: (real_record(tries), die())
if step == "before the stop":
    finishing.stop_endpoint = die
delivery.deliver_due()
"""


POLITE = """
import signal
from celery.signals import worker_shutting_down
from webhooks import tasks

settings.EGRESS_ALLOW = ["127.0.0.0/8"]
signal.signal(signal.SIGTERM, lambda *_: worker_shutting_down.send(sender="test"))
tasks.deliver_due()
"""


@pytest.fixture
def endpoint(receiver: Receiver) -> Endpoint:
    return make_endpoint(make_agency(), receiver.url)


@pytest.mark.timeout(240)  # eight interpreters start on however few cores there are
def test_eight_processes_take_four_thousand_rows_once_each(tmp_path: Path) -> None:
    agency = make_agency()
    for _ in range(8):
        make_endpoint(agency, max_in_flight=60)
    for _ in range(5):
        write(agency, *(make_event() for _ in range(100)))
    ledgers = [tmp_path / str(number) for number in range(8)]
    workers = [spawn_python(CLAIMER, str(ledger), output=sys.stderr) for ledger in ledgers]
    assert [worker.wait(200) for worker in workers] == [0] * 8
    taken = Counter(line for ledger in ledgers for line in ledger.read_text().split())
    assert (len(taken), set(taken.values())) == (4000, {1})
    assert Message.objects.filter(state="done", attempts=1).count() == 4000
    assert Attempt.objects.count() == 4000


@pytest.mark.parametrize("step", ["after the claim", "before the record", "after the record"])
def test_a_worker_killed_at_a_step_loses_nothing_and_changes_no_id(
    endpoint: Endpoint, receiver: Receiver, step: str
) -> None:
    write(endpoint.agency, *(make_event() for _ in range(5)))
    assert spawn_python(WORKER, step).wait(30) == -signal.SIGKILL
    bring_forward()
    deliver_due()
    assert Message.objects.filter(state="done").count() == 5
    ids = Counter(got.headers["webhook-id"] for got in receiver.got)
    assert len(ids) == 5
    assert max(ids.values()) <= (1 if step == "after the claim" else 2)


def test_a_worker_killed_before_it_stops_an_endpoint_that_is_gone_strands_no_message(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.answer_with(status(410))
    write(endpoint.agency, make_event())
    assert spawn_python(WORKER, "before the stop").wait(30) == -signal.SIGKILL
    endpoint.refresh_from_db()
    assert (endpoint.state, Message.objects.get().state) == ("active", "held")
    assert release_strays() == 1
    deliver_due()
    endpoint.refresh_from_db()
    assert (endpoint.state, Message.objects.get().state) == ("disabled", "held")
    assert release_strays() == 0


def test_a_worker_killed_while_it_sends_sends_again_under_the_same_id(endpoint: Endpoint, receiver: Receiver) -> None:
    write(endpoint.agency, make_event())
    receiver.answer_with(silence(20), status(200))
    worker = spawn_python(WORKER, "never")
    wait_until(lambda: bool(receiver.got), "the request")
    worker.kill()
    worker.wait(10)
    assert Message.objects.get().state == "sending"
    bring_forward()
    assert deliver_due() == 1
    first, second = receiver.got
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert list(Attempt.objects.order_by("number").values_list("number", "outcome")) == [(1, "lease_lost"), (2, "ok")]


def has_progressed(worker: subprocess.Popen[bytes], receiver: Receiver, count: int) -> bool:
    return len(receiver.got) >= count or worker.poll() is not None


def test_workers_killed_over_and_over_deliver_everything(endpoint: Endpoint, receiver: Receiver) -> None:
    write(endpoint.agency, *(make_event() for _ in range(60)))
    receiver.answer_with(status(200, delay=0.02))
    kills = 0
    while Message.objects.exclude(state="done").exists():
        worker = spawn_python(WORKER, "never")
        seen = len(receiver.got)
        wait_until(partial(has_progressed, worker, receiver, seen + 15), "progress")
        worker.kill()
        kills += worker.wait(10) == -signal.SIGKILL
        bring_forward()
    ids = Counter(got.headers["webhook-id"] for got in receiver.got)
    assert len(ids) == 60
    assert sum(ids.values()) - 60 <= kills * endpoint.max_in_flight
    assert kills >= 2


def test_a_worker_asked_to_end_lands_what_is_in_flight_and_takes_nothing_more(receiver: Receiver) -> None:
    endpoint = make_endpoint(make_agency(), receiver.url, max_in_flight=1)
    write(endpoint.agency, *(make_event() for _ in range(20)))
    receiver.answer_with(status(200, delay=0.5))
    worker = spawn_python(POLITE)
    wait_until(lambda: bool(receiver.got), "the request")
    worker.terminate()
    assert worker.wait(30) == 0
    states = Counter(Message.objects.values_list("state", flat=True))
    assert (states["done"], states["sending"]) == (len(receiver.got), 0)
    assert states["due"] == 20 - len(receiver.got) > 10
