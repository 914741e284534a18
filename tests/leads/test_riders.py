"""Leads that travel together under different circumstances: held money, older configurations, one that spoils it."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

from accounts.idempotency import Repeat
from billing.check import check_ledger
from billing.models import BuyerBalance
from buyers.models import Contract
from core.clock import now
from leads import snapshot
from leads.counters import open_counters
from leads.intake.shape import submission_of
from leads.market import Rider, ask
from leads.models import Lead, Sale
from leads.preparation import prepare
from leads.queries import decisions
from leads.trip import CountersMissing, Outcome, Overtaken, arrived, route_each
from tests.leads.world import MARIA, World, make_world


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
def test_money_held_for_one_rider_is_not_there_for_the_next() -> None:
    world = make_world()
    buyer = world.buyer(money=2 * 175_00)
    world.contract(buyer, confirm_minutes=10)
    assert statuses(world, 3) == ["pending", "pending", "unsold"]
    wallet = BuyerBalance.objects.get(pk=buyer.account_id)
    assert (wallet.balance, wallet.held) == (350_00, 350_00)


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
