"""Leads that travel together: who rides with whom, and that each is decided as if those before it were written down."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from time import sleep
from typing import Any
from uuid import uuid4

import pytest

from accounts.idempotency import Repeat
from billing.check import check_ledger
from billing.models import BuyerBalance
from buyers.models import CapCounter, Contract
from core.clock import now
from leads import snapshot
from leads.convoy import MOST, Convoy
from leads.counters import open_counters
from leads.intake.shape import submission_of
from leads.market import Rider, ask
from leads.models import Decision, Lead, Sale
from leads.preparation import prepare
from leads.queries import decisions
from leads.trip import CountersMissing, Outcome, Overtaken, arrived, route_each
from tests.leads.world import MARIA, World, make_world

# --- the line ----------------------------------------------------------------------------------------------------


class Line:
    """A convoy whose first trip waits until the others stand in line; `trips` are the items that rode together."""

    def __init__(self) -> None:
        self.trips: list[list[int]] = []
        self.left, self.go = Event(), Event()
        self.convoy = Convoy(self.carry)

    def carry(self, items: Sequence[int]) -> list[int]:
        self.trips.append(list(items))
        self.left.set()
        assert self.go.wait(10)
        if 13 in items:
            raise RuntimeError("the bridge is out")
        return [item * 10 for item in items]

    def send(self, *items: int, marks: str = "") -> list[int | str]:
        """What each was answered, in order. `marks` has a letter for each item, equal for those to be kept apart."""
        with ThreadPoolExecutor(len(items)) as threads:
            tickets = []
            for place, item in enumerate(items):
                mark = frozenset(marks[place : place + 1].strip())
                tickets.append(threads.submit(self.convoy.ride, item, mark))
                assert self.left.wait(10)
                while len(self.convoy._waiting) < place:
                    sleep(0.001)
            self.go.set()
            list(as_completed(tickets))
        return [str(ticket.exception() or ticket.result()) for ticket in tickets]


def test_who_is_alone_goes_alone_at_once() -> None:
    line = Line()
    line.go.set()
    assert [line.convoy.ride(1), line.convoy.ride(2)] == [10, 20]
    assert line.trips == [[1], [2]]


def test_those_who_come_meanwhile_ride_together_in_their_order() -> None:
    line = Line()
    assert line.send(1, 2, 3, 4) == ["10", "20", "30", "40"]
    assert line.trips == [[1], [2, 3, 4]]


def test_those_who_share_a_mark_never_ride_together() -> None:
    line = Line()
    assert line.send(1, 2, 3, 4, 5, marks=" aab ") == ["10", "20", "30", "40", "50"]
    assert line.trips == [[1], [2, 4, 5], [3]]


def test_a_trip_takes_no_more_than_it_may() -> None:
    line = Line()
    line.send(*range(100, 101 + MOST + 2))
    assert [len(trip) for trip in line.trips] == [1, MOST, 2]


def test_what_stops_one_trip_is_told_to_its_riders_and_the_next_goes_on() -> None:
    line = Line()
    assert line.send(13, 2) == ["the bridge is out", "20"]
    assert line.convoy.ride(3) == 30


# --- the trip ----------------------------------------------------------------------------------------------------


def rider(world: World, number: int, *, repeat: Repeat | None = None, **changes: str) -> Rider:
    """A lead of a person of its own before the market."""
    moment, principal = now(), world.principal
    members = MARIA | {"phone": f"+1512555{number:04}", "email": f"p{number}@example.com"} | changes
    draft = prepare(
        principal=principal,
        view=snapshot.read(agency_id=principal.agency_id, version=principal.version),
        submission=submission_of({**members, "consent_timestamp": None}),
        received_at=moment,
    )
    return Rider(draft, ask(draft, moment), repeat)


def together(riders: Sequence[Rider]) -> list[Outcome | Exception]:
    """What became of them in one trip, or in the second where the first found counters missing."""
    ends = route_each(riders)
    missing = [end for end in ends if isinstance(end, CountersMissing)]
    for end in missing:
        open_counters(end.draft, end.missing)
    return route_each(riders) if missing else ends


def told(world: World, amount: int) -> list[dict[str, Any]]:
    """What so many leads were told that travelled together, of which all that is written proves."""
    ends = together([rider(world, number) for number in range(amount)])
    assert check_ledger(now=now()).differences == ()
    assert all(stored.replayed for lead in Lead.objects.all() for stored in decisions(lead))
    return [arrived(end).body for end in ends]


def statuses(world: World, amount: int) -> list[str]:
    return [body["status"] for body in told(world, amount)]


def winner(body: dict[str, Any]) -> str:
    """The contract that bought the lead."""
    (sale,) = body["sales"]
    return str(sale["contract_id"])


@pytest.mark.django_db
def test_of_three_riders_a_cap_of_two_takes_the_first_two() -> None:
    world = make_world()
    world.contract(world.buyer(), caps=[{"window": "day", "unit": "leads", "limit": 2}])
    assert statuses(world, 3) == ["accepted", "accepted", "unsold"]
    assert (CapCounter.objects.get().leads, Sale.objects.count()) == (2, 2)
    assert Decision.objects.get(lead__status="unsold").codes == ["cap_reached"]


@pytest.mark.django_db
def test_of_three_riders_money_for_two_buys_the_first_two() -> None:
    world = make_world()
    buyer = world.buyer(money=2 * 175_00)
    world.contract(buyer)
    assert statuses(world, 3) == ["accepted", "accepted", "unsold"]
    assert BuyerBalance.objects.get(pk=buyer.account_id).balance == 0


@pytest.mark.django_db
def test_money_held_for_one_rider_is_not_there_for_the_next() -> None:
    world = make_world()
    buyer = world.buyer(money=2 * 175_00)
    world.contract(buyer, confirm_minutes=10)
    assert statuses(world, 3) == ["pending", "pending", "unsold"]
    wallet = BuyerBalance.objects.get(pk=buyer.account_id)
    assert (wallet.balance, wallet.held) == (350_00, 350_00)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["round_robin", "weighted"])
def test_riders_take_turns(method: str) -> None:
    world = make_world(method=method)
    contracts = {world.contract(world.buyer(f"Buyer {number}")).public_id for number in range(2)}
    winners = [winner(body) for body in told(world, 5)]
    assert {*winners} == contracts
    assert winners[0] == winners[2] == winners[4] != winners[1] == winners[3]


@pytest.mark.django_db
def test_turns_are_known_whichever_riders_configuration_names_the_contract() -> None:
    world = make_world(method="round_robin")
    contracts = [world.contract(world.buyer(f"Buyer {number}")) for number in range(2)]
    winners = [winner(body) for body in told(world, 3)]
    (served_last,) = [contract.pk for contract in contracts if contract.public_id == winners[2]]
    Contract.objects.filter(pk=served_last).update(status="archived")
    _publish(world)
    stale = rider(world, 10)
    Contract.objects.filter(pk=served_last).update(status="active")
    _publish(world)
    end, overtaken = together([rider(world, 11), stale])
    assert isinstance(overtaken, Overtaken)
    assert winner(arrived(end).body) == winners[1]


@pytest.mark.django_db
def test_who_was_overtaken_holds_nobody_up() -> None:
    world = make_world()
    world.contract(world.buyer())
    stale = rider(world, 1)
    _publish(world)
    overtaken, end = together([stale, rider(world, 2)])
    assert isinstance(overtaken, Overtaken)
    assert arrived(end).body["status"] == "accepted"
    assert Lead.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_where_one_spoils_the_trip_each_goes_on_alone() -> None:
    world = make_world()
    world.contract(world.buyer())
    repeat = Repeat(
        agency_id=world.agency.pk,
        mode="live",
        owner=uuid4(),
        route="POST /v1/leads",
        key="form-1",
        fingerprint=b"0" * 32,
    )
    first, again, other = (rider(world, 1, repeat=repeat), rider(world, 2, repeat=repeat), rider(world, 3))
    ends = [arrived(end) for end in together([first, again, other])]
    assert [end.stored is not None for end in ends] == [False, True, False]
    assert Sale.objects.count() == 2


def _publish(world: World) -> None:
    """Another version of the configuration, as every change makes one."""
    world.agency.version += 1
    world.agency.save()
