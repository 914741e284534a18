"""Drift is told from noise, feature by feature, and never from too few leads."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.drift import Stability, profile_of, shifts_of, stability, stability_of_scores
from scoring.features import Feature
from scoring.findings import on_shift, on_stability
from scoring.levels import Level

Rows = Sequence[Mapping[str, Feature]]
COUNTS = st.lists(st.integers(0, 500), min_size=10, max_size=10).map(lambda counts: np.array(counts, dtype=float))


def leads(amount: int, *, seed: int, sources: Mapping[str, float], missing: float = 0.05) -> Rows:
    dice = np.random.default_rng(seed)
    names = dice.choice(list(sources), amount, p=list(sources.values()))
    ages = dice.integers(0, 40, amount)
    return [
        {
            "source": str(name),
            "age": None if dice.random() < missing else int(age),
            "tracked": bool(dice.random() < 0.5),
        }
        for name, age in zip(names, ages, strict=True)
    ]


USUAL = {"search": 0.6, "social": 0.4}
BEFORE = profile_of(leads(5000, seed=1, sources=USUAL), ["source", "age", "tracked"])


def levels(now: Rows) -> dict[tuple[str, str], Level]:
    found = [one for shift in shifts_of(BEFORE, now, ["source", "age", "tracked"]) for one in on_shift(shift)]
    return {(one.check, one.subject): one.level for one in found}


@given(COUNTS, COUNTS)
def test_the_index_is_never_negative_and_nothing_without_a_change(before: np.ndarray, now: np.ndarray) -> None:
    assert stability(before, now).psi >= 0
    assert stability(before, before).psi == 0


@pytest.mark.parametrize("amount", [100, 200, 500, 1000, 2000])
def test_the_noise_of_equal_markets_is_what_it_is_said_to_be(amount: int) -> None:
    dice = np.random.default_rng(1)
    before = np.full(10, 2000.0)
    found = [stability(before, dice.multinomial(amount, [0.1] * 10).astype(float)) for _ in range(300)]
    mean = float(np.mean([one.psi for one in found]))
    assert mean == pytest.approx(found[0].noise, rel=0.15)
    assert np.quantile([one.psi for one in found], 0.99) < 3 * found[0].noise


def test_leads_as_before_are_good_in_every_respect() -> None:
    assert set(levels(leads(1000, seed=2, sources=USUAL)).values()) == {Level.GOOD}


def test_too_few_leads_say_nothing_however_different_they_are() -> None:
    assert set(levels(leads(499, seed=2, sources={"bargain": 1.0})).values()) == {Level.UNKNOWN}


def test_a_source_that_nobody_knew_is_an_alarm_of_its_feature_alone() -> None:
    found = levels(leads(1000, seed=2, sources={"search": 0.3, "social": 0.2, "bargain": 0.5}))
    alarms = {key for key, level in found.items() if level == Level.ALARM}
    assert alarms == {("feature_psi", "source"), ("other", "source")}


def test_a_field_that_is_left_out_more_and_more_is_a_warning_then_an_alarm() -> None:
    warned = levels(leads(1000, seed=2, sources=USUAL, missing=0.12))
    alarmed = levels(leads(1000, seed=2, sources=USUAL, missing=0.3))
    assert (warned["missing", "age"], alarmed["missing", "age"]) == (Level.WARNING, Level.ALARM)


def test_a_rare_absence_that_triples_is_no_alarm() -> None:
    before = profile_of(leads(5000, seed=1, sources=USUAL, missing=0.002), ["age"])
    (shift,) = shifts_of(before, leads(1000, seed=2, sources=USUAL, missing=0.01), ["age"])
    assert {one.check: one.level for one in on_shift(shift)}["missing"] == Level.GOOD


def test_scores_are_compared_with_the_quantiles_that_the_model_had() -> None:
    dice = np.random.default_rng(3)
    reference = [float(cut) for cut in np.quantile(dice.beta(2, 2, 50_000), np.arange(1, 100) / 100)]
    same = stability_of_scores(reference, 3000, dice.beta(2, 2, 1000))
    lower = stability_of_scores(reference, 3000, dice.beta(2, 4, 1000))
    assert same is not None
    assert lower is not None
    assert same.psi < 3 * same.noise
    assert (on_stability(same).level, on_stability(lower).level) == (Level.GOOD, Level.ALARM)
    assert stability_of_scores([], 3000, dice.beta(2, 2, 1000)) is None


def test_few_distinct_scores_are_compared_as_well() -> None:
    dice = np.random.default_rng(4)
    values = dice.choice([0.2, 0.5, 0.8], 5000)
    reference = [float(cut) for cut in np.quantile(values, np.arange(1, 100) / 100)]
    same = stability_of_scores(reference, 5000, dice.choice([0.2, 0.5, 0.8], 1000))
    assert same is not None
    assert same.psi < 3 * same.noise


def test_a_large_index_within_its_own_noise_is_none() -> None:
    assert on_stability(Stability(psi=0.3, noise=0.11, leads=500)).level == Level.GOOD
    assert on_stability(Stability(psi=0.3, noise=0.09, leads=500)).level == Level.ALARM
    assert on_stability(Stability(psi=0.12, noise=0.01, leads=500)).level == Level.WARNING


@given(
    st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9))
)
def test_whatever_a_lead_holds_it_can_be_compared(row: dict[str, Feature]) -> None:
    shifts = shifts_of(BEFORE, [row] * 3, ["source", "age", "tracked"])
    assert {shift.feature for shift in shifts} == {"source", "age", "tracked"}
    assert all(0 <= shift.missing <= 1 and 0 <= shift.other <= 1 for shift in shifts)
