"""What is learned is what is true of generated leads, at the stage that the outcomes allow, and the same every time."""

from dataclasses import replace

import numpy as np
import pytest

from scoring import library
from scoring.features import Feature, shared_features
from scoring.learning import Fitted, TooFewOutcomes, learn, stage_for
from scoring.metrics import auc, log_loss
from scoring.scorecard import SCORECARD, Scorer
from scoring.telling import tell
from tests.scoring.making import sample

TRAINED, TESTED = sample(4000, seed=1), sample(4000, seed=2)


def scorer(fitted: Fitted) -> Scorer:
    made: Scorer = library.learned().load_learned(
        leaves=fitted.leaves(),
        spec=fitted.vocabulary.record(),
        slope=fitted.platt.slope,
        intercept=fitted.platt.intercept,
        stage=fitted.stage,
        model="mdl_test",
    )
    return made


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return learn(TRAINED.rows, TRAINED.labels, seed=3)


@pytest.mark.parametrize(
    ("positives", "negatives", "stage"),
    [
        (20, 20, "calibrated"),
        (99, 5000, "calibrated"),
        (100, 199, "calibrated"),
        (100, 200, "additive"),
        (5000, 299, "additive"),
        (300, 300, "learned"),
    ],
)
def test_the_stage_follows_the_rarer_outcome(positives: int, negatives: int, stage: str) -> None:
    assert stage_for(np.arange(positives + negatives) < positives) == stage


def test_with_fewer_than_twenty_of_a_kind_nothing_is_learned() -> None:
    with pytest.raises(TooFewOutcomes):
        stage_for(np.arange(1000) < 19)


def test_trees_come_close_to_the_truth_and_are_calibrated(fitted: Fitted) -> None:
    learned = scorer(fitted)
    scored = [learned.score(row) for row in TESTED.rows]
    chances = np.array([one.probability for one in scored])
    assert fitted.stage == "learned"
    assert auc(chances, TESTED.labels) > auc(TESTED.chances, TESTED.labels) - 0.01
    assert log_loss(chances, TESTED.labels) < log_loss(TESTED.chances, TESTED.labels) + 0.01
    assert abs(chances.mean() - TESTED.labels.mean()) < 0.02
    assert [one.score for one in scored[:50]] == [round(100 * one.probability) for one in scored[:50]]


def test_reasons_add_up_to_the_log_odds_which_are_those_of_the_trees(fitted: Fitted) -> None:
    booster = library.booster()
    trees = booster.Trees(fitted.body, fitted.vocabulary)
    asked = fitted.platt.apply(trees.margins(booster.matrix(fitted.vocabulary, TESTED.rows[:300])))
    learned = scorer(fitted)
    for row, log_odds in zip(TESTED.rows[:300], asked, strict=True):
        scored = learned.score(row)
        assert scored.base + sum(scored.contributions.values()) == scored.log_odds
        assert scored.log_odds == pytest.approx(log_odds, abs=1e-5)


def test_reasons_name_the_fact_under_its_signal_strongest_first(fitted: Fitted) -> None:
    row: dict[str, Feature] = {
        "vertical": "home_solar",
        "state": "TX",
        "source": "partner",
        "phone": "unassigned",
        "field.roof_age": 2,
    }
    scored = scorer(fitted).score(row)
    told = {reason.code: reason.text for reason in scored.reasons}
    assert told["PHONE_UNASSIGNED_DOWN"] == "The telephone number is not assigned in the numbering plan."
    assert told["SOURCE_DOWN"] == "The source is partner."
    assert told["FIELD_DOWN"] == "Roof age is 2."
    effects = [abs(reason.effect) for reason in scored.reasons]
    assert effects == sorted(effects, reverse=True)
    assert set(scored.contributions) == {"place", "source", "telephone", "field.roof_age", "consent", "tracking"}


def test_missing_unseen_and_wrongly_typed_values_get_a_score(fitted: Fitted) -> None:
    strange = [
        {},
        {"state": "Atlantis", "source": 17, "phone": True},
        {"field.roof_age": "old", "consent_age_minutes": float("inf"), "tracked": "yes"},
        {"field.roof_age": 10**400, "unheard": "of"},
        {"field.roof_age": 1e39},
    ]
    for row in strange:
        assert 0 <= scorer(fitted).score(row).score <= 100  # type: ignore[arg-type]


def test_the_same_leads_and_seed_give_the_same_bytes_and_another_seed_others(fitted: Fitted) -> None:
    again = learn(TRAINED.rows, TRAINED.labels, seed=3)
    assert (again.body, again.platt, again.metrics) == (fitted.body, fitted.platt, fitted.metrics)
    assert learn(TRAINED.rows, TRAINED.labels, seed=4).body != fitted.body


def test_stumps_serve_a_few_hundred_leads_and_each_signal_stands_alone() -> None:
    rows, labels = TRAINED.rows[:350], TRAINED.labels[:350]
    stumps = learn(rows, labels, seed=3)
    assert (stumps.stage, stumps.parameters["max_depth"], stumps.parameters["rounds"]) == ("additive", 1, 100)
    scored = scorer(stumps)
    first, second = {"source": "search", "state": "TX"}, {"source": "search", "state": "TX", "phone": "unassigned"}
    assert scored.score(first).contributions["source"] == scored.score(second).contributions["source"]


def test_a_few_dozen_leads_only_move_the_scorecard() -> None:
    few = learn(TRAINED.rows[:120], TRAINED.labels[:120], seed=3)
    assert (few.stage, few.body, few.library) == ("calibrated", b"", "scorecard-1")
    assert few.metrics["mean_probability"] == pytest.approx(few.metrics["true_rate"], abs=0.05)


def test_what_falls_with_quality_turns_the_scorecard_round() -> None:
    few = learn(TRAINED.rows[:120], ~TRAINED.labels[:120], seed=3, falling=True)
    assert few.platt.slope < 0
    good, bad = ({"phone": phone, "vertical": "home_solar"} for phone in ("ordinary", "unassigned"))
    assert SCORECARD.score(good).log_odds * few.platt.slope < SCORECARD.score(bad).log_odds * few.platt.slope


def test_an_older_consent_never_helps(fitted: Fitted) -> None:
    learned, lead = scorer(fitted), TESTED.rows[0]
    chances = [learned.score({**lead, "consent_age_minutes": age}).probability for age in range(0, 2000, 40)]
    rounded = [round(chance, 6) for chance in chances]
    assert rounded == sorted(rounded, reverse=True)
    assert rounded[0] > rounded[-1]


def test_a_shared_models_reasons_name_slugs_as_their_agency_knows_them() -> None:
    agency = "0190b6b2-0000-7000-8000-000000000001"
    seen = shared_features({"source": "google_ads", "campaign": "auto-accident", "state": "TX"}, agency)
    assert tell([("source", 0.4)], seen, 0.4) == ("SOURCE_UP", "The source is google_ads.")
    assert tell([("campaign", -0.4)], seen, -0.4) == ("CAMPAIGN_DOWN", "The campaign is auto-accident.")
    assert tell([("state", 0.4)], seen, 0.4) == ("STATE_UP", "The state is TX.")


def test_a_shared_model_tells_nobody_which_fields_other_agencies_ask() -> None:
    agency = "0190b6b2-0000-7000-8000-000000000001"
    theirs = replace(TRAINED, rows=[{**row, "field.secret": row["field.roof_age"]} for row in TRAINED.rows])
    rows = [shared_features(row, "beta") for row in theirs.rows]
    learned = scorer(learn(rows, TRAINED.labels, seed=3))
    ours = shared_features({name: value for name, value in TESTED.rows[0].items() if name != "field.roof_age"}, agency)
    scored = learned.score(ours)
    assert "field.secret" not in scored.contributions
    assert not [one for one in scored.reasons if "ecret" in one.text or "oof" in one.text]
    assert scored.contributions["agency"] != 0, "what the fields of others say is a matter of whose lead it is"
    assert scored.base + sum(scored.contributions.values()) == pytest.approx(scored.log_odds)
    assert {"field.roof_age", "field.secret"} & set(
        learned.score(shared_features(theirs.rows[0], "beta")).contributions
    )
