"""A pending sale always comes to its end, whatever became of campaign, source, contract, counters and agency."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.agencies import suspend_agency
from accounts.authentication import AgencySuspended
from accounts.principals import SystemActor
from accounts.vault import erase
from billing.models import BuyerBalance
from buyers.models import Buyer, CapCounter
from core.clock import now
from leads.confirmation import accept_sale, expire_sales, reject_sale
from leads.models import Lead, Sale
from leads.recall import CampaignArchived
from tests.leads.world import World, make_world
from webhooks.models import Event

pytestmark = pytest.mark.django_db
DAILY = [{"window": "day", "unit": "leads", "limit": 5}]


def publish(world: World) -> None:
    """What was changed by hand holds from the next lead on."""
    world.agency.refresh_from_db()
    world.agency.version += 1
    world.agency.save()


def ask(world: World, buyer: Buyer | None = None, **terms: Any) -> Buyer:
    """A lead that waits for this buyer's word."""
    buyer = buyer or world.buyer()
    world.contract(buyer, confirm_minutes=30, **terms)
    world.submit(now=now(), consent_timestamp=None)
    return buyer


def expire() -> int:
    return expire_sales(now=now() + timedelta(minutes=31))


def held(buyer: Buyer) -> int:
    return BuyerBalance.objects.get(pk=buyer.account_id).held


def ending() -> tuple[str, str, str]:
    lead = Lead.objects.get()
    return lead.status, lead.reason, Sale.objects.get().state


def test_a_sale_of_an_archived_campaign_expires_and_frees_its_money() -> None:
    world = make_world()
    buyer = ask(world)
    world.campaign.status = "archived"
    world.campaign.save()
    publish(world)
    assert expire() == 1
    assert (ending(), held(buyer)) == (("unsold", "campaign_archived", "expired"), 0)
    assert list(Event.objects.order_by("sequence").values_list("type", "sequence")) == [
        ("lead.received", 1),
        ("lead.unsold", 2),
    ]


def test_a_sale_of_an_archived_source_can_be_refused() -> None:
    world = make_world()
    buyer = ask(world, caps=DAILY)
    world.source.status = "archived"
    world.source.save()
    publish(world)
    reject_sale(principal=world.principal, sale=Sale.objects.get(), reason="no")
    assert (held(buyer), CapCounter.objects.get().leads) == (0, 0)


def test_a_sale_of_an_erased_lead_expires() -> None:
    world = make_world()
    buyer = ask(world)
    erase(Lead.objects.get().pk)
    assert expire() == 1
    assert (ending(), held(buyer)) == (("unsold", "erased", "expired"), 0)


def test_a_sale_of_a_suspended_agency_expires_and_nobody_else_gets_the_lead() -> None:
    world = make_world()
    buyer = ask(world)
    world.contract(world.buyer("Next"), priority=2)
    suspend_agency(world.agency, actor=SystemActor(world.agency.pk, "user:operator"))
    assert expire() == 1
    assert (ending(), held(buyer)) == (("unsold", "agency_suspended", "expired"), 0)


def test_a_contract_that_left_keeps_its_word_about_a_pending_sale() -> None:
    world = make_world()
    buyer = ask(world)
    buyer.contracts.update(status="archived")
    publish(world)
    accept_sale(principal=world.principal, sale=Sale.objects.get())
    assert ending() == ("accepted", "", "accepted")
    assert BuyerBalance.objects.get(pk=buyer.account_id).balance == 825_00


def test_a_campaign_that_left_takes_no_yes() -> None:
    world = make_world()
    ask(world)
    world.campaign.status = "archived"
    world.campaign.save()
    publish(world)
    with pytest.raises(CampaignArchived):
        accept_sale(principal=world.principal, sale=Sale.objects.get())
    assert ending() == ("pending", "", "pending")


def test_the_buyers_own_cap_is_freed_though_the_contract_left() -> None:
    world = make_world()
    buyer = ask(world, world.buyer(caps=DAILY), caps=DAILY)
    assert list(CapCounter.objects.values_list("leads", flat=True)) == [1, 1]
    buyer.contracts.update(status="archived")
    publish(world)
    assert expire() == 1
    counter = CapCounter.objects.get()
    assert (counter.subject_id, counter.leads) == (buyer.pk, 0)


def test_a_refused_lead_is_decided_again_in_a_period_in_which_nothing_was_sold_yet() -> None:
    world = make_world()
    ask(world)
    second = world.buyer("Second")
    world.contract(second, priority=2, caps=DAILY)
    publish(world)
    reject_sale(principal=world.principal, sale=Sale.objects.get(), reason="no")
    assert Lead.objects.get().buyer_id == second.pk
    assert CapCounter.objects.get().leads == 1


def test_one_sale_that_cannot_be_ended_does_not_hold_up_the_others() -> None:
    world = make_world()
    buyer = world.buyer()
    world.contract(buyer, confirm_minutes=30, price=10_00)
    for n in range(2):
        world.submit(now=now() + timedelta(seconds=n), phone=f"+1512555010{n}", email=None, consent_timestamp=None)
    BuyerBalance.objects.filter(pk=buyer.account_id).update(held=10_00)  # not enough to free both
    assert expire() == 1
    assert sorted(Sale.objects.values_list("state", flat=True)) == ["expired", "pending"]


def test_a_lead_on_its_way_is_not_sold_once_its_agency_is_suspended() -> None:
    world = make_world()
    world.contract(world.buyer())
    principal = world.principal
    suspend_agency(world.agency, actor=SystemActor(world.agency.pk, "user:operator"))
    with pytest.raises(AgencySuspended):
        world.submit(principal)
    assert Lead.objects.count() == 0
