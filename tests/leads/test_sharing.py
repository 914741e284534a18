"""A lead that several buyers have: each says yes or no for itself, and lead, source and books add up whoever does."""

from datetime import timedelta
from typing import Any

import pytest

from billing.check import check_ledger
from billing.models import BuyerBalance, Journal, Transfer
from buyers.models import Buyer, CapCounter, Contract
from core.clock import now
from leads.confirmation import accept_sale, expire_sales, reject_sale
from leads.models import Lead, Sale
from leads.queries import decisions
from tests.leads.world import World, make_world
from webhooks.models import Event

pytestmark = pytest.mark.django_db


def sold_to(world: World, *confirm_minutes: int, **terms: Any) -> list[Contract]:
    """One lead, shared by a contract per number: 10.00 from the first, 20.00 from the second, and so on."""
    contracts = [
        world.contract(
            world.buyer(f"Buyer {n}"),
            sells="shared",
            price=n * 10_00,
            priority=n,
            confirm_minutes=minutes,
            **terms,
        )
        for n, minutes in enumerate(confirm_minutes, 1)
    ]
    world.submit(now=now(), consent_timestamp=None)
    assert Sale.objects.count() == len(contracts)
    return contracts


def sale_of(contract: Contract) -> Sale:
    return Sale.objects.get(contract=contract)


def figures() -> tuple[str, int, int]:
    lead = Lead.objects.get()
    return lead.status, lead.price, lead.payout


def earned() -> int:
    """What the source was credited with."""
    return sum(Transfer.objects.filter(credit__code=2110).values_list("amount", flat=True))


def test_a_refusal_leaves_the_lead_to_the_others() -> None:
    world = make_world(max_sales=2)
    refusing, keeping = sold_to(world, 30, 0)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    lead = Lead.objects.get()
    assert (lead.status, lead.price, lead.buyer_id) == ("accepted", 20_00, keeping.buyer_id)
    assert not Event.objects.filter(type="lead.unsold").exists()


def test_the_yes_of_one_adds_to_the_price_of_the_lead() -> None:
    world = make_world(max_sales=2)
    asked, _ = sold_to(world, 30, 0)
    assert figures() == ("accepted", 20_00, 0)
    accept_sale(principal=world.principal, sale=sale_of(asked))
    assert figures() == ("accepted", 30_00, 90_00)
    assert check_ledger(now=now()).holds


def test_while_one_is_still_asked_the_lead_stays_pending() -> None:
    world = make_world(max_sales=2)
    refusing, asked = sold_to(world, 30, 30)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    assert figures() == ("pending", 0, 0)
    reject_sale(principal=world.principal, sale=sale_of(asked), reason="no")
    assert figures() == ("unsold", 0, 0)


def test_a_fixed_payout_goes_over_to_a_buyer_that_was_charged_already() -> None:
    world = make_world(max_sales=2)
    refusing, keeping = sold_to(world, 30, 0)
    assert (sale_of(refusing).payout, earned()) == (90_00, 0)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    assert (sale_of(keeping).payout, earned()) == (90_00, 90_00)
    assert figures() == ("accepted", 20_00, 90_00)
    assert Journal.objects.filter(kind="payout.accrue").count() == 1
    assert check_ledger(now=now()).holds


def test_a_fixed_payout_goes_over_to_a_buyer_that_is_still_asked() -> None:
    world = make_world(max_sales=2)
    refusing, asked = sold_to(world, 30, 30)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    assert (sale_of(asked).payout, earned()) == (90_00, 0)
    accept_sale(principal=world.principal, sale=sale_of(asked))
    assert (figures(), earned()) == (("accepted", 20_00, 90_00), 90_00)


def test_a_share_of_the_price_is_each_sales_own() -> None:
    world = make_world(max_sales=2)
    world.source.payout_kind, world.source.payout_value = "percent", 50_00
    world.source.save()
    refusing, keeping = sold_to(world, 30, 0)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    assert (sale_of(keeping).payout, earned()) == (10_00, 10_00)


def test_the_cap_of_the_source_keeps_what_it_earns_by_the_others() -> None:
    world = make_world(max_sales=2)
    world.source.caps = [{"window": "day", "unit": "money", "limit": 900_00}]
    world.source.save()
    refusing, _ = sold_to(world, 30, 0)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    counter = CapCounter.objects.get(subject_id=world.source.pk)
    assert (counter.leads, counter.money) == (1, 90_00)


def test_only_the_refused_hold_is_freed() -> None:
    world = make_world(max_sales=2)
    refusing, asked = sold_to(world, 30, 30)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    assert BuyerBalance.objects.get(pk=refusing.buyer.account_id).held == 0
    assert BuyerBalance.objects.get(pk=asked.buyer.account_id).held == 20_00


# --- the place of one that left -----------------------------------------------------------------------------------


def next_in_line(world: World, *, minutes: int = 0, buyer: Buyer | None = None, **terms: Any) -> Contract:
    """A contract at 5.00 for the next who leaves, published."""
    bought = {"sells": "shared", "price": 5_00, "priority": 9, "confirm_minutes": minutes, **terms}
    world.agency.version += 1
    world.agency.save()
    return world.contract(buyer or world.buyer(f"Next {world.agency.version}"), **bought)


def test_the_place_of_one_that_refuses_goes_to_the_next() -> None:
    world = make_world(max_sales=2)
    refusing, keeping = sold_to(world, 30, 0)
    joining = next_in_line(world)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    assert figures() == ("accepted", 25_00, 90_00)
    assert (sale_of(keeping).payout, sale_of(joining).payout, earned()) == (90_00, 0, 90_00)
    assert sale_of(joining).exclusive is False
    accepted = Event.objects.filter(type="lead.accepted").order_by("sequence").values_list("buyer_ref", flat=True)
    assert list(accepted) == [keeping.buyer_id, joining.buyer_id]
    assert check_ledger(now=now()).holds
    assert [(one.decision.codes(), one.replayed) for one in decisions(Lead.objects.get())] == [
        (["won", "won"], True),
        (["buyer_refused", "buyer_already_won", "won"], True),
    ]


def test_each_share_of_the_next_is_paid_for_where_the_source_gets_a_part_of_the_price() -> None:
    world = make_world(max_sales=2)
    world.source.payout_kind, world.source.payout_value = "percent", 50_00
    world.source.save()
    refusing, _ = sold_to(world, 30, 0)
    next_in_line(world)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    assert (figures(), earned()) == (("accepted", 25_00, 12_50), 12_50)


def test_while_those_that_share_are_all_still_asked_the_lead_stays_pending_whoever_joins_them() -> None:
    world = make_world(max_sales=2)
    refusing, asked = sold_to(world, 30, 30)
    joining = next_in_line(world, minutes=30)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    assert (figures(), sale_of(joining).state) == (("pending", 0, 0), "pending")
    accept_sale(principal=world.principal, sale=sale_of(joining))
    assert figures() == ("accepted", 5_00, 0)
    accept_sale(principal=world.principal, sale=sale_of(asked))
    assert (figures(), earned()) == (("accepted", 25_00, 90_00), 90_00)
    assert check_ledger(now=now()).holds


def test_where_nobody_can_take_the_place_the_others_keep_the_lead_as_it_was() -> None:
    world = make_world(max_sales=2)
    refusing, keeping = sold_to(world, 30, 0)
    next_in_line(world, buyer=keeping.buyer, dedupe_days=0)
    next_in_line(world, sells="exclusive")
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    assert figures() == ("accepted", 20_00, 90_00)
    assert Lead.objects.get().routing_decision == "waterfall_winner"
    (_, last) = decisions(Lead.objects.get())
    assert last.decision.codes() == ["buyer_refused", "buyer_already_won", "buyer_already_won", "not_sold_this_way"]
    assert not Event.objects.filter(type="lead.unsold").exists()


def test_a_fixed_payout_is_earned_whoever_of_those_that_end_together_had_it_last() -> None:
    world = make_world(max_sales=2)
    sold_to(world, 30, 30)
    joining = next_in_line(world)
    assert expire_sales(now=now() + timedelta(hours=1)) == 2
    assert (figures(), earned()) == (("accepted", 5_00, 90_00), 90_00)
    assert sale_of(joining).payout == 90_00
    assert check_ledger(now=now()).holds


def test_a_rule_of_consent_that_came_later_takes_the_lead_from_nobody() -> None:
    world = make_world(max_sales=2)
    refusing, _ = sold_to(world, 30, 0)
    world.campaign.consent_required = True
    world.campaign.save()
    next_in_line(world)
    reject_sale(principal=world.principal, sale=sale_of(refusing), reason="no")
    lead = Lead.objects.get()
    assert (figures(), lead.routing_decision, lead.reason) == (("accepted", 20_00, 90_00), "waterfall_winner", "")
    assert not Event.objects.filter(type="lead.rejected").exists()
