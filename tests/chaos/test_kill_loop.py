"""`kill -9` in a loop while leads are posted: what was answered stands, what stands was charged and told, all once.

LEADS says how many leads: a few in the suite, two thousand in `make chaos`.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from django.db.models import Sum

from billing.models import BuyerBalance, Journal
from buyers.models import Buyer, CapCounter
from core.ids import encode
from leads.models import Lead, Sale
from tests.chaos.clients import Clients
from tests.chaos.house import House, open_house
from tests.chaos.market import CAPPED, PLENTY, POOR, PRICE, open_market
from tests.chaos.receiver import Got, received
from tests.processes import spawn, stop, wait_until
from tests.webhooks.making import bring_forward
from webhooks.models import Message
from webhooks.signing import parse_secret, verify
from webhooks.states import OPEN

LEADS = int(os.environ.get("LEADS", "120"))
ROUNDS = max(2, LEADS // 100)
A_LONG_WHILE = 60.0 + LEADS  # seconds, for whatever has to come to an end

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600 + 3 * LEADS)]


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Path]:
    """The file of a running receiver; its first line is the port."""
    file = tmp_path / "inbox"
    process = spawn([sys.executable, "-m", "tests.chaos.receiver", str(file)])
    wait_until(lambda: file.exists() and file.read_text().endswith("\n"), "the receiver")
    yield file
    stop(process)


def kill_while_posting(house: House, clients: Clients, inbox: Path) -> None:
    """Kill web whenever so many more leads are answered, now with the scheduler and now with the broker; and the
    worker whenever so many more are told.
    """
    each = LEADS // ROUNDS
    next_web = next_worker = each // 2
    others = cycle(("beat", "valkey"))
    while clients.busy:
        if clients.answered >= next_web:
            house.kill("web")
            house.kill(next(others))
            next_web = clients.answered + each
        if len(received(inbox)) >= next_worker:
            house.kill("worker")
            next_worker = len(received(inbox)) + each
        sleep(0.02)


def deliver_all(house: House) -> None:
    """Have the house come to rest after a last kill of everything, letting time pass for what waits to be retried."""
    for name in ("web", "beat", "valkey", "worker"):
        house.kill(name)
    end = monotonic() + A_LONG_WHILE
    while Message.objects.filter(state__in=OPEN).exists():
        assert monotonic() < end, "some messages are never delivered"
        sleep(1)
        bring_forward()


def test_whatever_is_killed_each_lead_is_sold_charged_and_told_once(tmp_path: Path, inbox: Path) -> None:
    began = monotonic()
    with open_house(tmp_path) as house:
        address = house.found()
        few = LEADS // 10
        secrets = open_market(address, int(inbox.read_text()), few=few)
        clients = Clients(address, LEADS)
        clients.start()
        kill_while_posting(house, clients, inbox)
        deliver_all(house)
        house.manage("check_ledger")
        print_figures(house, clients, received(inbox), monotonic() - began)  # pytest -s shows them
    assert min(house.kills["web"], house.kills["worker"]) >= 2
    assert_every_answer_stands(clients)
    assert_everything_is_charged_once(few)
    assert_everything_is_told_under_one_id(received(inbox), secrets)


def assert_every_answer_stands(clients: Clients) -> None:
    """Each lead is on record once, as every one of its answers said, and sold to one buyer."""
    assert set(clients.repeats) <= {"no answer", "409", "503"}
    answers = {number: only(given) for number, given in clients.answers.items()}
    assert {status for status, _ in answers.values()} == {201}
    on_record = Lead.objects.values_list("external_id", "id", "status")
    told = [(str(number), body["lead_id"], body["status"]) for number, (_, body) in answers.items()]
    assert sorted(told) == sorted((number, encode("ld", id), status) for number, id, status in on_record)
    assert len(told) == LEADS
    sales = [body["sales"] for _, body in answers.values() if body["status"] == "accepted"]
    assert {len(sold) for sold in sales} == {1}
    assert sorted(sold[0]["sale_id"] for sold in sales) == sorted(sale.public_id for sale in Sale.objects.all())
    assert len(sales) == LEADS


def only(given: list[tuple[int, dict[str, Any]]]) -> tuple[int, dict[str, Any]]:
    """The answer that each of these is."""
    assert all(answer == given[0] for answer in given)
    return given[0]


def assert_everything_is_charged_once(few: int) -> None:
    """One charge per sale, balances and counters to the cent and the lead, cap and wallet used up and no more."""
    charges = Counter(Journal.objects.filter(kind="charge").values_list("sale_ref", flat=True))
    assert charges == Counter(Sale.objects.values_list("id", flat=True))
    assert set(charges.values()) == {1}
    for buyer in Buyer.objects.all():
        money = few * PRICE if buyer.name == POOR else PLENTY
        sales = Sale.objects.filter(buyer=buyer)
        spent = sales.aggregate(Sum("price"))["price__sum"]
        assert BuyerBalance.objects.get(pk=buyer.account_id).balance == money * 100 - spent
        if buyer.name in (CAPPED, POOR):
            assert sales.count() == few
    assert CapCounter.objects.aggregate(Sum("leads"))["leads__sum"] == LEADS


def assert_everything_is_told_under_one_id(inbox: list[Got], secrets: dict[str, str]) -> None:
    """Each sale reached its buyer, always under the same id, signed with the buyer's own secret."""
    due = {
        (message.event.public_id, encode("ld", message.event.lead_ref))
        for message in all_messages()
        if message.event.lead_ref is not None
    }
    assert len(due) == LEADS
    assert {(got.id, got.lead_id) for got in inbox} == due
    assert {got.id for got in inbox if got.answered == 200} == {event for event, _ in due}
    for got in inbox:
        verify([parse_secret(secrets[got.buyer_id])], got.headers, got.body.encode(), now=got.sent_at)
    assert set(Sale.objects.values_list("state", flat=True)) == {Sale.State.DELIVERED}


def all_messages() -> list[Message]:
    return list(Message.objects.select_related("event"))


def print_figures(house: House, clients: Clients, inbox: list[Got], seconds: float) -> None:
    print(  # noqa: T201 - figures for whoever asked for them with -s
        f"\n{LEADS} leads in {seconds:.0f} s; killed {dict(house.kills)}; repeats {dict(clients.repeats)};"
        f" {len(inbox)} webhooks for {len({got.id for got in inbox})} ids"
    )
