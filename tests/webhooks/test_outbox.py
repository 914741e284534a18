"""An event and its messages are written down together, for exactly those who asked."""

from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import Agency
from core import sql
from core.clock import now
from core.ids import new_id
from core.sealing import Sealer
from tests.webhooks.making import make_agency, make_endpoint, make_event, write
from webhooks import subscriptions
from webhooks.hints import hint
from webhooks.models import Endpoint, Event, Message
from webhooks.outbox import NewEvent, event_statements, seal_body

pytestmark = pytest.mark.django_db


def told(event: NewEvent) -> set[UUID]:
    return set(Message.objects.filter(event_id=event.id).values_list("endpoint_id", flat=True))


def test_an_endpoint_is_told_of_the_events_it_subscribed_to_and_of_no_others(agency: Agency) -> None:
    ours, _other_type = make_endpoint(agency), make_endpoint(agency, events=["lead.returned"])
    event = make_event()
    write(agency, event)
    assert told(event) == {ours.id}


def test_another_agency_and_the_other_book_are_told_nothing(agency: Agency) -> None:
    make_endpoint(make_agency("Rival"))
    make_endpoint(agency, mode="test")
    event = make_event()
    write(agency, event)
    assert told(event) == set()
    assert Event.objects.filter(pk=event.id).exists()


def test_a_buyers_endpoint_hears_only_of_its_own_buyer_and_in_full(agency: Agency) -> None:
    buyer, stranger = new_id(), new_id()
    endpoint = make_endpoint(agency, owner_kind="buyer", owner_id=buyer, buyer_id=buyer)
    event_id = new_id()
    mine = make_event(buyer_ref=buyer, full_body=seal_body(Sealer(bytes(32)), event_id, b"{}"))
    others = [make_event(buyer_ref=stranger), make_event(buyer_ref=None)]
    write(agency, mine, *others)
    assert list(Message.objects.values_list("event_id", "endpoint_id", "full")) == [(mine.id, endpoint.id, True)]


def test_the_agencys_endpoint_gets_the_thin_body_even_when_narrowed_to_a_buyer(agency: Agency) -> None:
    buyer = new_id()
    make_endpoint(agency, buyer_id=buyer)
    write(agency, make_event(buyer_ref=buyer, full_body=seal_body(Sealer(bytes(32)), new_id(), b"{}")))
    assert [message.full for message in Message.objects.all()] == [False]


def test_an_endpoint_narrowed_to_a_campaign_hears_of_no_other(agency: Agency) -> None:
    campaign = new_id()
    make_endpoint(agency, campaign_id=campaign)
    mine, other = make_event(campaign_ref=campaign), make_event(campaign_ref=new_id())
    write(agency, mine, other)
    assert (len(told(mine)), len(told(other))) == (1, 0)


def test_a_contracts_delivery_is_exactly_one_message_whoever_else_subscribed(agency: Agency) -> None:
    contract = make_endpoint(agency, owner_kind="contract", owner_id=new_id(), events=[])
    make_endpoint(agency, events=["lead.delivered"])
    event = make_event("lead.delivered", deliver_to=contract.id)
    write(agency, event)
    message = Message.objects.get()
    assert (message.endpoint_id, message.full, message.state) == (contract.id, True, "due")


def test_what_happens_while_an_endpoint_is_paused_is_held_for_it(agency: Agency) -> None:
    paused = make_endpoint(agency, state="paused")
    write(agency, make_event(), make_event("lead.delivered", deliver_to=paused.id))
    assert [message.state for message in Message.objects.all()] == ["held", "held"]


def test_the_same_fact_is_told_once_however_often_its_verb_runs(agency: Agency) -> None:
    make_endpoint(agency)
    write(agency, make_event(key="lead.accepted:1"))
    write(agency, make_event(key="lead.accepted:1"), make_event(key="lead.accepted:2"))
    assert (Event.objects.count(), Message.objects.count()) == (2, 2)


def test_in_the_batch_of_a_sale_the_same_fact_again_undoes_the_batch(agency: Agency) -> None:
    snapshot = subscriptions.read(agency_id=agency.id, mode="live")
    sql.run(event_statements([make_event(key="one")], snapshot, now=now()))
    with pytest.raises(IntegrityError), transaction.atomic():
        sql.run(event_statements([make_event(key="two"), make_event(key="one")], snapshot, now=now()))
    assert Event.objects.count() == 1


def test_rows_are_the_same_as_the_orm_would_read_and_write(agency: Agency) -> None:
    endpoint = make_endpoint(agency)
    event, moment = make_event(lead_ref=new_id(), sequence=3), now()
    snapshot = subscriptions.read(agency_id=agency.id, mode="live")
    sql.run(event_statements([event], snapshot, now=moment))
    stored = Event.objects.get(pk=event.id)
    assert (bytes(stored.body), stored.sequence, stored.created_at) == (event.body, 3, moment)
    message = Message.objects.get(event=stored, endpoint=endpoint, agency=agency)
    assert message.due_at == moment
    message.save()
    assert Message.objects.filter(due_at=F("created_at")).count() == 1


def test_a_version_that_is_known_costs_no_query_and_a_new_one_costs_one(
    agency: Agency, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_endpoint(agency)
    with django_assert_num_queries(1):
        first = subscriptions.load(agency_id=agency.id, mode="live", version=1)
    with django_assert_num_queries(0):
        assert subscriptions.load(agency_id=agency.id, mode="live", version=1) is first
    Endpoint.objects.update(state="paused")
    later = subscriptions.load(agency_id=agency.id, mode="live", version=2)
    assert [one.active for one in later.by_endpoint.values()] == [False]


def test_a_rolled_back_transaction_tells_nobody_and_a_committed_one_hints(
    agency: Agency, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_endpoint(agency)
    with django_capture_on_commit_callbacks() as callbacks:
        write(agency, make_event())
    assert callbacks == [hint]
