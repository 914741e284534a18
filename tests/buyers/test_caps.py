"""Caps hold whatever happens at once, and no edit resets them."""

import multiprocessing
import multiprocessing.pool
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connections, transaction

from buyers.caps import (
    CapReached,
    Count,
    claim_statements,
    counters_statement,
    counts,
    open_counters_statements,
    release_statements,
)
from buyers.models import CapCounter, Contract
from buyers.rotation import Place, Served, places, places_statement, turn_statements
from core.ids import new_id
from core.sql import run
from routing.caps import Claim
from routing.windows import Window
from tests.buyers.making import House, a_contract, a_house, a_market

DAY = datetime(2026, 5, 1, 5, tzinfo=UTC)
SUBJECT = UUID(int=7)


def claim(leads: int | None = None, money: int | None = None, price: int = 100) -> Claim:
    return Claim(SUBJECT, Window.DAY, DAY, price, leads, money)


def take(*claims: Claim, mode: str = "live") -> None:
    with transaction.atomic():
        run(claim_statements(mode=mode, claims=claims))


def state(mode: str = "live") -> list[tuple[int, int]]:
    return list(CapCounter.objects.filter(mode=mode).values_list("leads", "money"))


@pytest.mark.django_db
def test_the_last_place_is_taken_and_the_next_claim_refused() -> None:
    take(claim(leads=2))
    take(claim(leads=2))
    with pytest.raises(CapReached) as refused:
        take(claim(leads=2))
    assert (refused.value.subject_id, refused.value.window) == (SUBJECT, "day")
    assert state() == [(2, 200)]


@pytest.mark.django_db
def test_money_is_capped_to_the_cent() -> None:
    take(claim(money=250, price=150))
    with pytest.raises(CapReached):
        take(claim(money=250, price=101))
    take(claim(money=250, price=100))
    assert state() == [(2, 250)]


@pytest.mark.django_db
def test_a_refused_claim_takes_back_the_others_of_its_batch() -> None:
    other = Claim(UUID(int=1), Window.DAY, DAY, 100, 5, None)
    take(claim(leads=1))
    with pytest.raises(CapReached):
        take(other, claim(leads=1))
    assert CapCounter.objects.get().subject_id == SUBJECT


@pytest.mark.django_db
def test_a_claim_above_an_empty_counters_limit_is_refused() -> None:
    with pytest.raises(CapReached):
        take(claim(leads=0))
    assert state() == []


@pytest.mark.django_db
def test_what_is_released_may_be_claimed_again() -> None:
    take(claim(leads=1))
    with transaction.atomic():
        run(release_statements(mode="live", claims=[((SUBJECT, Window.DAY, DAY), 100)]))
    assert state() == [(0, 0)]
    take(claim(leads=1))
    assert state() == [(1, 100)]


@pytest.mark.django_db
def test_live_and_test_leads_are_counted_apart() -> None:
    take(claim(leads=1))
    take(claim(leads=1), mode="test")
    assert (state(), state("test")) == ([(1, 100)], [(1, 100)])


@pytest.mark.django_db
def test_a_missing_counter_opens_once_at_what_was_sold() -> None:
    key = (SUBJECT, Window.DAY, DAY)
    statement = counters_statement(mode="live", keys=[key])
    assert counts(run([statement])[0].rows) == []
    for leads in (3, 0):
        run(open_counters_statements(mode="live", rows=[Count(*key, leads=leads, money=leads * 100)]))
    assert counts(run([statement])[0].rows) == [Count(*key, leads=3, money=300)]


@pytest.mark.django_db
def test_turns_taken_add_up_and_whoever_was_away_is_lifted() -> None:
    house: House = a_house()
    buyer, campaign = a_market(house)
    a_contract(house, buyer, campaign)
    contract_id = Contract.objects.values_list("pk", flat=True).get()
    for served in (Served(contract_id, 5, 0, 20), Served(contract_id, 4, 100, 20)):
        run(turn_statements(mode="live", served=[served]))
    found = places(run([places_statement(mode="live", contract_ids=[contract_id])])[0].rows)
    assert found == [Place(contract_id, 5, 120)]


def _claim_many(subject: UUID, tries: int) -> int:
    """What one process won."""
    connections.close_all()
    won = 0
    for _ in range(tries):
        try:
            take(Claim(subject, Window.DAY, DAY, 100, 100, None))
        except CapReached:
            continue
        won += 1
    connections.close_all()
    return won


@pytest.fixture
def processes() -> Iterator[multiprocessing.pool.Pool]:
    connections.close_all()
    with multiprocessing.get_context("fork").Pool(8) as pool:
        yield pool


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_eight_processes_at_once_sell_exactly_the_limit(processes: multiprocessing.pool.Pool) -> None:
    subject = new_id()
    won = processes.starmap(_claim_many, [(subject, 25)] * 8)
    assert sum(won) == 100
    assert CapCounter.objects.get(subject_id=subject).leads == 100
