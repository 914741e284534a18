"""A convoy is committed and the word of it lost: nobody is sold twice, and nobody is told what may be wrong."""

from collections.abc import Callable, Sequence
from functools import partial

import psycopg.errors
import pytest
from django.db import IntegrityError, OperationalError, connection

from accounts.agencies import suspend_agency
from accounts.models import Agency
from accounts.principals import SystemActor
from billing.check import check_ledger
from core.clock import now
from core.trips import is_undone
from leads import trip
from leads.carrying import Posted, carry
from leads.market import Rider
from leads.models import Lead, Sale
from leads.trip import Outcome
from tests.leads.door import environ, lead, met
from tests.leads.test_api import key
from tests.leads.world import World, make_world

Ends = list[Outcome | Exception | None]
NOBODY: dict[str, object] = {"phone": None, "email": None}  # without a person no duplicate is found


@pytest.fixture
def world(transactional_db: None) -> World:
    made = make_world()
    made.contract(made.buyer())
    return made


def lose_the_first_word(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object] = lambda: None) -> None:
    """The first trip that carries several is committed; then the connection is gone, and something else happens."""
    real = trip.route_all
    lost: list[bool] = []

    def route_all(riders: Sequence[Rider]) -> list[Outcome | Exception]:
        ends = real(riders)
        if len(riders) > 1 and not lost:
            lost.append(True)
            meanwhile()
            connection.close()
            raise OperationalError("server closed the connection unexpectedly")
        return ends

    monkeypatch.setattr(trip, "route_all", route_all)


def carried(token: str, **headers: str) -> Ends:
    """Two leads in one convoy."""
    asked = [
        environ(token, lead(number, **NOBODY), **{name: f"{text}-{number}" for name, text in headers.items()})
        for number in range(2)
    ]
    return carry([Posted(one, one["wsgi.input"].getvalue(), 0.0) for one in asked])


def assert_each_was_sold_once() -> None:
    assert (Lead.objects.count(), Sale.objects.count()) == (2, 2)
    assert check_ledger(now=now()).differences == ()


def test_nothing_moved_and_the_leads_are_there_already(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = met(key(world))
    lose_the_first_word(monkeypatch)
    assert [type(end) for end in carried(token)] == [IntegrityError, IntegrityError]
    assert_each_was_sold_once()


def test_whoever_named_a_key_gets_the_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = met(key(world))
    lose_the_first_word(monkeypatch)
    ends = carried(token, HTTP_IDEMPOTENCY_KEY="form")
    assert [isinstance(end, Outcome) and end.stored is not None and end.status for end in ends] == [201, 201]
    assert_each_was_sold_once()


@pytest.mark.parametrize("headers", [{}, {"HTTP_IDEMPOTENCY_KEY": "form"}], ids=["without a key", "with a key"])
def test_a_configuration_that_moved_meanwhile_is_no_reason_to_begin_anew(
    world: World, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    token = met(key(world))
    lose_the_first_word(monkeypatch, lambda: Agency.objects.update(version=world.agency.version + 5))
    assert [type(end) for end in carried(token, **headers)] == [OperationalError, OperationalError]
    assert_each_was_sold_once()


def test_an_agency_stopped_meanwhile_is_no_reason_to_say_that_nothing_was_sold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = met(key(world))
    actor = SystemActor(world.agency.pk, "system:test")
    lose_the_first_word(monkeypatch, partial(suspend_agency, world.agency, actor=actor))
    assert [type(end) for end in carried(token)] == [OperationalError, OperationalError]
    assert_each_was_sold_once()


@pytest.mark.parametrize(
    ("cause", "undone"),
    [
        (psycopg.errors.SerializationFailure(), True),
        (psycopg.errors.UniqueViolation(), True),
        (psycopg.errors.AdminShutdown(), False),
        (psycopg.errors.ConnectionFailure(), False),
        (psycopg.OperationalError("consuming input failed"), False),
        (None, False),
    ],
    ids=repr,
)
def test_only_the_word_of_a_database_that_stays_proves_that_nothing_was_written(
    cause: Exception | None, undone: bool
) -> None:
    error = OperationalError()
    error.__cause__ = cause
    assert is_undone(error) is undone
