"""A model's life: trained on what is certain, watched in the shadow, promoted or refused by the gate, rolled back."""

from dataclasses import replace
from datetime import timedelta
from itertools import compress
from uuid import UUID, uuid4

import numpy as np
import pytest

from accounts.models import Agency, AuditEntry, Membership, Notice, Role, User
from accounts.principals import SystemActor
from core.ids import encode
from scoring.examples import training_examples
from scoring.learning import TooFewOutcomes
from scoring.models import Model, Outcome, Policy, Recalibration, Score, Stage, Standing, State, Target
from scoring.outcomes import Observed, record_outcomes
from scoring.people import report_fairness
from scoring.recalibration import recalibrate_shared
from scoring.registry import NothingToRollBack, NotPromotable, champion_of, promote_model, roll_back_model
from scoring.schedule import due_scopes, train_claimed, train_due
from scoring.scopes import Scope, scope_for
from scoring.serving import scorers_of
from scoring.shadows import judge_shadow, judge_shadows
from scoring.standings import reckon_standings
from scoring.training import claim_training, train_model
from tests.scoring.making import MAY, TYPE, an_agency, remember, sample

pytestmark = pytest.mark.django_db
JUNE, JULY = MAY + timedelta(days=31), MAY + timedelta(days=61)


@pytest.fixture
def agency() -> Agency:
    return an_agency()


def stuck(agency: Agency) -> Scope:
    return Scope(agency.pk, TYPE, Target.STUCK)


def test_what_has_not_matured_is_not_learned_from(agency: Agency) -> None:
    remember(agency, sample(100, seed=1), every=timedelta(hours=12), window=timedelta(days=14))
    now = MAY + timedelta(days=30)
    found = training_examples(stuck(agency), now=now)
    assert len(found) == 33
    assert max(found.received) == MAY + timedelta(days=16)
    assert found.received == sorted(found.received)


def test_told_again_an_outcome_is_replaced(agency: Agency) -> None:
    found = sample(30, seed=1)
    leads = remember(agency, found)
    assert Outcome.objects.count() == 30
    assert dict(Outcome.objects.values_list("lead_ref", "label")) == dict(zip(leads, found.labels, strict=True))


def test_with_too_few_outcomes_the_scorecard_stays(agency: Agency) -> None:
    remember(agency, sample(30, seed=1))
    with pytest.raises(TooFewOutcomes):
        train_model(scope=stuck(agency), now=JUNE)
    assert due_scopes(now=JUNE) == []
    assert train_claimed(scope=stuck(agency), now=JUNE) is None


def test_a_calibrated_scorecard_takes_over_at_once_and_is_on_record(agency: Agency) -> None:
    remember(agency, sample(120, seed=1))
    before = Agency.objects.get(pk=agency.pk).version
    model = train_model(scope=stuck(agency), now=JUNE)
    assert (model.stage, model.state, model.rows) == (Stage.CALIBRATED, State.CHAMPION, 120)
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["model.train", "model.promote"]
    assert Agency.objects.get(pk=agency.pk).version == before + 1
    scored = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE].score(sample(1, seed=5).rows[0])
    assert (scored.stage, scored.model) == ("calibrated", model.public_id)


def learned(agency: Agency) -> Model:
    """A learned model in the shadow, from the leads of May."""
    remember(agency, sample(2000, seed=1))
    model = train_model(scope=stuck(agency), now=JUNE)
    assert (model.stage, model.state) == (Stage.LEARNED, State.SHADOW)
    return model


def test_a_learned_model_shows_itself_on_later_leads_before_it_takes_over(agency: Agency) -> None:
    model = learned(agency)
    assert champion_of(stuck(agency)) is None
    assert judge_shadow(model=model, now=JUNE + timedelta(days=13)) is None
    assert judge_shadows(now=JULY) == {model.public_id: "waits"}
    remember(agency, sample(1500, seed=2), first=JUNE)
    assert due_scopes(now=JULY) == []
    assert judge_shadows(now=JULY) == {model.public_id: "promoted"}
    model.refresh_from_db()
    assert (model.state, model.promoted_by, model.promoted_at) == (State.CHAMPION, "system:judge_shadows", JULY)
    gate = model.report["gate"]
    assert (gate["passed"], gate["automatic"]) == (True, True)
    assert {check["name"] for check in gate["checks"]} >= {"log_loss", "mean", "calibration", "latency", "size"}
    entry = AuditEntry.objects.get(action="model.promote")
    assert entry.changes == {"champion": ["scorecard", model.public_id]}


def test_where_groups_are_compared_no_model_takes_over_without_a_fairness_report_of_these_days(agency: Agency) -> None:
    model = learned(agency)
    Policy.objects.update_or_create(agency=agency, lead_type=TYPE, defaults={"compared": ["gender"]})
    remember(agency, sample(1500, seed=2), first=JUNE)
    for stale in ({}, report_fairness(model=model, now=JULY - timedelta(days=4))):
        Model.objects.update(fairness=stale)
        assert judge_shadows(now=JULY) == {model.public_id: "waits"}
        model.refresh_from_db()
        (check,) = [one for one in model.report["gate"]["checks"] if not one["passed"]]
        assert check == {"name": "fairness_report", "passed": False, "figures": {"missing": ["gender"]}}
    report_fairness(model=model, now=JULY)
    assert judge_shadows(now=JULY) == {model.public_id: "promoted"}


def test_a_model_that_lets_one_buyer_down_is_not_promoted(agency: Agency) -> None:
    model, found, buyer = learned(agency), sample(1500, seed=2), uuid4()
    contrary = np.arange(1500) % 10 == 0
    leads = remember(agency, replace(found, labels=found.labels ^ contrary), first=JUNE)
    record_outcomes(observed=[answered_by(buyer, agency, lead) for lead in compress(leads, contrary)])
    assert judge_shadows(now=JULY) == {model.public_id: "refused"}
    checks = {check["name"]: check for check in Model.objects.get(pk=model.pk).report["gate"]["checks"]}
    assert [*checks["segments_buyer"]["figures"]["worse"]] == [encode("buyer", buyer)]
    assert checks["segments_source"]["passed"]


def answered_by(buyer: UUID, agency: Agency, lead: UUID) -> Observed:
    """The word of a buyer that took the lead."""
    return Observed(
        agency_id=agency.pk,
        lead_ref=lead,
        lead_type=TYPE,
        target=Target.ACCEPTED,
        label=True,
        received_at=JUNE,
        matured_at=JUNE,
        buyer_ref=buyer,
    )


def test_on_few_later_leads_a_good_model_waits_for_a_person(agency: Agency) -> None:
    model = learned(agency)
    remember(agency, sample(500, seed=2), first=JUNE)
    owner = User.objects.create_user("owner@acme.example")
    Membership.objects.create(user=owner, agency=agency, role=Role.OWNER)
    for _ in range(2):
        assert judge_shadows(now=JULY) == {model.public_id: "ready"}
    assert Notice.objects.get().subject == "A model of home solar leads waits for your word"
    assert promote_model(model=model, actor="user:boss@acme.example", now=JULY).state == State.CHAMPION
    with pytest.raises(NotPromotable):
        promote_model(model=model, actor="user:boss@acme.example", now=JULY)


def test_a_damaged_shadow_is_refused(agency: Agency) -> None:
    model = learned(agency)
    Model.objects.filter(pk=model.pk).update(intercept=model.intercept + 5)
    assert judge_shadows(now=JULY) == {model.public_id: "refused"}


def test_a_damaged_champion_holds_up_the_judgement_of_no_other_model(agency: Agency) -> None:
    damaged = promote_model(model=learned(agency), actor="user:boss@acme.example", now=JUNE)
    waiting = train_model(scope=stuck(agency), now=JUNE)
    Model.objects.filter(pk=waiting.pk).update(state=State.SHADOW)
    Model.objects.filter(pk=damaged.pk).update(intercept=damaged.intercept + 5)
    other = an_agency("beta")
    remember(other, sample(2000, seed=1))
    model = train_model(scope=stuck(other), now=JUNE)
    remember(agency, sample(500, seed=2), first=JUNE)
    assert judge_shadows(now=JULY) == {waiting.public_id: "failed", model.public_id: "waits"}


def test_a_shadow_that_nobody_could_judge_makes_way_after_ninety_days(agency: Agency) -> None:
    model = learned(agency)
    assert judge_shadows(now=JUNE + timedelta(days=91)) == {model.public_id: "refused"}
    assert due_scopes(now=JUNE + timedelta(days=91)) == [stuck(agency)]


def test_a_bad_model_is_refused_and_never_in_charge(agency: Agency) -> None:
    found = sample(2000, seed=1)
    dice = np.random.default_rng(9)
    remember(agency, replace(found, labels=dice.permutation(found.labels)))
    model = train_model(scope=stuck(agency), now=JUNE)
    Model.objects.filter(pk=model.pk).update(state=State.SHADOW)  # whatever it said of the past
    remember(agency, sample(1500, seed=2), first=JUNE)
    assert judge_shadows(now=JULY) == {model.public_id: "refused"}
    model.refresh_from_db()
    failed = [check["name"] for check in model.report["gate"]["checks"] if not check["passed"]]
    assert "log_loss" in failed
    assert AuditEntry.objects.filter(action="model.refuse", object_id=model.public_id).exists()
    with pytest.raises(NotPromotable):
        promote_model(model=model, actor="user:boss@acme.example", now=JULY)


def test_when_sources_drift_the_retrained_model_takes_over_and_the_old_one_is_a_click_away(agency: Agency) -> None:
    first = learned(agency)
    promote_model(model=first, actor="user:boss@acme.example", now=JUNE)
    remember(agency, sample(2000, seed=2, social=-2.5, shift=-0.5), first=JUNE)
    second = train_model(scope=stuck(agency), now=JULY)
    assert (second.state, second.parent_id) == (State.SHADOW, first.pk)
    remember(agency, sample(1500, seed=3, social=-2.5, shift=-0.5), first=JULY)
    august = JULY + timedelta(days=40)
    assert judge_shadows(now=august) == {second.public_id: "promoted"}
    first.refresh_from_db()
    assert first.state == State.RETIRED
    assert roll_back_model(scope=stuck(agency), actor="user:boss@acme.example") == first
    assert champion_of(stuck(agency)) == first
    assert roll_back_model(scope=stuck(agency), actor="user:boss@acme.example") is None
    with pytest.raises(NothingToRollBack):
        roll_back_model(scope=stuck(agency), actor="user:boss@acme.example")
    assert AuditEntry.objects.filter(action="model.roll_back").count() == 2


def test_a_feature_that_knows_the_answer_stops_the_model(agency: Agency) -> None:
    found = sample(1000, seed=1)
    rows = [
        {**row, "field.result": "won" if label else "lost"} for row, label in zip(found.rows, found.labels, strict=True)
    ]
    remember(agency, replace(found, rows=rows))
    model = train_model(scope=stuck(agency), now=JUNE)
    assert model.state == State.REFUSED
    (leak,) = [check for check in model.report["training"] if check["name"] == "no_leak"]
    assert list(leak["figures"]["suspects"]) == ["field.result"]


def test_regulated_trades_and_operators_bar_features(agency: Agency) -> None:
    found = sample(1000, seed=1)
    rows = [
        {**row, "field.home_city": "Austin", "field.gender": "f", "field.pool": place % 2 == 0}
        for place, row in enumerate(found.rows)
    ]
    remember(agency, replace(found, rows=rows))
    Policy.objects.create(agency=agency, lead_type=TYPE, regulation="housing", excluded=["pool", "state"])
    model = train_model(scope=stuck(agency), now=JUNE)
    names = {column["name"] for column in model.spec}
    assert names == {"consent_age_minutes", "field.roof_age", "phone", "source", "tracked"}


def test_training_is_due_weekly_and_never_while_another_trains(agency: Agency) -> None:
    remember(agency, sample(120, seed=1))
    assert due_scopes(now=JUNE) == [stuck(agency)]
    assert claim_training(agency_id=agency.pk, lead_type=TYPE, now=JUNE)
    assert train_due(now=JUNE) == []
    (model,) = train_due(now=JUNE + timedelta(hours=3))
    assert model.state == State.CHAMPION
    assert due_scopes(now=JUNE + timedelta(days=6)) == []
    assert due_scopes(now=JUNE + timedelta(days=8)) == [stuck(agency)]


def test_agencies_that_share_have_one_model_with_two_numbers_of_their_own(agency: Agency) -> None:
    other, stranger = an_agency("beta"), an_agency("gamma")
    for one in (agency, other):
        Policy.objects.create(agency=one, lead_type=TYPE, shares=True)
    remember(agency, sample(900, seed=1))
    remember(other, sample(900, seed=2, shift=-1.5))
    remember(stranger, sample(100, seed=3))
    scope = scope_for(agency_id=agency.pk, lead_type=TYPE, target=Target.STUCK)
    assert scope == Scope(None, TYPE, Target.STUCK)
    model = train_model(scope=scope, now=JUNE)
    assert (model.agency_id, model.rows, model.state) == (None, 1800, State.SHADOW)
    assert "agency" in {column["name"] for column in model.spec}
    promote_model(model=model, actor="user:boss@acme.example", now=JUNE)
    assert recalibrate_shared(now=JUNE) == 2
    assert {row.agency_id for row in Recalibration.objects.all()} == {agency.pk, other.pk}
    lead = sample(1, seed=9).rows[0]
    ours, theirs, unshared = (
        scorers_of(agency_id=one.pk, lead_types=[TYPE])[TYPE].score(lead) for one in (agency, other, stranger)
    )
    assert ours.probability > theirs.probability + 0.1
    assert unshared.stage == "rules"
    assert sorted(AuditEntry.objects.filter(action="model.promote").values_list("agency", flat=True)) == sorted(
        [agency.pk, other.pk]
    )


def test_return_probability_comes_from_a_model_of_its_own(agency: Agency) -> None:
    found = sample(400, seed=1)
    remember(agency, replace(found, labels=~found.labels), target=Target.RETURNED)
    scope = Scope(agency.pk, TYPE, Target.RETURNED)
    model = train_model(scope=scope, now=JUNE)
    promoted = model if model.state == State.CHAMPION else promote_model(model=model, actor="test", now=JUNE)
    assert promoted.target == Target.RETURNED
    scorer = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE]
    good, bad = ({**found.rows[0], "phone": phone} for phone in ("ordinary", "unassigned"))
    assert (scorer.score(good).stage, scorer.score(good).return_probability is None) == ("rules", False)
    assert scorer.score(good).return_probability < scorer.score(bad).return_probability  # type: ignore[operator]


def test_a_chance_of_conversion_comes_from_a_model_of_its_own_and_leaves_the_score_alone(agency: Agency) -> None:
    found = sample(400, seed=1)
    before = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE].score(found.rows[0])
    remember(agency, found, target=Target.CONVERTED)
    model = train_model(scope=Scope(agency.pk, TYPE, Target.CONVERTED), now=JUNE)
    if model.state != State.CHAMPION:
        promote_model(model=model, actor="test", now=JUNE)
    scorer = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE]
    good, bad = (scorer.score({**found.rows[0], "phone": phone}) for phone in ("ordinary", "unassigned"))
    assert good.conversion_probability > bad.conversion_probability  # type: ignore[operator]
    assert (before.conversion_probability, good.return_probability) == (None, None)
    assert scorer.score(found.rows[0]).log_odds == before.log_odds


def test_percentiles_stand_among_the_latest_scores_of_the_same_model(agency: Agency) -> None:
    found = sample(300, seed=1)
    remember(agency, found)
    assert scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE].score(found.rows[0]).percentile is None
    assert reckon_standings(now=MAY + timedelta(days=2)) == 1
    scorer = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE]
    percentiles = sorted(scorer.score(row).percentile or 0 for row in found.rows)
    assert percentiles[0] < 10
    assert 40 <= percentiles[150] <= 60
    assert percentiles[-1] >= 90


def test_one_lead_that_fell_back_last_does_not_say_where_the_champions_scores_stand(agency: Agency) -> None:
    champion = "mdl_champion"
    remember(agency, sample(300, seed=1))
    Score.objects.update(model=champion)
    remember(agency, sample(1, seed=2), first=MAY + timedelta(days=2, hours=2))
    assert reckon_standings(now=MAY + timedelta(days=2, hours=3)) == 1
    assert Standing.objects.get().model == champion


def test_a_model_that_was_rolled_back_never_comes_back(agency: Agency) -> None:
    remember(agency, sample(120, seed=1))
    first, bad, third = (train_model(scope=stuck(agency), now=JUNE + timedelta(days=day)) for day in range(3))
    Model.objects.update(state=State.SHADOW, promoted_at=None)
    for day, model in enumerate((first, bad)):
        promote_model(model=model, actor="test", now=JUNE + timedelta(days=day))
    assert roll_back_model(scope=stuck(agency), actor="test") == first
    promote_model(model=third, actor="test", now=JUNE + timedelta(days=9))
    assert roll_back_model(scope=stuck(agency), actor="test") == first
    bad.refresh_from_db()
    assert bad.state == State.WITHDRAWN
    with pytest.raises(NotPromotable):
        promote_model(model=bad, actor="test", now=JULY)


def test_a_lead_type_that_never_had_an_outcome_leaves_nothing_behind(agency: Agency) -> None:
    assert train_claimed(scope=Scope(agency.pk, "nope", Target.STUCK), now=JUNE) is None
    assert not Policy.objects.exists()


def test_audit_entries_name_who_did_it(agency: Agency) -> None:
    assert SystemActor(agency.pk, "system:train_scorer").actor == "system:train_scorer"
    remember(agency, sample(120, seed=1))
    train_model(scope=stuck(agency), now=JUNE, actor="user:boss@acme.example")
    assert set(AuditEntry.objects.values_list("actor", flat=True)) == {"user:boss@acme.example"}
