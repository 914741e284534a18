"""Leads that travel together are decided one after the other, as if each were written down before the next."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import requests
from django.db import IntegrityError, transaction
from pytest_django.live_server_helper import LiveServer

from accounts.idempotency import KeyReused, Repeat, fingerprint_of
from accounts.keys import KeySettings, create_key
from accounts.principals import SystemActor
from accounts.scopes import ALL_SCOPES
from accounts.vault import open_data_key
from billing.check import check_ledger
from billing.models import BuyerBalance
from buyers.models import CapCounter, Contract
from core import json
from core.clock import now
from leads import snapshot
from leads.counters import open_counters
from leads.intake.shape import submission_of
from leads.market import Rider, ask
from leads.models import Decision, Lead, Sale
from leads.preparation import prepare
from leads.sealed import open_decision
from leads.trip import CountersMissing, Outcome, Overtaken, route_all, route_each
from routing.engine import replay
from tests.leads.world import MARIA, NOON, World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
DAILY = {"window": "day", "unit": "leads"}


def rider(world: World, number: int, *, repeat: Repeat | None = None, **changes: Any) -> Rider:
    """A lead of another person, as the pipeline prepares it."""
    members = {**MARIA, "phone": f"+1512555{number:04}", "email": None, **changes}
    view = snapshot.read(agency_id=world.agency.pk, version=world.principal.version)
    submission = submission_of({name: value for name, value in members.items() if value is not None})
    draft = prepare(principal=world.principal, view=view, submission=submission, received_at=NOON)
    return Rider(draft, ask(draft, NOON), repeat)


def repeat(world: World, key: str, body: bytes = b"{}") -> Repeat:
    route, owner = "POST /v1/leads", world.agency.pk
    mark = fingerprint_of(route, body)
    return Repeat(agency_id=owner, mode="live", owner=owner, route=route, key=key, fingerprint=mark)


def opened(riders: list[Rider]) -> list[Rider]:
    """The same, with the counters that they need."""
    for end in route_counters(riders):
        open_counters(end.draft, end.missing)
    return riders


def route_counters(riders: list[Rider]) -> list[CountersMissing]:
    with transaction.atomic():
        ends = route_all(riders)
        transaction.set_rollback(True)
    return [end for end in ends if isinstance(end, CountersMissing)]


def told(ends: list[Outcome | Exception]) -> list[Any]:
    """Of each its status and reason, or the name of what it is told instead."""
    return [
        (end.body["status"], end.body["reason"]) if isinstance(end, Outcome) else type(end).__name__ for end in ends
    ]


def sold(contract: Contract) -> int:
    return Sale.objects.filter(contract=contract).count()


def record(of: Rider) -> dict[str, Any]:
    """The lead's decision as it is stored; it replays bit for bit."""
    decision = Decision.objects.select_related("config_version").get(lead_id=of.draft.id)
    stored = open_decision(open_data_key(of.draft.id), decision.pk, bytes(decision.sealed))
    again = replay(json.loads(bytes(decision.config_version.content)), stored["market"])
    assert json.canonical(again.to_record()) == json.canonical(stored["decision"])
    return stored


def usage_of(stored: dict[str, Any], subject: UUID) -> list[int]:
    """Leads and money that the decision saw counted."""
    return next(entry[3:] for entry in stored["market"]["state"]["usage"] if entry[0] == str(subject))


def test_the_last_place_goes_to_the_first_and_the_second_to_the_next_contract() -> None:
    world = make_world()
    first = world.contract(world.buyer("First"), price=10_00, priority=1, caps=[{**DAILY, "limit": 1}])
    second = world.contract(world.buyer("Second"), price=20_00, priority=2)
    riders = opened([rider(world, number) for number in range(2)])
    assert told(route_all(riders)) == [("accepted", None)] * 2
    assert (sold(first), sold(second)) == (1, 1)
    assert [usage_of(record(of), first.pk) for of in riders] == [[0, 0], [1, 10_00]]
    codes = Decision.objects.get(lead_id=riders[1].draft.id).codes
    assert dict(zip(sorted([first.pk, second.pk]), codes, strict=True)) == {first.pk: "cap_reached", second.pk: "won"}


def test_without_another_contract_the_second_finds_the_cap_reached() -> None:
    world = make_world()
    world.contract(world.buyer(), price=10_00, caps=[{**DAILY, "limit": 1}])
    riders = opened([rider(world, number) for number in range(2)])
    assert told(route_all(riders)) == [("accepted", None), ("unsold", "cap_reached")]
    assert CapCounter.objects.get().leads == 1


@pytest.mark.parametrize("confirm_minutes", [0, 30])
def test_money_for_one_buys_one(confirm_minutes: int) -> None:
    world = make_world()
    buyer = world.buyer(money=15_00)
    world.contract(buyer, price=10_00, confirm_minutes=confirm_minutes)
    riders = [rider(world, number) for number in range(2)]
    first = "pending" if confirm_minutes else "accepted"
    assert told(route_all(riders)) == [(first, None), ("unsold", "insufficient_funds")]
    seen = [record(of)["market"]["state"]["funds"][0][1:3] for of in riders]
    after = [15_00, 10_00] if confirm_minutes else [5_00, 0]
    assert seen == [[15_00, 0], after]
    balance = BuyerBalance.objects.get(pk=buyer.account_id)
    assert [balance.balance, balance.held] == after


def test_a_round_robin_takes_its_turns_within_one_batch() -> None:
    world = make_world(method="round_robin")
    contracts = [world.contract(world.buyer(f"Buyer {n}"), price=10_00) for n in range(3)]
    riders = [rider(world, number) for number in range(6)]
    route_all(riders)
    assert [sold(contract) for contract in contracts] == [2, 2, 2]
    for of in riders:
        record(of)


def test_weights_hold_within_one_batch() -> None:
    world = make_world(method="weighted")
    contracts = [
        world.contract(world.buyer(f"Buyer {n}"), price=10_00, weight=weight) for n, weight in ((1, 3), (2, 1))
    ]
    riders = [rider(world, number) for number in range(8)]
    route_all(riders)
    assert [sold(contract) for contract in contracts] == [6, 2]
    for of in riders:
        record(of)


def test_leads_sold_to_several_count_for_each_of_them() -> None:
    world = make_world(max_sales=2)
    limits = (1, 2, 3)
    contracts = [
        world.contract(world.buyer(f"Buyer {n}"), price=10_00, priority=n, sells="shared", caps=[{**DAILY, "limit": n}])
        for n in limits
    ]
    riders = opened([rider(world, number) for number in range(5)])
    assert told(route_all(riders)) == [*[("accepted", None)] * 4, ("unsold", "cap_reached")]
    assert [sold(contract) for contract in contracts] == list(limits)
    assert check_ledger(now=NOON).differences == ()


def test_each_gets_its_own_end_and_the_rest_are_sold() -> None:
    world = make_world()
    capped = world.contract(
        world.buyer("Capped"),
        price=10_00,
        priority=1,
        filters={"field": "state", "op": "eq", "value": "NY"},
        caps=[{**DAILY, "limit": 9}],
    )
    world.contract(world.buyer("Open"), price=10_00, priority=2)
    known = rider(world, 1)
    assert told(route_all([known, rider(world, 2, repeat=repeat(world, "used"))])) == [("accepted", None)] * 2
    stale = rider(world, 3)
    stale = Rider(replace(stale.draft, snapshot=replace(stale.draft.snapshot, version=0)), stale.asked)
    riders = [
        rider(world, 4),
        rider(world, 5, repeat=repeat(world, "used")),
        rider(world, 6, repeat=repeat(world, "used", b"[]")),
        rider(world, 1),
        rider(world, 7, state="NY"),
        stale,
        rider(world, 8, repeat=repeat(world, "new")),
    ]
    ends = route_all(riders)
    assert [type(end) for end in ends] == [Outcome, Outcome, KeyReused, Outcome, CountersMissing, Overtaken, Outcome]
    answered = [end.body for end in ends if isinstance(end, Outcome) and end.stored is None]
    assert [body["status"] for body in answered] == ["accepted", "duplicate", "accepted"]
    assert answered[1]["duplicate_of"] == Lead.objects.get(pk=known.draft.id).public_id
    assert [end.stored is not None for end in ends if isinstance(end, Outcome)] == [False, True, False, False]
    assert Lead.objects.count() == 5
    assert sold(capped) == 0


def test_where_a_rival_was_first_the_batch_writes_nothing_and_each_travels_alone() -> None:
    """The rival's lead has the id of one of them, so that it is met at the commit and not before."""
    world = make_world()
    world.contract(world.buyer(), price=10_00, caps=[{**DAILY, "limit": 100}])
    riders = opened([rider(world, number) for number in range(3)])
    route_all([riders[1]])
    with pytest.raises(IntegrityError):
        route_all([riders[0], Rider(replace(riders[1].draft, phone_hash=None), riders[1].asked), riders[2]])
    assert Lead.objects.count() == 1
    ends = route_each(riders)
    assert [type(end) for end in ends] == [Outcome, IntegrityError, Outcome]
    assert (Lead.objects.count(), CapCounter.objects.get().leads) == (3, 3)
    assert check_ledger(now=NOON).differences == ()


def test_eight_threads_over_http_make_exactly_the_sales_that_there_is_money_for(live_server: LiveServer) -> None:
    world = make_world()
    buyer = world.buyer(money=80 * 10_00)
    world.contract(buyer, price=10_00, caps=[{**DAILY, "limit": 100}])
    wanted = KeySettings(name="test", scopes=ALL_SCOPES, rate_limit_per_minute=10_000)
    key = create_key(actor=SystemActor(world.agency.pk, "system:test"), wanted=wanted).text

    def post(number: int) -> str:
        body = {"campaign_id": "auto-accident", "state": "TX", "phone": f"+1512556{number:04}"}
        said = {"Authorization": f"Bearer {key}"}
        while True:
            answer = requests.post(f"{live_server.url}/v1/leads", json=body, headers=said, timeout=60)
            if answer.status_code != 503:
                return str(answer.json()["status"])

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(post, range(120))) == {"accepted": 80, "unsold": 40}
    assert Sale.objects.count() == 80
    assert BuyerBalance.objects.get(pk=buyer.account_id).balance == 0
    assert CapCounter.objects.get().leads == 80
    assert check_ledger(now=now()).differences == ()
