"""Contracts that are posted to in real time: held, posted, then charged, passed on, or left open."""

from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from accounts.vault import erase
from billing.check import check_ledger
from billing.models import BuyerBalance
from buyers.health import observe
from buyers.health_figures import Endpoint, Result, Seen, Stage
from buyers.models import DeliveryMethod
from core.clock import now
from leads.answering import take_lead
from leads.confirmation import expire_sales, reject_sale
from leads.intake.shape import submission_of
from leads.models import Lead, Sale
from leads.pipeline import submit_lead
from leads.posting import due_posts, make_posts
from leads.queries import lead_records
from leads.resuming import resume_posts
from leads.trip import Outcome
from tests.leads.trading import Market
from tests.leads.world import MARIA, World, make_world
from tests.processes import wait_until
from webhooks.models import Event

pytestmark = pytest.mark.django_db
NEXT = {"post": {"on_timeout": "next"}}


def take(world: World, wait_ms: int = 20_000, principal: Any = None, **changes: Any) -> Outcome:
    """Maria, taken with all posts made."""
    members = {name: value for name, value in (MARIA | {"consent_timestamp": None} | changes).items() if value}
    return take_lead(
        principal=principal or world.principal,
        submission=submission_of(dict(members)),
        received_at=now(),
        wait_ms=wait_ms,
    )


def balance(contract: Any) -> tuple[int, int]:
    row = BuyerBalance.objects.get(pk=contract.buyer.account_id)
    return row.balance, row.held


def states() -> list[tuple[str, str]]:
    return list(Sale.objects.order_by("sold_at", "id").values_list("state", "post"))


def test_a_buyer_that_takes_the_lead_is_charged_and_answered_for_at_once(market: Market) -> None:
    world, system = make_world(), market.system("yes")
    contract = market.contract(world, system, price=30_00)
    outcome = take(world)
    assert (outcome.status, outcome.body["status"], outcome.body["price"]) == (201, "accepted", 30.0)
    assert outcome.body["sales"][0]["state"] == "delivered"
    (posted,) = system.posts
    assert posted["lead"]["phone"] == "+15551234567"
    assert balance(contract) == (970_00, 0)
    assert check_ledger(now=now()).differences == ()


def test_a_buyer_that_refuses_is_not_charged_and_the_next_one_gets_the_lead(market: Market) -> None:
    world = make_world()
    first, second = market.system("no", post="refuse"), market.system("yes")
    refused = market.contract(world, first, priority=1)
    taken = market.contract(world, second, priority=2)
    outcome = take(world)
    assert (outcome.body["status"], outcome.body["sales"][0]["contract_id"]) == ("accepted", taken.public_id)
    assert (balance(refused), balance(taken)) == ((1_000_00, 0), (970_00, 0))
    assert states() == [("refused", "answered"), ("delivered", "answered")]
    assert Sale.objects.order_by("sold_at")[0].reason == "no thanks"
    assert check_ledger(now=now()).differences == ()


def test_a_lead_that_every_buyer_refuses_is_unsold(market: Market) -> None:
    world = make_world()
    market.contract(world, market.system("no", post="refuse"))
    outcome = take(world)
    assert (outcome.status, outcome.body["status"], outcome.body["reason"]) == (201, "unsold", "buyer_refused")
    assert outcome.body["sales"] == []


@pytest.mark.parametrize("post", ["hang", "garbage"])
def test_a_buyer_that_may_have_the_lead_keeps_it_and_nobody_else_is_asked(market: Market, post: str) -> None:
    world = make_world()
    silent, other = market.system("silent", post=post), market.system("other")
    contract = market.contract(world, silent, priority=1)
    market.contract(world, other, priority=2)
    outcome = take(world)
    assert (outcome.status, outcome.body["status"]) == (202, "pending")
    assert (states(), other.posts) == ([("pending", "unknown")], [])
    assert balance(contract) == (1_000_00, 30_00)
    assert expire_sales(now=now() + timedelta(hours=25)) == 1
    lead = Lead.objects.get()
    assert (lead.status, lead.reason, states(), other.posts) == (
        "unsold",
        "buyer_unreachable",
        [("expired", "unknown")],
        [],
    )
    assert balance(contract) == (1_000_00, 0)


def test_where_the_contract_says_so_a_silent_buyer_loses_the_lead_to_the_next(market: Market) -> None:
    world = make_world()
    silent, other = market.system("silent", post="hang"), market.system("other")
    post = {**silent.delivery["post"], "on_timeout": "next"}
    market.contract(world, silent, priority=1, delivery={"post": post})
    taken = market.contract(world, other, priority=2)
    assert take(world).body["sales"][0]["contract_id"] == taken.public_id
    assert states() == [("expired", "answered"), ("delivered", "answered")]


def test_a_buyer_that_cannot_be_reached_has_nothing_so_the_next_one_is_asked(market: Market) -> None:
    world = make_world()
    gone, other = market.system("gone"), market.system("other")
    post = {"url": "http://127.0.0.1:9/nobody"}
    market.contract(world, gone, priority=1, delivery={"post": post})
    taken = market.contract(world, other, priority=2)
    assert take(world).body["sales"][0]["contract_id"] == taken.public_id


@pytest.mark.django_db(transaction=True)
def test_a_post_that_nobody_began_is_made_by_the_sweep(market: Market) -> None:
    world, system = make_world(), market.system("yes")
    contract = market.contract(world, system)
    members = {name: value for name, value in MARIA.items() if name != "consent_timestamp"}
    outcome = submit_lead(principal=world.principal, submission=submission_of(dict(members)), received_at=now())
    assert (outcome.status, states(), system.posts) == (202, [("pending", "due")], [])
    assert resume_posts(now=now()) == 0
    Sale.objects.update(post_lease=now())
    assert resume_posts(now=now()) == 1
    wait_until(lambda: states() == [("delivered", "answered")], "the post")
    assert (len(system.posts), balance(contract)) == (1, (970_00, 0))


@pytest.mark.django_db(transaction=True)
def test_the_source_is_answered_in_time_and_the_post_goes_on(market: Market) -> None:
    world, system = make_world(), market.system("slow", delay=0.0, post="slow")
    contract = market.contract(world, system)
    outcome = take(world, wait_ms=50)
    assert (outcome.status, outcome.body["status"]) == (202, "pending")
    wait_until(lambda: states() == [("delivered", "answered")], "the post")
    assert balance(contract) == (970_00, 0)
    assert Lead.objects.get().status == "accepted"


def test_a_post_that_was_begun_and_never_ended_is_not_made_again(market: Market) -> None:
    world, system = make_world(), market.system("yes")
    market.contract(world, system)
    members = {name: value for name, value in MARIA.items() if name != "consent_timestamp"}
    submit_lead(principal=world.principal, submission=submission_of(dict(members)), received_at=now())
    Sale.objects.update(post="sent", post_lease=now())
    assert resume_posts(now=now()) == 1
    assert (states(), system.posts) == ([("pending", "unknown")], [])


def test_a_post_that_was_begun_by_a_method_which_nobody_can_read_any_more_is_left_to_its_buyers_word(
    market: Market,
) -> None:
    world = make_world()
    market.contract(world, market.system("yes"))
    members = {name: value for name, value in MARIA.items() if name != "consent_timestamp"}
    submit_lead(principal=world.principal, submission=submission_of(dict(members)), received_at=now())
    Sale.objects.update(post="sent", post_lease=now())
    DeliveryMethod.objects.update(config="{}")
    world.agency.version += 1
    world.agency.save()
    assert resume_posts(now=now()) == 1
    assert (states(), Sale.objects.get().post_lease) == ([("pending", "unknown")], None)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_the_answer_is_what_is_on_record_and_what_was_told(market: Market, mode: str) -> None:
    world = make_world()
    market.contract(world, market.system("yes"))
    principal = world.principal if mode == "live" else world.test_key()
    outcome = take(world, principal=principal)
    lead = Lead.objects.get()
    (record,) = lead_records(principal, [lead])
    assert {name: record[name] for name in outcome.body if name != "score_reasons"} == {
        name: value for name, value in outcome.body.items() if name != "score_reasons"
    }
    told = list(Event.objects.order_by("sequence").values_list("type", "sequence"))
    assert told == [("lead.received", 1), ("lead.accepted", 2), ("lead.delivered", 3)]
    assert lead.last_sequence == 3


def test_a_sale_that_a_person_ended_during_the_post_stays_as_that_person_said(market: Market) -> None:
    world = make_world()
    contract = market.contract(world, market.system("slow", post="slow"))
    members = {name: value for name, value in MARIA.items() if name != "consent_timestamp"}
    outcome = submit_lead(principal=world.principal, submission=submission_of(dict(members)), received_at=now())
    (due,) = due_posts(outcome, deadline=monotonic() + 30)
    reject_sale(principal=world.principal, sale=Sale.objects.get(), reason="by telephone")
    assert make_posts([due], until=monotonic() + 30).over
    assert (states(), balance(contract)) == ([("refused", "due")], (1_000_00, 0))


def failing(contract: Any, times: int = 20) -> None:
    """Posts to this contract's buyer failed so often of late that its breaker is open."""
    for _ in range(times):
        observe([Seen(Endpoint(contract.pk, Stage.POST, "live"), Result.ERROR)], now=now())


def test_a_buyer_whose_posts_fail_too_often_is_left_alone_and_the_next_one_gets_the_lead(market: Market) -> None:
    world = make_world()
    down, other = market.system("down"), market.system("other")
    rested = market.contract(world, down, priority=1)
    taken = market.contract(world, other, priority=2)
    failing(rested)
    assert take(world).body["sales"][0]["contract_id"] == taken.public_id
    assert down.posts == []
    assert states() == [("expired", "answered"), ("delivered", "answered")]
    assert Sale.objects.order_by("sold_at")[0].reason == "breaker_open"
    assert balance(rested) == (1_000_00, 0)


def test_a_post_names_the_contract_as_the_agency_does(market: Market) -> None:
    world, system = make_world(), market.system("yes")
    named = {"body": {"order": "{{contract.name}}", "number": "{{contract.external_id}}"}}
    post = {**system.delivery["post"], **named}
    market.contract(world, system, delivery={"post": post}, external_id="PO-7")
    take(world)
    assert system.posts[0]["order"] == "yes"
    assert system.posts[0]["number"] == "PO-7"


@pytest.mark.parametrize("found", ["due", "sent"])
def test_a_lead_that_was_posted_when_its_sale_expires_is_sold_to_nobody_else(market: Market, found: str) -> None:
    world = make_world()
    market.contract(world, market.system("first"), priority=1, confirm_minutes=1)
    market.contract(world, market.system("other"), priority=2)
    members = {name: value for name, value in MARIA.items() if name != "consent_timestamp"}
    submit_lead(principal=world.principal, submission=submission_of(dict(members)), received_at=now())
    Sale.objects.update(post=found)
    assert expire_sales(now=now() + timedelta(minutes=2)) == 1
    assert Sale.objects.count() == (2 if found == "due" else 1)


def test_a_lead_that_is_erased_while_two_buyers_take_it_is_left_to_a_person(market: Market) -> None:
    world = make_world(max_sales=2)
    for name in ("first", "second"):
        market.contract(world, market.system(name), sells="shared")
    members = {name: value for name, value in MARIA.items() if name != "consent_timestamp"}
    outcome = submit_lead(principal=world.principal, submission=submission_of(dict(members)), received_at=now())
    erase(Lead.objects.get().pk)
    assert make_posts(due_posts(outcome, deadline=monotonic() + 30), until=monotonic() + 30).over
    assert states() == [("pending", "unknown")] * 2
