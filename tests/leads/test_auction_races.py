"""Auctions in many processes at once, and a process that dies in the middle of one: money and leads come out exact."""

import signal
from collections import Counter
from uuid import UUID

import pytest

from billing.check import check_ledger
from billing.models import BuyerBalance, Hold, Journal
from buyers.models import CapCounter
from core.clock import now
from leads.models import Lead, Ping, Sale
from leads.pipeline import Busy
from leads.resuming import resume_posts
from tests.billing.racing import WORKERS, race
from tests.leads.test_actions_api import FRESH, send
from tests.leads.test_api import key
from tests.leads.test_posting import take
from tests.leads.test_promises import ask
from tests.leads.test_races import world_again
from tests.leads.trading import Market
from tests.leads.world import make_world
from tests.processes import spawn_python, stop, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
LONG = {"method": "ping_post", "ping_timeout_ms": 5_000, "answer_within_ms": 20_000}


def auction_some(agency_id: UUID, first: int, count: int) -> Counter[str]:
    """What became of leads of distinct people; one that found the market too busy is sent again."""
    world = world_again(agency_id)
    found: Counter[str] = Counter()
    for number in range(first, first + count):
        while True:
            try:
                body = take(world, phone=f"+1512556{number:04}", email=None).body
            except Busy:
                continue
            found[body["status"]] += 1
            break
    return found


def test_fifty_six_auctions_at_once_for_room_of_ten_make_ten_sales(market: Market) -> None:
    world = make_world(**LONG)
    system = market.system("buyer", bid=10.0)
    contract = market.contract(world, system, caps=[{"window": "total", "unit": "leads", "limit": 10}])
    each = 7
    counts = race(auction_some, [world.agency.pk] * WORKERS, [each * one for one in range(WORKERS)], [each] * WORKERS)
    assert sum(counts, Counter()) == {"accepted": 10, "unsold": WORKERS * each - 10}
    assert Counter(Sale.objects.values_list("state", flat=True)) == {"delivered": 10}
    assert (len(system.posts), CapCounter.objects.get().leads) == (10, 10)
    assert BuyerBalance.objects.get(pk=contract.buyer.account_id).balance == 900_00
    assert Hold.objects.filter(state="pending").count() == 0
    assert check_ledger(now=now()).differences == ()


def test_buyers_that_refuse_while_others_buy_leave_exact_books(market: Market) -> None:
    world = make_world(**LONG)
    refusing = market.contract(world, market.system("no", bid=20.0, post="refuse"))
    buying = market.contract(world, market.system("yes", bid=10.0), money=12 * 10_00)
    each = 3
    counts = race(auction_some, [world.agency.pk] * WORKERS, [each * one for one in range(WORKERS)], [each] * WORKERS)
    assert sum(counts, Counter()) == {"accepted": 12, "unsold": WORKERS * each - 12}
    held = [BuyerBalance.objects.get(pk=one.buyer.account_id) for one in (refusing, buying)]
    assert [(row.balance, row.held) for row in held] == [(1_000_00, 0), (0, 0)]
    assert check_ledger(now=now()).differences == ()


def post_promised(token: str, ping_id: str, number: int) -> tuple[int, str]:
    """What this process was told when it took the promise."""
    answer = send(token, "/v1/post", FRESH | {"ping_id": ping_id, "phone": f"+1512557{number:04}", "email": None})
    return answer.status_code, answer.json().get("code", answer.json().get("status"))


def test_two_posts_of_one_ping_make_one_sale(market: Market) -> None:
    world = make_world(**LONG)
    system = market.system("buyer", bid=10.0)
    market.contract(world, system)
    token = key(world)
    ping_id = ask(token)["ping_id"]
    told = race(post_promised, [token] * WORKERS, [ping_id] * WORKERS, range(WORKERS))
    assert Counter(told) == {(201, "accepted"): 1, (409, "ping_used"): WORKERS - 1}
    assert (Lead.objects.count(), Sale.objects.count(), len(system.posts)) == (1, 1, 1)
    assert Ping.objects.get().lead_id == Lead.objects.get().pk


DYING = """
from uuid import UUID
from core.http import loop
from django.conf import settings
settings.EGRESS_ALLOW = ["127.0.0.0/8"]
from tests.leads.test_posting import take
from tests.leads.test_races import world_again
take(world_again(UUID(sys.argv[1])))
"""


def test_a_process_killed_during_the_winners_post_never_sells_or_charges_twice(market: Market) -> None:
    world = make_world(**LONG)
    silent, other = market.system("silent", bid=20.0, post="hang"), market.system("other", bid=10.0)
    contract = market.contract(world, silent, delivery={"post": {**silent.delivery["post"], "timeout_ms": 9_000}})
    market.contract(world, other)
    dying = spawn_python(DYING, str(world.agency.pk))
    wait_until(lambda: silent.posts, "the post")
    stop(dying, signal.SIGKILL)
    assert Sale.objects.get().post == "sent"
    Sale.objects.update(post_lease=now())
    assert resume_posts(now=now()) == 1
    sale = Sale.objects.get()
    assert (sale.state, sale.post, len(silent.posts), other.posts) == ("pending", "unknown", 1, [])
    assert Journal.objects.filter(kind="charge").count() == 0
    assert BuyerBalance.objects.get(pk=contract.buyer.account_id).held == 20_00
    assert check_ledger(now=now()).differences == ()
