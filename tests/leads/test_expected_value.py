"""Leads sold to whom they are expected to bring most: from outcomes to habits, from habits to the choice."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from buyers.models import Buyer, Contract
from core.ids import decode
from leads.models import Lead
from leads.pages import lead_page
from leads.queries import decisions
from leads.rerouting import assign_lead
from leads.trip import Outcome
from routing.expectation import MILLION
from scoring.expectations import logit, sigmoid
from scoring.habit_reckoning import reckon_habits
from scoring.levels import Level
from scoring.models import BuyerHabits, FeatureSnapshot, Model, Score, Stage, Target, Watch
from scoring.outcomes import Observed, record_outcomes
from scoring.registry import promote_model
from scoring.scorecard import SCORECARD
from scoring.sealing import hash_of
from tests.leads.world import NOON, World, make_world

pytestmark = pytest.mark.django_db
BEFORE = NOON - timedelta(days=60)


def answers(world: World, buyer: Buyer, *, accepted: int, refused: int, returned: int = 0) -> None:
    """So many answers of the buyer to leads of the past, `returned` among the accepted."""
    facts = []
    for number in range(accepted + refused):
        lead_ref = uuid5(buyer.pk, str(number))
        FeatureSnapshot.objects.create(lead_ref=lead_ref, agency=world.agency, features={"vertical": "auto_accident"})
        facts.append(fact(world, lead_ref, buyer, Target.ACCEPTED, label=number < accepted))
        if number < accepted:
            facts.append(fact(world, lead_ref, buyer, Target.RETURNED, label=number < returned))
    record_outcomes(observed=facts)


def fact(world: World, lead_ref: UUID, buyer: Buyer, target: Target, *, label: bool) -> Observed:
    return Observed(
        agency_id=world.agency.pk,
        lead_ref=lead_ref,
        lead_type="auto_accident",
        target=target,
        label=label,
        received_at=BEFORE,
        matured_at=BEFORE + timedelta(days=7),
        buyer_ref=buyer.pk,
    )


def habits(world: World, buyer: Buyer | None, *, model: str = "mdl_old", **values: float) -> BuyerHabits:
    counts = dict.fromkeys(("answers", "accepted", "taken", "returned"), 0)
    offsets = {"accept_offset": 0.0, "return_offset": 0.0}
    return BuyerHabits.objects.create(
        agency=world.agency,
        lead_type="auto_accident",
        buyer_ref=buyer.pk if buyer else None,
        model=model,
        reckoned_at=NOON,
        **counts,
        **{"accept_rate": 0.5, "return_rate": 0.1, **offsets, **values},
    )


def a_market(**campaign: Any) -> tuple[World, Buyer, Buyer]:
    """One buyer pays more and gives much back, the other pays less and keeps what it takes."""
    world = make_world(**{"rank_by": "expected_value", **campaign})
    dear, steady = world.buyer("Dear Law"), world.buyer("Steady Law")
    world.contract(dear, price=175_00, priority=1)
    world.contract(steady, price=140_00, priority=2)
    return world, dear, steady


def sold_to(outcome: Outcome) -> str:
    return Buyer.objects.get(pk=decode(Buyer.prefix, outcome.body["buyer_id"])).name


def test_the_buyer_that_keeps_what_it_takes_is_worth_more_than_the_one_that_pays_more() -> None:
    world, dear, steady = a_market()
    habits(world, None)
    habits(world, dear, accept_rate=0.8, return_rate=0.25)
    habits(world, steady, accept_rate=0.95, return_rate=0.05)

    outcome = world.submit()

    assert (sold_to(outcome), outcome.body["price"]) == ("Steady Law", 140)
    assert outcome.body["routing_decision"] == "waterfall_winner"


def test_the_operators_order_stands_unless_the_campaign_says_otherwise() -> None:
    world, dear, _ = a_market(rank_by="method")
    habits(world, None)
    habits(world, dear, accept_rate=0.1)

    assert sold_to(world.submit()) == "Dear Law"


def test_where_nothing_is_known_of_buyers_prices_decide() -> None:
    world, _, _ = a_market()

    assert sold_to(world.submit()) == "Dear Law"


def test_what_was_expected_stands_in_the_decision_and_is_replayed() -> None:
    world, dear, steady = a_market()
    habits(world, None)
    habits(world, dear, accept_rate=0.8, return_rate=0.25)
    habits(world, steady, accept_rate=0.95, return_rate=0.05)
    world.submit()
    lead = Lead.objects.get()

    BuyerHabits.objects.all().delete()  # a replay reckons with what was known then
    (stored,) = decisions(lead)

    assert stored.replayed
    assert sorted(odds[1:] for odds in stored.market["state"]["odds"]) == [
        [800_000, 250_000, "record"],
        [950_000, 50_000, "record"],
    ]
    told = {row.buyer: row.detail for row in lead_page(world.principal, lead.pk).decisions[0].rows}
    assert told == {
        "Steady Law": "Expected to bring $126.35: $140.00, accepted with 95% probability, then returned with 5%, "
        "by the buyer's record alone.",
        "Dear Law": "Expected to bring $105.00: $175.00, accepted with 80% probability, then returned with 25%, "
        "by the buyer's record alone.",
    }


def test_a_minimum_percentile_keeps_out_a_lead_that_nobody_can_place() -> None:
    world = make_world()
    world.contract(world.buyer(), min_percentile=50)

    outcome = world.submit()

    assert (outcome.body["status"], outcome.body["reason"]) == ("unsold", "below_min_percentile")


def test_a_sale_by_hand_asks_for_no_percentile() -> None:
    world = make_world()
    contract = world.contract(world.buyer(), min_percentile=50)
    world.submit()
    lead = Lead.objects.get()

    assign_lead(principal=world.principal, lead_id=lead.pk, contract_id=contract.pk)

    lead.refresh_from_db()
    assert lead.status == "accepted"


def test_what_leaves_too_little_is_sold_by_hand_alone_and_says_why() -> None:
    world, dear, _ = a_market(min_margin=100_00)
    habits(world, None)
    habits(world, dear, accept_rate=0.8, return_rate=0.25)
    outcome = world.submit()
    assert (outcome.body["status"], outcome.body["reason"]) == ("unsold", "below_margin")
    lead = Lead.objects.get()
    told = {row.buyer: row.detail for row in lead_page(world.principal, lead.pk).decisions[0].rows}
    said = "Expected to bring $105.00, and the source to earn $72.00; at least $100.00 must be left."
    assert told["Dear Law"] == said
    assert [stored.replayed for stored in decisions(lead)] == [True]

    assign_lead(principal=world.principal, lead_id=lead.pk, contract_id=Contract.objects.get(buyer=dear).pk)

    lead.refresh_from_db()
    assert lead.status == "accepted"


def test_ranking_by_value_costs_a_lead_no_statement() -> None:
    counts = []
    for rank_by in ("method", "expected_value"):
        world, dear, _ = a_market(rank_by=rank_by)
        habits(world, None)
        habits(world, dear)
        world.submit()
        with CaptureQueriesContext(connection) as queries:
            world.submit(phone="+15551234568", email="other@example.com")
        counts.append(len(queries))

    assert counts[0] == counts[1]


# --- habits ------------------------------------------------------------------------------------------------------


def test_habits_are_reckoned_from_matured_answers_and_published_once() -> None:
    world, dear, steady = a_market()
    answers(world, dear, accepted=80, refused=20, returned=40)
    answers(world, steady, accepted=95, refused=5, returned=2)
    version = world.principal.version

    assert reckon_habits(now=NOON) == 1
    assert reckon_habits(now=NOON) == 0

    assert world.principal.version == version + 1
    entry = AuditEntry.objects.get(action="scoring.reckon_habits")
    assert (entry.actor, entry.object_id, entry.changes) == (
        "system:reckon_habits",
        "auto_accident",
        {"buyers": [None, 3]},
    )
    rows = {row.buyer_ref: row for row in BuyerHabits.objects.all()}
    usual, first, second = rows[None], rows[dear.pk], rows[steady.pk]
    assert (usual.answers, usual.accepted, usual.taken, usual.returned) == (200, 175, 175, 42)
    assert (first.answers, first.accepted, first.taken, first.returned) == (100, 80, 80, 40)
    assert usual.accept_rate == round((175 + 2 * 0.5) / 202, 6)
    assert first.accept_rate == pytest.approx((80 + 20 * usual.accept_rate) / 120, abs=1e-6)
    assert first.return_rate > usual.return_rate > second.return_rate
    assert first.accept_offset < usual.accept_offset < second.accept_offset
    assert usual.model == SCORECARD.version
    assert sold_to(world.submit()) == "Steady Law"


def a_champion(world: World) -> Model:
    """The points table, fitted to outcomes, in charge."""
    line: dict[str, Any] = {"slope": 1.1, "intercept": -0.2}
    model = Model.objects.create(
        agency=world.agency,
        lead_type="auto_accident",
        target=Target.STUCK,
        stage=Stage.CALIBRATED,
        body=b"",
        spec=[],
        sha256=hash_of(body=b"", leaves=b"", spec=[], **line),
        fingerprint=b"",
        **line,
        seed=1,
        trained_from=BEFORE,
        trained_to=BEFORE,
        rows=100,
        positives=50,
    )
    return promote_model(model=model, actor="test", now=NOON)


def a_market_with_a_champion() -> tuple[World, Buyer, Buyer, Model]:
    """The market, its buyers' habits known, and a model in charge."""
    world, dear, steady = a_market()
    champion = a_champion(world)
    answers(world, dear, accepted=80, refused=20, returned=40)
    answers(world, steady, accepted=95, refused=5, returned=2)
    reckon_habits(now=NOON)
    return world, dear, steady, champion


def odds_by_buyer(lead: Lead) -> dict[str, tuple[float, float, str]]:
    """What stands in the lead's decision of each buyer."""
    (stored,) = decisions(lead)
    assert stored.replayed
    names = {str(contract.pk): contract.buyer.name for contract in Contract.objects.select_related("buyer")}
    return {
        names[str(contract)]: (accept / MILLION, returned / MILLION, basis)
        for contract, accept, returned, basis in stored.market["state"]["odds"]
    }


def test_a_calibrated_model_speaks_of_the_lead_and_the_buyer_moves_its_word() -> None:
    world, dear, steady, champion = a_market_with_a_champion()
    rows = {row.buyer_ref: row for row in BuyerHabits.objects.all()}
    assert {row.model for row in rows.values()} == {champion.public_id}

    world.submit()

    odds = odds_by_buyer(lead := Lead.objects.get())
    usual_return = rows[None].return_rate
    accept = min(Score.objects.get(lead_ref=lead.pk).probability / (1 - usual_return), 1)
    for name, buyer in (("Dear Law", dear), ("Steady Law", steady)):
        found_accept, found_return, basis = odds[name]
        assert basis == "model"
        assert found_accept == pytest.approx(sigmoid(logit(accept) + rows[buyer.pk].accept_offset), abs=1e-6)
        assert found_return == pytest.approx(sigmoid(logit(usual_return) + rows[buyer.pk].return_offset), abs=1e-6)
    assert odds["Dear Law"][1] > odds["Steady Law"][1]


def test_while_the_watch_has_an_alarm_the_buyers_own_record_decides() -> None:
    world, dear, steady, champion = a_market_with_a_champion()
    seen = {"day": NOON.date(), "level": Level.ALARM, "calibrated": False, "watched_at": NOON}
    Watch.objects.create(agency=world.agency, lead_type="auto_accident", model=champion.public_id, **seen)

    world.submit()

    rows = {row.buyer_ref: row for row in BuyerHabits.objects.all()}
    assert odds_by_buyer(Lead.objects.get()) == {
        "Dear Law": (rows[dear.pk].accept_rate, rows[dear.pk].return_rate, "record"),
        "Steady Law": (rows[steady.pk].accept_rate, rows[steady.pk].return_rate, "record"),
    }


def test_until_fifty_answers_a_buyer_counts_as_one_of_the_others() -> None:
    world, dear, steady = a_market()
    answers(world, dear, accepted=1, refused=48)
    answers(world, steady, accepted=50, refused=0)

    reckon_habits(now=NOON)

    assert set(BuyerHabits.objects.values_list("buyer_ref", flat=True)) == {None, steady.pk}


def test_young_and_old_answers_are_left_out() -> None:
    world, dear, _ = a_market()
    answers(world, dear, accepted=60, refused=0)

    assert reckon_habits(now=BEFORE + timedelta(days=6)) == 0
    assert reckon_habits(now=BEFORE + timedelta(days=181)) == 0
    assert reckon_habits(now=BEFORE + timedelta(days=7)) == 1
