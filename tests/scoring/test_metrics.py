"""The figures by which models are judged, on samples small enough to reckon by hand."""

import numpy as np
import pytest

from scoring.metrics import auc, better_by, brier, ece, ece_by_chance, lift, log_loss, log_losses
from scoring.platt import Platt, fit_platt, sigmoid

LABELS = np.array([False, False, True, True])


def test_auc_counts_pairs_in_their_right_order_and_ties_half() -> None:
    assert auc(np.array([0.1, 0.4, 0.35, 0.8]), LABELS) == 0.75
    assert auc(np.array([0.5, 0.5, 0.5, 0.5]), LABELS) == 0.5
    assert auc(np.array([0.1, 0.2, 0.3, 0.4]), LABELS) == 1.0
    assert auc(np.array([0.1, 0.2]), np.array([True, True])) == 0.5


def test_losses_are_those_of_the_textbook() -> None:
    chances = np.array([0.25, 0.25, 0.5, 1.0])
    assert log_loss(chances, LABELS) == pytest.approx((2 * -np.log(0.75) - np.log(0.5)) / 4)
    assert brier(chances, LABELS) == (0.0625 * 2 + 0.25) / 4


def test_calibration_error_is_the_mean_gap_of_equal_bins() -> None:
    chances = np.array([0.2, 0.2, 0.6, 0.6])
    assert ece(chances, LABELS, bins=2) == pytest.approx(0.3)


def test_chance_alone_gives_an_honest_model_some_calibration_error() -> None:
    chances = np.full(300, 0.3)
    assert 0.05 < ece_by_chance(chances, seed=1) < 0.2
    assert ece_by_chance(chances, seed=1) == ece_by_chance(chances, seed=1)


def test_lift_is_the_rate_of_the_best_over_the_rate_of_all() -> None:
    chances = np.linspace(0, 1, 100)
    assert lift(chances, chances > 0.8) == 5.0


def test_a_better_model_is_better_at_both_ends_of_the_interval() -> None:
    dice = np.random.default_rng(5)
    chances = dice.uniform(0.05, 0.95, 2000)
    labels = dice.random(2000) < chances
    blind = np.full(2000, labels.mean())
    low, high = better_by(log_losses(blind, labels), log_losses(chances, labels), seed=1)
    assert 0 < low < high
    assert better_by(log_losses(chances, labels), log_losses(chances, labels), seed=1) == (0.0, 0.0)


def test_platt_finds_the_line_that_spoiled_the_margins() -> None:
    dice = np.random.default_rng(11)
    truth = dice.normal(0, 1.5, 20_000)
    labels = dice.random(20_000) < sigmoid(truth)
    line = fit_platt((truth - 0.7) / 0.5, labels)
    assert line.slope == pytest.approx(0.5, abs=0.03)
    assert line.intercept == pytest.approx(0.7, abs=0.05)


def test_platt_leaves_margins_alone_while_outcomes_are_few_and_never_turns_them_round() -> None:
    assert fit_platt(np.zeros(100), np.arange(100) < 19) == Platt()
    margins = np.concatenate([np.full(500, 3.0), np.full(500, -3.0)])
    assert fit_platt(margins, margins < 0).slope == 0.05


def test_two_lines_are_one() -> None:
    one, two = Platt(2.0, 1.0), Platt(0.5, -1.0)
    assert two.after(one).apply(np.array([3.0])) == two.apply(one.apply(np.array([3.0])))
