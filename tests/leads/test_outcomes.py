"""What became of a lead is told to scoring once nothing can turn it any more, and told again when something did."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Lead, Sale
from leads.outcomes import report_leads, report_outcomes
from scoring.models import FeatureSnapshot, Outcome, Policy
from tests.leads.world import NOON, World, make_world

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def world() -> World:
    return make_world()


def told() -> dict[str, bool]:
    return dict(Outcome.objects.order_by("target").values_list("target", "label"))


def test_a_sale_is_told_of_when_its_return_window_has_ended(world: World) -> None:
    buyer = world.buyer()
    world.contract(buyer)
    world.submit()
    assert report_outcomes(now=NOON + WEEK - timedelta(seconds=1)) == 0
    assert report_outcomes(now=NOON + WEEK) == 3
    assert told() == {"accepted": True, "returned": False, "stuck": True}
    row = Outcome.objects.get(target="stuck")
    lead = Lead.objects.get()
    assert (row.lead_ref, row.lead_type, row.source_ref) == (lead.pk, "auto_accident", world.source.pk)
    assert (row.received_at, row.matured_at) == (NOON, NOON + WEEK)
    assert Outcome.objects.get(target="accepted").buyer_ref == buyer.pk
    assert report_outcomes(now=NOON + WEEK) == 0


def test_a_lead_given_back_late_is_told_of_again(world: World) -> None:
    world.contract(world.buyer())
    world.submit()
    report_outcomes(now=NOON + WEEK)
    Sale.objects.update(state=Sale.State.RETURNED)
    assert report_outcomes(now=NOON + WEEK) == 3
    assert told() == {"accepted": True, "returned": True, "stuck": False}


@pytest.mark.parametrize(
    ("state", "reason", "facts"),
    [
        (Sale.State.REFUSED, "not interested", {"accepted": False, "stuck": False}),
        (Sale.State.REFUSED, "cap_reached", {}),
        (Sale.State.EXPIRED, "", {}),
        (Sale.State.PENDING, "", {}),
    ],
)
def test_a_refusal_speaks_of_the_lead_and_caps_and_silence_do_not(
    world: World, state: Sale.State, reason: str, facts: dict[str, bool]
) -> None:
    world.contract(world.buyer())
    world.submit()
    Sale.objects.update(state=state, reason=reason)
    report_outcomes(now=NOON + WEEK)
    assert told() == facts


def test_a_lead_that_one_of_two_buyers_keeps_has_stuck(world: World) -> None:
    world.campaign.max_sales = 2
    world.campaign.save()
    for name in ("One", "Two"):
        world.contract(world.buyer(name), sells="shared", shared_price=50_00)
    world.submit()
    first = Sale.objects.order_by("id").first()
    assert first
    Sale.objects.filter(pk=first.pk).update(state=Sale.State.RETURNED)
    report_outcomes(now=NOON + WEEK)
    assert Outcome.objects.get(target="stuck").label is True
    assert sorted(Outcome.objects.filter(target="returned").values_list("label", flat=True)) == [False, True]


def test_conversion_is_told_of_at_the_end_of_its_horizon(world: World) -> None:
    Policy.objects.create(agency=world.agency, lead_type="auto_accident", conversion_days=30)
    world.contract(world.buyer())
    world.submit()
    Sale.objects.update(converted_at=NOON + timedelta(days=20))
    report_outcomes(now=NOON + WEEK)
    assert "converted" not in told()
    report_outcomes(now=NOON + timedelta(days=30))
    assert told()["converted"] is True


def test_a_conversion_in_time_that_is_reported_late_is_told_of_again(world: World) -> None:
    world.contract(world.buyer())
    world.submit()
    end = NOON + timedelta(days=90)
    report_outcomes(now=end)
    assert told()["converted"] is False
    Sale.objects.update(converted_at=end + timedelta(seconds=1), conversion_value=900_00)
    report_outcomes(now=end + WEEK)
    assert told()["converted"] is False
    Sale.objects.update(converted_at=end)
    report_outcomes(now=end + WEEK)
    assert Outcome.objects.get(target="converted").value == 900_00
    assert told()["converted"] is True
    assert report_outcomes(now=end + WEEK) == 0


def test_what_never_says_anything_is_not_looked_at_night_after_night(world: World) -> None:
    world.contract(world.buyer())
    world.submit()
    Sale.objects.update(state=Sale.State.REFUSED, reason="cap_reached")
    with CaptureQueriesContext(connection) as night:
        assert report_outcomes(now=NOON + WEEK) == 0
    assert not [query for query in night if "leads_lead" in query["sql"]]


def test_tests_duplicates_and_unsold_leads_say_nothing(world: World) -> None:
    world.contract(world.buyer(), filters={"all": [{"field": "state", "op": "in", "value": ["TX"]}]})
    world.submit(world.test_key())
    world.submit(state="FL")
    lead_ids = list(Lead.objects.values_list("pk", flat=True))
    assert report_leads(lead_ids=lead_ids, now=NOON + WEEK) == 0
    assert Outcome.objects.count() == 0


def test_nothing_that_happens_later_changes_what_was_known_at_receipt(world: World) -> None:
    world.contract(world.buyer())
    world.submit()
    known = FeatureSnapshot.objects.get().features
    Lead.objects.update(status="unsold", reason="x", price=1, payout=1, buyer_id=None, score=1)
    Sale.objects.update(state=Sale.State.RETURNED, price=9, reason="wrong number", converted_at=NOON)
    report_outcomes(now=NOON + WEEK)
    assert FeatureSnapshot.objects.get().features == known
    assert known["source"] == "google_ads"
    assert known["campaign"] == "auto-accident"
