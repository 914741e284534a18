"""The trip of a lead, end to end through the database: sold, unsold, duplicate, rejected; money, caps and decisions."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from accounts.vault import open_data_key
from billing.models import BuyerBalance, Transfer
from buyers.models import CapCounter
from core import json
from leads.models import Decision, Lead, Sale
from leads.sealed import lead_context, open_decision
from routing.engine import replay
from tests.leads.world import MARIA, NOON, make_world
from webhooks.models import Event, Message

pytestmark = pytest.mark.django_db


def test_a_lead_that_a_buyer_wants_is_sold_charged_and_queued_for_delivery() -> None:
    world = make_world()
    buyer = world.buyer()
    contract = world.contract(buyer)
    outcome = world.submit()
    lead, sale = Lead.objects.get(), Sale.objects.get()
    assert outcome.status == 201
    assert outcome.body == {
        "lead_id": lead.public_id,
        "status": "accepted",
        "score": lead.score,
        "score_reasons": outcome.body["score_reasons"],
        "score_model": "scorecard-1",
        "percentile": None,
        "grade": None,
        "score_calibrated": False,
        "return_probability": None,
        "conversion_probability": None,
        "buyer_id": buyer.public_id,
        "price": Decimal("175.00"),
        "routing_decision": "waterfall_winner",
        "deduped": False,
        "duplicate_of": None,
        "reason": None,
        "test": False,
        "created_at": "2026-05-12T16:30:00.000Z",
        "sales": [
            {
                "sale_id": sale.public_id,
                "contract_id": contract.public_id,
                "buyer_id": buyer.public_id,
                "price": Decimal("175.00"),
                "state": "accepted",
                "converted_at": None,
            }
        ],
    }
    assert BuyerBalance.objects.get(pk=buyer.account_id).balance == 825_00
    assert sorted(Transfer.objects.values_list("amount", flat=True).filter(sale_ref=sale.pk)) == [90_00, 175_00]
    assert list(Event.objects.order_by("sequence").values_list("type", flat=True)) == [
        "lead.received",
        "lead.accepted",
        "lead.delivered",
    ]
    assert Message.objects.get().event.type == "lead.delivered"


def test_contact_data_stands_nowhere_but_sealed() -> None:
    world = make_world()
    world.contract(world.buyer())
    world.submit()
    lead = Lead.objects.get()
    sealer = open_data_key(lead.pk)
    contents = json.loads(sealer.open(bytes(lead.sealed), lead_context(lead.pk)))
    assert contents["fields"]["phone"] == MARIA["phone"]
    shown = repr([*Lead.objects.values(), *Decision.objects.values(), *Event.objects.values(), *Sale.objects.values()])
    for personal in ("Maria", "Garcia", "5551234567", "maria@example.com"):
        assert personal not in shown


def test_the_same_person_again_is_a_duplicate_and_sold_once() -> None:
    world = make_world()
    world.contract(world.buyer())
    first = world.submit()
    again = world.submit(email="other@example.com", now=NOON + timedelta(days=29))
    assert (again.body["status"], again.body["duplicate_of"]) == ("duplicate", first.body["lead_id"])
    assert again.body["deduped"] is True
    assert Sale.objects.count() == 1


def test_after_the_window_the_person_is_new_but_no_buyer_gets_them_twice_within_its_own() -> None:
    world = make_world()
    world.contract(world.buyer(), dedupe_days=60)
    world.submit()
    again = world.submit(now=NOON + timedelta(days=31))
    assert (again.body["status"], again.body["reason"]) == ("unsold", "earlier_buyer")


def test_leads_without_contact_never_match_one_another() -> None:
    world = make_world()
    world.contract(world.buyer(), price=1_00)
    statuses = [world.submit(phone=None, email=None).body["status"] for _ in range(2)]
    assert statuses == ["accepted", "accepted"]


def test_a_cap_lets_exactly_its_number_through() -> None:
    world = make_world()
    world.contract(world.buyer(), price=1_00, caps=[{"window": "day", "unit": "leads", "limit": 2}])
    outcomes = [world.submit(phone=f"+1512555010{n}", email=None).body for n in range(4)]
    assert [body["status"] for body in outcomes] == ["accepted", "accepted", "unsold", "unsold"]
    assert outcomes[3]["reason"] == "cap_reached"
    assert CapCounter.objects.get().leads == 2


def test_a_cap_added_later_counts_what_was_sold_before() -> None:
    world = make_world()
    contract = world.contract(world.buyer(), price=1_00)
    for n in range(2):
        world.submit(phone=f"+1512555010{n}", email=None)
    contract.caps = [{"window": "day", "unit": "leads", "limit": 2}]
    contract.save()
    world.agency.version += 1
    world.agency.save()
    assert world.submit(phone="+15125550109", email=None).body["reason"] == "cap_reached"


def test_a_sources_cap_added_later_counts_what_the_source_was_paid() -> None:
    world = make_world()
    world.contract(world.buyer(), price=175_00)
    world.submit(phone="+15125550101", email=None)
    world.source.caps = [{"window": "day", "unit": "money", "limit": 180_00}]
    world.source.save()
    world.agency.version += 1
    world.agency.save()
    assert world.submit(phone="+15125550102", email=None).body["status"] == "accepted"
    assert world.submit(phone="+15125550103", email=None).body["reason"] == "source_cap_reached"
    assert CapCounter.objects.get().money == 180_00


def test_an_empty_wallet_passes_the_lead_to_the_next_buyer() -> None:
    world = make_world()
    world.contract(world.buyer("Poor", money=10_00), priority=1)
    rich = world.buyer("Rich")
    world.contract(rich, priority=2)
    assert world.submit().body["buyer_id"] == rich.public_id


def test_every_decision_replays_bit_for_bit() -> None:
    world = make_world(method="weighted")
    for n, weight in enumerate((50, 30, 20)):
        world.contract(world.buyer(f"Buyer {n}", money=10_000_00), price=10_00, weight=weight)
    for n in range(20):
        world.submit(phone=f"+151255501{n:02}", email=None)
    for decision in Decision.objects.select_related("config_version"):
        record = open_decision(open_data_key(decision.lead_id), decision.pk, bytes(decision.sealed))
        again = replay(json.loads(bytes(decision.config_version.content)), record["market"])
        assert json.canonical(again.to_record()) == json.canonical(record["decision"])


def test_round_robin_never_differs_by_more_than_one() -> None:
    world = make_world(method="round_robin")
    for n in range(3):
        world.contract(world.buyer(f"Buyer {n}", money=10_000_00), price=10_00)
    for n in range(10):
        world.submit(phone=f"+151255501{n:02}", email=None)
        counts = _sales_per_contract(world.agency.pk)
        assert max(counts) - min(counts) <= 1


def _sales_per_contract(agency_id: UUID) -> list[int]:
    contracts = {sale.contract_id for sale in Sale.objects.filter(agency_id=agency_id)}
    counts = [Sale.objects.filter(contract_id=contract).count() for contract in contracts]
    return counts + [0] * (3 - len(counts))


def test_a_source_sees_its_payout_and_no_buyer() -> None:
    world = make_world()
    world.contract(world.buyer())
    body = world.submit(world.source_key()).body
    assert body["price"] == Decimal("90.00")
    assert (body["buyer_id"], body["sales"], body["score_reasons"]) == (None, [], [])
    assert (body["score_model"], body["return_probability"]) == (None, None)


def test_a_test_lead_uses_the_second_book_and_reaches_no_buyer() -> None:
    world = make_world()
    buyer = world.buyer()
    world.contract(buyer)
    body = world.submit(world.test_key()).body
    assert (body["status"], body["test"], body["sales"][0]["state"]) == ("accepted", True, "delivered")
    assert BuyerBalance.objects.get(pk=buyer.account_id).balance == 1_000_00
    assert BuyerBalance.objects.get(pk=buyer.test_account_id).balance == 1_000_000_00 - 175_00
    assert Message.objects.count() == 0


def test_a_mock_that_refuses_sends_the_test_lead_on() -> None:
    world = make_world()
    world.contract(world.buyer("No"), priority=1, mock={"answer": "refuse"})
    yes = world.buyer("Yes")
    world.contract(yes, priority=2)
    assert world.submit(world.test_key()).body["buyer_id"] == yes.public_id
    assert "buyer_refused" in Decision.objects.get().codes


def test_missing_and_old_consent_reject_and_record() -> None:
    world = make_world(consent_required=True, consent_max_age_days=30)
    world.contract(world.buyer())
    missing = world.submit(consent_timestamp=None).body
    old = world.submit(consent_timestamp="2026-01-01T00:00:00Z").body
    assert [(body["status"], body["reason"]) for body in (missing, old)] == [
        ("rejected", "consent_missing"),
        ("rejected", "consent_expired"),
    ]
    assert Sale.objects.count() == 0


def test_a_contract_that_confirms_holds_the_money_until_the_buyer_answers() -> None:
    world = make_world()
    buyer = world.buyer()
    world.contract(buyer, confirm_minutes=30)
    outcome = world.submit()
    wallet = BuyerBalance.objects.get(pk=buyer.account_id)
    assert (outcome.status, outcome.body["status"]) == (202, "pending")
    assert (wallet.balance, wallet.held) == (1_000_00, 175_00)
    assert not Transfer.objects.filter(sale_ref__isnull=False).exists()


def test_a_field_with_several_values_is_asked_value_by_value_and_replays() -> None:
    world = make_world()
    roofer = world.buyer("Roofer")
    world.contract(roofer, filters={"all": [{"field": "services", "op": "in", "value": ["roof"]}]})
    body = world.submit(services=["gutter", "Roof"]).body
    assert body["buyer_id"] == roofer.public_id
    assert world.submit(services=["siding"], phone="+15125550101", email=None).body["reason"] == "filter_mismatch"
    for decision in Decision.objects.select_related("config_version"):
        record = open_decision(open_data_key(decision.lead_id), decision.pk, bytes(decision.sealed))
        again = replay(json.loads(bytes(decision.config_version.content)), record["market"])
        assert json.canonical(again.to_record()) == json.canonical(record["decision"])
