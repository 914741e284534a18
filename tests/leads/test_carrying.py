"""Leads that are carried together: each gets its own end, nobody gets another's, and one that fails stops nobody."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from billing.check import check_ledger
from buyers.models import Contract
from core.clock import now
from core.gate import Gate
from leads.api.fast_path import FastPath
from leads.carrying import Posted
from leads.models import Lead, Sale
from leads.trip import Outcome
from tests.leads.door import Environ, Framework, both_ways, carried, environ, lead, met, post, said, short_way
from tests.leads.test_api import key
from tests.leads.world import World, make_world

FROM_NEW_YORK = "NEW.state = 'NY'"
SPOIL = {
    "postgresql": f"""
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'spoilt'; END $$;
        CREATE TRIGGER spoil BEFORE INSERT ON leads_lead FOR EACH ROW WHEN ({FROM_NEW_YORK}) EXECUTE FUNCTION spoil();
    """,
    "sqlite": f"""
        CREATE TRIGGER spoil BEFORE INSERT ON leads_lead WHEN {FROM_NEW_YORK} BEGIN SELECT RAISE(ABORT, 'spoilt'); END;
    """,
}
MEND = {"postgresql": "DROP TRIGGER spoil ON leads_lead; DROP FUNCTION spoil();", "sqlite": "DROP TRIGGER spoil;"}


@contextmanager
def new_york_spoils() -> Iterator[None]:
    """The database refuses to write a lead from New York, as one that has a fault of its own would."""
    with connection.cursor() as cursor:
        cursor.execute(SPOIL[connection.vendor])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(MEND[connection.vendor])


@pytest.fixture
def world(transactional_db: None) -> World:
    made = make_world()
    made.contract(made.buyer())
    return made


def test_each_is_told_what_became_of_its_own_lead(world: World) -> None:
    token = met(key(world))
    ends = carried(*(environ(token, lead(number, external_id=f"e{number}")) for number in range(5)))
    assert said(ends) == ["accepted"] * 5
    external = dict(Lead.objects.values_list("id", "external_id"))
    made = [end.made for end in ends if isinstance(end, Outcome) and end.made]
    assert [external[one.draft.id] for one in made] == ["e0", "e1", "e2", "e3", "e4"]
    assert check_ledger(now=now()).differences == ()


def test_keys_of_one_book_are_told_of_their_own_limits_and_sources(world: World) -> None:
    agency, source = met(key(world, rate_limit_per_minute=9)), met(key(world, source_id=world.source.pk))
    door = short_way()
    asked = [environ(agency, lead(1), HTTP_X_REQUEST_ID="request-1"), environ(source, lead(2))]
    answers = door._answers([Posted(one, one["wsgi.input"].getvalue(), 0.0) for one in asked])
    contents = [json.loads(answer.content) for answer in answers if answer and not isinstance(answer, Exception)]
    assert [body["price"] for body in contents] == [175.00, 90.00]
    headers = [dict(answer.headers) for answer in answers if answer and not isinstance(answer, Exception)]
    assert [one["RateLimit-Policy"] for one in headers] == ['"key";q=9;w=60', '"key";q=1000;w=60']
    assert headers[0]["X-Request-Id"] == "request-1" != headers[1]["X-Request-Id"]


def test_the_second_lead_of_a_person_waits_for_the_first_and_is_its_duplicate(world: World) -> None:
    token = met(key(world))
    ends = carried(
        environ(token, lead(1)), environ(token, lead(1, first_name="Mario")), environ(token, lead(3, phone=None))
    )
    assert said(ends) == ["accepted", None, "accepted"]
    first = Lead.objects.get(phone_hash__isnull=False)
    told = post(short_way(), token, lead(1, first_name="Mario"))
    assert (told.code, told.body["duplicate_of"]) == ((201, "duplicate"), first.public_id)
    assert Sale.objects.count() == 2


def test_whoever_shares_the_e_mail_alone_waits_too(world: World) -> None:
    token = met(key(world))
    ends = carried(environ(token, lead(1)), environ(token, lead(2, email="P1@example.com")))
    assert said(ends) == ["accepted", None]


def test_who_waits_for_one_that_waits_itself_waits_too(world: World) -> None:
    token = met(key(world))
    bridge = lead(1, email="p2@example.com")
    ends = carried(environ(token, lead(1)), environ(token, bridge), environ(token, lead(2)))
    assert said(ends) == ["accepted", None, None]


def test_the_same_request_twice_makes_one_lead_and_one_answer(world: World) -> None:
    token = met(key(world))
    asked = [environ(token, lead(1, phone=None, email=None), HTTP_IDEMPOTENCY_KEY="form-1") for _ in range(2)]
    (first, second) = carried(*asked)
    assert isinstance(first, Outcome)
    assert second is None
    again = post(short_way(), token, lead(1, phone=None, email=None), HTTP_IDEMPOTENCY_KEY="form-1")
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert Lead.objects.count() == 1


def test_an_idempotency_key_of_another_key_is_another(world: World) -> None:
    tokens = [met(key(world, source_id=world.source.pk)), met(key(world))]
    asked = [environ(token, lead(number), HTTP_IDEMPOTENCY_KEY="form-1") for number, token in enumerate(tokens)]
    assert said(carried(*asked)) == ["accepted"] * 2


def test_one_that_is_not_valid_is_left_to_the_framework_and_the_others_are_sold(world: World) -> None:
    token = met(key(world))
    bodies = [lead(1), b"{", lead(2, injury_severity="awful"), lead(3, campaign_id="nowhere"), b"\xff", lead(4)]
    ends = carried(*(environ(token, body) for body in bodies))
    assert said(ends) == ["accepted", None, None, None, None, "accepted"]
    assert (Lead.objects.count(), Sale.objects.count()) == (2, 2)


def test_one_with_a_key_that_is_none_or_may_not_is_left_and_the_others_are_sold(world: World) -> None:
    good, reads, fenced = (
        key(world),
        key(world, scopes=("leads:read",)),
        key(world, allow=("203.0.113.0/24",)),
    )
    ends = carried(*(environ(token, lead(n)) for n, token in enumerate([reads, good, fenced, "ldk_live_x", good])))
    assert said(ends) == [None, "accepted", None, None, "accepted"]


def test_nobody_at_all_is_carried(world: World) -> None:
    assert carried() == []
    assert carried(environ(met(key(world)), b"{")) == [None]


def test_the_last_place_is_sold_once(world: World) -> None:
    Contract.objects.update(priority=9)
    contract = world.contract(world.buyer("Capped"), priority=1, caps=[{"window": "day", "unit": "leads", "limit": 2}])
    token = met(key(world))
    assert post(both_ways()[0], token, lead(0)).code == (201, "accepted")
    assert Sale.objects.filter(contract=contract).count() == 1
    ends = carried(environ(token, lead(1)), environ(token, lead(2)))
    assert said(ends) == ["accepted"] * 2
    assert (Sale.objects.filter(contract=contract).count(), Sale.objects.count()) == (2, 3)


def test_where_the_counters_are_missing_all_begin_anew_and_nothing_is_written(world: World) -> None:
    world.contract(world.buyer("Capped"), priority=1, caps=[{"window": "day", "unit": "leads", "limit": 2}])
    token = met(key(world))
    assert said(carried(environ(token, lead(1)), environ(token, lead(2)))) == [None, None]
    assert Lead.objects.count() == 0


def leads_from(state: str) -> list[UUID]:
    return list(Lead.objects.filter(state=state).values_list("id", flat=True))


def test_a_lead_that_cannot_be_written_is_answered_500_and_leaves_nothing_behind(world: World) -> None:
    token = met(key(world))
    door, framework = both_ways()
    with new_york_spoils():
        told = post(door, token, lead(1, state="NY"), HTTP_IDEMPOTENCY_KEY="form-1")
    assert (told.code, framework.asked) == ((500, "internal"), 1)
    assert told["Content-Type"] == "application/problem+json"
    assert (Lead.objects.count(), Sale.objects.count()) == (0, 0)
    assert post(short_way(), token, lead(2)).code == (201, "accepted")
    assert post(short_way(), token, lead(1, state="NY"), HTTP_IDEMPOTENCY_KEY="form-1").code == (201, "accepted")
    assert check_ledger(now=now()).differences == ()


def test_a_failure_is_not_tried_again_by_the_framework(world: World) -> None:
    """What broke off may have been written: a second trip could make a second lead."""
    token, framework, mend = met(key(world)), Framework(), ExitStack()
    mend.enter_context(new_york_spoils())

    def mended(environ: Environ, start_response: Any) -> Iterable[bytes]:
        mend.close()
        return framework(environ, start_response)

    assert post(FastPath(mended, Gate(8)), token, lead(1, state="NY")).code == (500, "internal")
    assert (framework.asked, Lead.objects.count()) == (1, 0)


def test_one_that_cannot_be_written_stops_nobody_who_travels_with_it(world: World) -> None:
    token = met(key(world))
    asked = [environ(token, lead(n, state="NY" if n == 1 else "TX")) for n in range(3)]
    with new_york_spoils():
        ends = carried(*asked)
    assert [isinstance(end, Outcome) for end in ends] == [True, False, True]
    assert isinstance(ends[1], Exception)
    assert (len(leads_from("TX")), leads_from("NY"), Sale.objects.count()) == (2, [], 2)
    assert check_ledger(now=now()).differences == ()
