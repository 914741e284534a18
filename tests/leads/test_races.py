"""Eight processes post leads at once: caps, wallets, duplicates and answers are exact whoever comes first."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts.idempotency import Repeat, fingerprint_of
from accounts.models import Agency
from billing.check import check_ledger
from billing.models import BuyerBalance, Journal
from buyers.models import CapCounter
from core.clock import now
from core.ids import decode
from leads.confirmation import accept_sale, reject_sale
from leads.intake.shape import submission_of
from leads.models import Lead, Sale, Source
from leads.pipeline import Busy, submit_lead
from routing.models import Campaign
from tests.billing.racing import WORKERS, race
from tests.leads.world import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


def world_again(agency_id: UUID) -> World:
    """The world as a racer finds it in the database."""
    agency = Agency.objects.get(pk=agency_id)
    return World(agency, Campaign.objects.get(agency=agency), Source.objects.get(agency=agency, slug="google_ads"))


def post_some(agency_id: UUID, first: int, count: int) -> Counter[str]:
    """What became of leads of distinct people; one that found the market too busy is sent again, as a client would."""
    world = world_again(agency_id)
    found: Counter[str] = Counter()
    for number in range(first, first + count):
        while True:
            try:
                body = world.submit(phone=f"+1512556{number:04}", email=None, now=now(), consent_timestamp=None).body
            except Busy:
                continue
            found[body["status"]] += 1
            break
    return found


def test_a_cap_of_a_hundred_and_money_for_eighty_make_exactly_eighty_sales() -> None:
    world = make_world()
    buyer = world.buyer(money=80 * 10_00)
    world.contract(buyer, price=10_00, caps=[{"window": "day", "unit": "leads", "limit": 100}])
    each = 15
    counts = race(
        post_some, [world.agency.pk] * WORKERS, [number * each for number in range(WORKERS)], [each] * WORKERS
    )
    assert sum(counts, Counter()) == {"accepted": 80, "unsold": WORKERS * each - 80}
    assert Sale.objects.count() == 80
    assert BuyerBalance.objects.get(pk=buyer.account_id).balance == 0
    assert CapCounter.objects.get().leads == 80
    assert check_ledger(now=now()).differences == ()


def post_the_same(agency_id: UUID) -> str:
    """The status this process was answered for one and the same person."""
    status: str = world_again(agency_id).submit(now=now(), consent_timestamp=None).body["status"]
    return status


def test_identical_posts_in_one_instant_give_one_sale() -> None:
    world = make_world()
    world.contract(world.buyer(money=10_000_00))
    statuses = race(post_the_same, [world.agency.pk] * WORKERS)
    assert Counter(statuses) == {"accepted": 1, "duplicate": WORKERS - 1}
    assert Sale.objects.count() == 1


def post_under_one_key(agency_id: UUID, key: str) -> tuple[Any, bool]:
    """The lead this process was told of, and whether the answer was an earlier one."""
    world = world_again(agency_id)
    members = {"campaign_id": "auto-accident", "first_name": "Maria", "state": "TX"}
    repeat = Repeat(
        agency_id=agency_id,
        mode="live",
        owner=agency_id,
        route="POST /v1/leads",
        key=key,
        fingerprint=fingerprint_of("POST /v1/leads", repr(members).encode()),
    )
    outcome = submit_lead(
        principal=world.principal, submission=submission_of(dict(members)), received_at=now(), repeat=repeat
    )
    return (outcome.stored.lead_id if outcome.stored else outcome.body["lead_id"]), outcome.stored is not None


def test_one_key_from_everywhere_at_once_makes_one_lead() -> None:
    world = make_world()
    world.contract(world.buyer(money=10_000_00))
    answers = race(post_under_one_key, [world.agency.pk] * WORKERS, [uuid4().hex] * WORKERS)
    assert Lead.objects.count() == 1
    assert Journal.objects.filter(kind="charge").count() == 1
    assert [replayed for _, replayed in answers].count(False) == 1


def post_and_answer(agency_id: UUID, first: int) -> Counter[str]:
    """Ten leads, each offered to a buyer that refuses every other one; the refused are sold again at once."""
    world = world_again(agency_id)
    for number in range(first, first + 10):
        lead_id = world.submit(phone=f"+1512557{number:04}", email=None, now=now(), consent_timestamp=None).body
        sale = Sale.objects.get(lead_id=decode("ld", lead_id["lead_id"]), state="pending")
        if number % 2:
            reject_sale(principal=world.principal, sale=sale, reason="no")
        else:
            accept_sale(principal=world.principal, sale=sale)
    return Counter(Sale.objects.filter(agency_id=agency_id).values_list("state", flat=True))


def test_buyers_that_refuse_while_others_buy_leave_exact_counters_and_no_lock_behind() -> None:
    world = make_world(method="round_robin", caps=[{"window": "day", "unit": "leads", "limit": 1000}])
    for n in range(3):
        buyer = world.buyer(f"Buyer {n}", money=10_000_00, caps=[{"window": "week", "unit": "leads", "limit": 1000}])
        daily = [{"window": "day", "unit": "leads", "limit": 1000}]
        world.contract(buyer, price=10_00, caps=daily, confirm_minutes=30)
    race(post_and_answer, [world.agency.pk] * WORKERS, [number * 10 for number in range(WORKERS)])
    standing = Sale.objects.exclude(state="refused")
    assert Sale.objects.filter(state="refused").count() == WORKERS * 5
    assert CapCounter.objects.get(subject_id=world.campaign.pk).leads == standing.count()
    for buyer_id, leads in CapCounter.objects.filter(window="week").values_list("subject_id", "leads"):
        assert standing.filter(buyer_id=buyer_id).count() == leads
    assert check_ledger(now=now()).differences == ()
