"""What may still happen to a recorded lead: decided again, sold by hand, confirmed, refused, expired; and dry runs."""

from datetime import timedelta
from uuid import UUID

import pytest

from billing.models import BuyerBalance
from buyers.models import CapCounter
from core.clock import now
from core.ids import decode
from leads.confirmation import NotPending, accept_sale, expire_sales, reject_sale
from leads.intake.shape import submission_of
from leads.models import Decision, Lead, Sale
from leads.rerouting import NotAssignable, NotOpen, assign_lead, reroute_lead
from leads.simulation import simulate_lead
from leads.trip import Outcome
from tests.leads.world import MARIA, make_world
from webhooks.models import Event

pytestmark = pytest.mark.django_db


def lead_id(outcome: Outcome) -> UUID:
    return decode("ld", outcome.body["lead_id"])


def test_an_unsold_lead_is_sold_once_a_buyer_has_come() -> None:
    world = make_world()
    first = world.submit(now=now(), consent_timestamp=None)
    assert first.body["status"] == "unsold"
    buyer = world.buyer()
    world.contract(buyer)
    world.agency.version += 1
    world.agency.save()
    outcome = reroute_lead(principal=world.principal, lead_id=lead_id(first))
    assert (outcome.body["lead_id"], outcome.body["buyer_id"]) == (first.body["lead_id"], buyer.public_id)
    assert Lead.objects.get().status == "accepted"
    assert list(Decision.objects.values_list("number", "kind")) == [(1, "route"), (2, "reroute")]
    with pytest.raises(NotOpen):
        reroute_lead(principal=world.principal, lead_id=lead_id(first))


def test_by_hand_a_lead_goes_where_its_filters_would_not_let_it() -> None:
    world = make_world()
    buyer = world.buyer()
    picky = world.contract(buyer, filters={"all": [{"field": "state", "op": "eq", "value": "CA"}]})
    first = world.submit(now=now(), consent_timestamp=None)
    assert first.body["status"] == "unsold"
    outcome = assign_lead(principal=world.principal, lead_id=lead_id(first), contract_id=picky.pk)
    assert outcome.body["buyer_id"] == buyer.public_id


def test_by_hand_is_no_way_around_an_empty_wallet() -> None:
    world = make_world()
    poor = world.contract(world.buyer(money=1_00))
    first = world.submit(now=now(), consent_timestamp=None)
    with pytest.raises(NotAssignable):
        assign_lead(principal=world.principal, lead_id=lead_id(first), contract_id=poor.pk)
    assert Lead.objects.get().status == "unsold"
    assert Decision.objects.count() == 1


def test_a_confirmed_sale_is_charged_and_told() -> None:
    world = make_world()
    buyer = world.buyer()
    world.contract(buyer, confirm_minutes=30)
    world.submit(now=now(), consent_timestamp=None)
    accept_sale(principal=world.principal, sale=Sale.objects.get())
    wallet = BuyerBalance.objects.get(pk=buyer.account_id)
    assert (wallet.balance, wallet.held) == (825_00, 0)
    assert (Lead.objects.get().status, Sale.objects.get().state) == ("accepted", "accepted")
    told = list(Event.objects.order_by("sequence").values_list("type", flat=True))
    assert told == ["lead.received", "lead.accepted", "lead.delivered"]
    with pytest.raises(NotPending):
        reject_sale(principal=world.principal, sale=Sale.objects.get(), reason="late")


def test_a_lead_that_nobody_took_can_be_decided_again_and_be_unsold_again() -> None:
    world = make_world()
    world.contract(world.buyer(), confirm_minutes=30)
    world.submit(now=now(), consent_timestamp=None)
    Sale.objects.update(post="unknown")
    assert expire_sales(now=now() + timedelta(hours=1)) == 1
    assert reroute_lead(principal=world.principal, lead_id=Lead.objects.get().pk).body["status"] == "unsold"
    told = Event.objects.order_by("sequence").values_list("type", "sequence")
    assert list(told) == [("lead.received", 1), ("lead.unsold", 2), ("lead.unsold", 3)]


def test_a_refused_sale_frees_money_and_cap_and_goes_to_the_next() -> None:
    world = make_world()
    first = world.buyer("First")
    world.contract(first, priority=1, confirm_minutes=30, caps=[{"window": "day", "unit": "leads", "limit": 5}])
    second = world.buyer("Second")
    world.contract(second, priority=2)
    world.submit(now=now(), consent_timestamp=None)
    reject_sale(principal=world.principal, sale=Sale.objects.get(), reason="wrong number")
    wallet = BuyerBalance.objects.get(pk=first.account_id)
    assert (wallet.balance, wallet.held) == (1_000_00, 0)
    assert CapCounter.objects.get().leads == 0
    assert list(Sale.objects.order_by("sold_at").values_list("buyer_id", "state")) == [
        (first.pk, "refused"),
        (second.pk, "accepted"),
    ]
    assert "buyer_refused" in Decision.objects.get(number=2).codes


def test_a_sale_without_an_answer_expires_once() -> None:
    world = make_world()
    buyer = world.buyer()
    world.contract(buyer, confirm_minutes=30)
    world.submit(now=now(), consent_timestamp=None)
    assert expire_sales(now=now()) == 0
    assert expire_sales(now=now() + timedelta(minutes=31)) == 1
    assert expire_sales(now=now() + timedelta(minutes=31)) == 0
    assert BuyerBalance.objects.get(pk=buyer.account_id).held == 0
    assert (Lead.objects.get().status, Sale.objects.get().state) == ("unsold", "expired")


def test_a_dry_run_decides_and_leaves_no_trace() -> None:
    world = make_world()
    buyer = world.buyer()
    world.contract(buyer)
    simulated = simulate_lead(principal=world.principal, submission=submission_of(dict(MARIA)), at=now())
    assert simulated.fate.status == "accepted"
    assert simulated.fate.sales[0].buyer_id == buyer.pk
    assert Lead.objects.count() == 0
    assert BuyerBalance.objects.get(pk=buyer.account_id).balance == 1_000_00


def test_a_dry_run_counts_what_was_sold_before_a_cap_was_added() -> None:
    world = make_world()
    contract = world.contract(world.buyer())
    world.submit(now=now(), consent_timestamp=None, phone="+15125550101", email=None)
    contract.caps = [{"window": "day", "unit": "leads", "limit": 1}]
    contract.save()
    world.agency.version += 1
    world.agency.save()
    simulated = simulate_lead(principal=world.principal, submission=submission_of(dict(MARIA)), at=now())
    assert (simulated.fate.status, simulated.fate.reason) == ("unsold", "cap_reached")
    assert CapCounter.objects.count() == 0
