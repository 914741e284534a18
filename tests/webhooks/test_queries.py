"""Everybody sees their own messages and endpoints, and what is old is forgotten."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from accounts.models import Agency
from accounts.principals import AgencyFacts, Principal
from core.clock import now
from core.ids import new_id
from tests.webhooks.making import make_agency, make_endpoint, make_event, write
from tests.webhooks.receiver import Receiver, status
from webhooks import queries
from webhooks.delivery import deliver_due
from webhooks.models import Attempt, Event, Message
from webhooks.retention import prune
from webhooks.tasks import deliver_due as deliver_task
from webhooks.tasks import sweep

pytestmark = pytest.mark.django_db


def principal(
    agency: Agency, *, mode: str = "live", buyer: UUID | None = None, source: UUID | None = None
) -> Principal:
    facts = AgencyFacts(agency.id, agency.currency, agency.timezone, agency.status)
    return Principal("key", facts, mode, frozenset(), "key:test", 1, source_id=source, buyer_id=buyer)


def test_an_agency_sees_its_own_book_and_no_other(agency: Agency) -> None:
    endpoint = make_endpoint(agency)
    make_endpoint(agency, mode="test")
    make_endpoint(make_agency("Rival"))
    write(agency, make_event())
    who = principal(agency)
    assert list(queries.endpoints_of(who)) == [endpoint]
    assert [message.endpoint for message in queries.messages_of(who)] == [endpoint]
    assert not queries.messages_of(replace(who, mode="test"))


def test_a_buyer_sees_its_endpoints_and_its_contracts_but_not_the_agencys_about_it(agency: Agency) -> None:
    buyer = new_id()
    make_endpoint(agency, buyer_id=buyer)
    own = make_endpoint(agency, owner_kind="buyer", owner_id=buyer, buyer_id=buyer)
    contract = make_endpoint(agency, owner_kind="contract", owner_id=new_id(), buyer_id=buyer, events=[])
    write(agency, make_event(buyer_ref=buyer))
    who = principal(agency, buyer=buyer)
    assert set(queries.endpoints_of(who)) == {own, contract}
    assert [message.endpoint for message in queries.messages_of(who)] == [own]
    assert not queries.endpoints_of(principal(agency, buyer=new_id()))


def test_a_source_sees_nothing_of_telling(agency: Agency) -> None:
    make_endpoint(agency)
    write(agency, make_event())
    who = principal(agency, source=new_id())
    assert not queries.endpoints_of(who)
    assert not queries.messages_of(who)
    assert not queries.dead_letters(who)


def test_the_events_of_a_lead_come_in_their_order(agency: Agency) -> None:
    lead = new_id()
    second, first = make_event(lead_ref=lead, sequence=2), make_event(lead_ref=lead, sequence=1)
    write(agency, second, first, make_event(lead_ref=new_id(), sequence=1))
    assert [event.id for event in queries.events_of_lead(principal(agency), lead)] == [first.id, second.id]


def test_the_lag_is_the_age_of_the_oldest_due_message(agency: Agency) -> None:
    assert queries.lag() == timedelta(0)
    make_endpoint(agency)
    write(agency, make_event(), make_event())
    oldest = Message.objects.order_by("id")[0]
    Message.objects.filter(pk=oldest.pk).update(due_at=now() - timedelta(minutes=5))
    assert timedelta(minutes=5) <= queries.lag() < timedelta(minutes=6)
    assert queries.next_attempt_at(oldest) == oldest.due_at


def test_the_sweep_finds_what_no_hint_announced(agency: Agency, receiver: Receiver) -> None:
    make_endpoint(agency, receiver.url)
    assert sweep.delay().get() == 0
    write(agency, make_event())
    assert sweep.delay().get() == 1
    assert deliver_task.delay().get() == 0


def test_old_bodies_answers_and_tries_are_forgotten_but_not_what_may_still_be_sent(
    agency: Agency, receiver: Receiver
) -> None:
    make_endpoint(agency, receiver.url)
    receiver.answer_with(status(200, b"thanks"))
    write(agency, make_event())
    deliver_due()
    receiver.answer_with(status(500, b"sorry"))
    write(agency, make_event())
    deliver_due()
    write(agency, make_event("lead.rejected"))  # nobody wanted to know
    later = now() + timedelta(days=31)
    assert prune(later) == {"bodies": 2, "answers": 2, "attempts": 0}
    assert [bool(event.body) for event in Event.objects.order_by("id")] == [False, True, False]
    assert prune(later) == {"bodies": 0, "answers": 0, "attempts": 0}
    assert prune(now() + timedelta(days=91))["attempts"] == 2
    assert (Attempt.objects.count(), Message.objects.count()) == (0, 2)
