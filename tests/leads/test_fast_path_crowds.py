"""Many threads at the door at once, as in the web process: no lead is lost, made twice, or answered with another's."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing.check import check_ledger
from billing.models import BuyerBalance
from buyers.models import Buyer, CapCounter
from core.clock import now
from core.gate import Gate
from core.shared_connections import SharedConnections
from leads.api.fast_path import FastPath
from leads.models import Lead, Sale
from tests.leads.door import Framework, Told, lead, met, post
from tests.leads.test_api import key
from tests.leads.world import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
THREADS = 12
Door = Callable[[str, bytes, str], Told]


@pytest.fixture
def framework() -> Framework:
    return Framework()


@pytest.fixture
def door(framework: Framework) -> Iterator[Door]:
    """The door of the web process: answers to a key, a body and an Idempotency-Key."""
    shared = SharedConnections()
    gate = Gate(4, shared)
    application = FastPath(gate.around(framework), gate)

    def asked(token: str, body: bytes, again: str) -> Told:
        while True:
            told = post(application, token, body, HTTP_IDEMPOTENCY_KEY=again)
            if not told.status.startswith("503"):
                return told

    yield asked
    while shared._idle:
        shared._idle.pop().close()


def market(money: int) -> World:
    world = make_world()
    caps = [{"window": "day", "unit": "leads", "limit": 1_000}]
    world.contract(world.buyer(money=money), price=10_00, caps=caps)
    return world


def test_exactly_those_leads_are_sold_that_there_is_money_for(door: Door, framework: Framework) -> None:
    world = market(money=80 * 10_00)
    tokens = [met(key(world, rate_limit_per_minute=10_000)) for _ in range(3)]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda n: door(tokens[n % 3], lead(n, external_id=f"e{n}"), f"form-{n}"), range(120)))
    assert Counter(told.code for told in answers) == {(201, "accepted"): 80, (201, "unsold"): 40}
    external = {made.public_id: made.external_id for made in Lead.objects.all()}
    assert [external[told.body["lead_id"]] for told in answers] == [f"e{n}" for n in range(120)]
    assert (Sale.objects.count(), CapCounter.objects.get().leads) == (80, 80)
    assert BuyerBalance.objects.get(pk=Buyer.objects.get().account_id).balance == 0
    assert check_ledger(now=now()).differences == ()
    assert framework.asked < 60  # the rest went the short way


def test_a_request_that_is_sent_by_all_at_once_has_one_effect_and_one_answer(door: Door) -> None:
    world = market(money=1_000_00)
    token = met(key(world, rate_limit_per_minute=10_000))
    sent = [number for number in range(10) for _ in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda n: (n, door(token, lead(n), f"form-{n}")), sent))
    assert {told.code for _, told in answers} == {(201, "accepted")}
    assert len({(number, told.content) for number, told in answers}) == 10
    assert sum("Idempotent-Replayed" not in told for _, told in answers) == 10
    assert (Lead.objects.count(), Sale.objects.count()) == (10, 10)


def test_a_person_who_is_sent_by_all_at_once_is_sold_once(door: Door) -> None:
    world = market(money=1_000_00)
    tokens = [met(key(world, rate_limit_per_minute=10_000)) for _ in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda n: door(tokens[n % THREADS], lead(n // THREADS), f"form-{n}"), range(96)))
    assert Counter(told.code for told in answers) == {(201, "accepted"): 8, (201, "duplicate"): 88}
    assert Sale.objects.count() == 8
