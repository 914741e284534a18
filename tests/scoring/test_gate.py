"""The gate lets through what is better, honest and sound, and says of everything else what is wrong with it."""

import numpy as np
import pytest

from scoring.allowed import allowed_features, is_proxy
from scoring.gate import Check, Trial, Verdict, judge
from scoring.platt import Floats, sigmoid
from scoring.suspects import suspects

DICE = np.random.default_rng(12)
ODDS = DICE.normal(0, 1.5, 3000)
LABELS = DICE.random(3000) < sigmoid(ODDS)
TRUE = sigmoid(ODDS)
BLIND = np.full(3000, LABELS.mean())
SOUND = [Check("loads", True, {})]


def trial(challenger: Floats, champion: Floats, *, amount: int = 3000, lenient: bool = False) -> Trial:
    states = ["TX", "CA", "FL"] * 1000
    return Trial(
        labels=LABELS[:amount],
        challenger=challenger[:amount],
        champion=champion[:amount],
        trained=10_000,
        segments={"state": states[:amount]},
        lenient=lenient,
        seed=1,
    )


def failed(verdict: Verdict) -> list[str]:
    return [check.name for check in verdict.checks if not check.passed]


def test_the_better_and_honest_challenger_passes() -> None:
    verdict = judge(trial(TRUE, BLIND), technical=SOUND)
    assert (verdict.passed, verdict.automatic, failed(verdict)) == (True, True, [])
    assert verdict.record()["checks"][0]["figures"]["leads"] == 3000


def test_what_is_no_better_is_refused_unless_it_is_simpler() -> None:
    assert failed(judge(trial(TRUE, TRUE), technical=SOUND)) == ["log_loss"]
    assert judge(trial(TRUE, TRUE, lenient=True), technical=SOUND).passed


def test_a_dishonest_level_and_dishonest_bands_are_refused() -> None:
    assert "mean" in failed(judge(trial(sigmoid(ODDS + 0.5), BLIND), technical=SOUND))
    assert failed(judge(trial(sigmoid(0.5 * ODDS), BLIND), technical=SOUND)) == ["calibration"]


def test_no_group_may_be_let_down() -> None:
    spoiled = np.where(np.arange(3000) % 3 == 0, np.clip(1 - TRUE, 0.05, 0.95), TRUE)
    verdict = judge(trial(spoiled, BLIND), technical=SOUND)
    (segment,) = [check for check in verdict.checks if check.name == "segments_state"]
    assert (segment.passed, list(segment.figures["worse"])) == (False, ["TX"])


def test_few_outcomes_decide_nothing() -> None:
    few = judge(trial(TRUE, BLIND, amount=150), technical=SOUND)
    assert ("enough_outcomes" in failed(few), few.hopeless) == (True, False)
    some = judge(trial(TRUE, BLIND, amount=400), technical=SOUND)
    assert (some.passed, some.automatic) == (True, False)


def test_an_unsound_model_is_hopeless_at_once() -> None:
    verdict = judge(trial(TRUE, BLIND, amount=150), technical=[Check("loads", False, {})])
    assert verdict.hopeless


def test_without_any_later_lead_there_is_only_waiting() -> None:
    verdict = judge(trial(TRUE, BLIND, amount=0), technical=SOUND)
    assert (failed(verdict), verdict.hopeless) == (["enough_outcomes"], False)


@pytest.mark.parametrize("name", ["field.city", "zip", "field.homeZip", "field.street_name", "days_since.school"])
def test_proxies_are_known_by_their_words(name: str) -> None:
    assert is_proxy(name)


def test_protected_fields_are_never_allowed_and_proxies_only_where_nothing_is_regulated() -> None:
    names = ["state", "zip_agrees", "email_resembles_name", "field.gender", "field.city", "field.roof_age", "source"]
    free = ["email_resembles_name", "field.city", "field.roof_age", "source", "state", "zip_agrees"]
    assert allowed_features(names) == free
    assert allowed_features(names, regulations=["insurance"]) == [name for name in free if name != "field.city"]
    assert allowed_features(names, excluded=["roof_age", "source"]) == [
        name for name in free if name not in ("field.roof_age", "source")
    ]


def test_what_knows_the_answer_or_is_only_there_with_it_is_suspect() -> None:
    rows = [
        {
            "honest": float(odds),
            "answer": "yes" if label else "no",
            "filled_in_later": "x" if label or DICE.random() < 0.05 else None,
        }
        for odds, label in zip(ODDS, LABELS, strict=True)
    ]
    assert list(suspects(rows, LABELS, ["honest", "answer", "filled_in_later"])) == ["answer", "filled_in_later"]
