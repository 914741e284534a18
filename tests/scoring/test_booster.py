"""The recipe by which trees are grown: how many rounds, and how many trees are averaged in each."""

from dataclasses import replace

import numpy as np
import pytest

from scoring import library
from scoring.metrics import Labels, log_loss
from scoring.platt import Floats, sigmoid
from scoring.vocabulary import Number, Vocabulary

booster = library.booster()
COLUMNS = Vocabulary((Number("told"), Number("noise")))


def leads(amount: int, *, seed: int, worth: float) -> tuple[np.ndarray, Labels]:
    """Two numbers for each lead, of which the first is worth so much."""
    dice = np.random.default_rng(seed)
    table = dice.normal(size=(amount, 2)).astype(np.float32)
    labels: Labels = dice.random(amount) < sigmoid(worth * table[:, 0].astype(np.float64))
    return table, labels


def test_growing_ends_where_more_rounds_make_no_noticeable_difference() -> None:
    table, labels = leads(600, seed=2, worth=1.5)
    quick = replace(booster.TREES, eta=0.2, patience=8)
    found = booster.grow(table, labels, COLUMNS, quick, seed=1)

    def loss(rounds: int) -> float:
        grown = booster.grow(table, labels, COLUMNS, replace(quick, rounds=rounds, patience=0), seed=1)
        return log_loss(sigmoid(grown.out_of_fold), labels)

    curve = [loss(rounds) for rounds in range(1, found.rounds + quick.patience + 1)]
    last, later = curve[found.rounds - 1], curve[found.rounds :]
    assert last == log_loss(sigmoid(found.out_of_fold), labels)
    assert min(later) > last * (1 - booster.NOTICEABLE)
    assert last < curve[found.rounds - 2]
    assert min(later) < last, "a gain that nobody would notice was there to be had"


def test_where_nothing_can_be_learned_hardly_anything_is_grown() -> None:
    table, labels = leads(1500, seed=2, worth=0.0)
    found = booster.grow(table, labels, COLUMNS, booster.TREES, seed=1)
    assert found.rounds < 20
    assert np.std(booster.Trees(found.body, COLUMNS).margins(table)) < 0.2


def test_without_patience_every_round_is_grown() -> None:
    table, labels = leads(400, seed=3, worth=1.0)
    assert booster.grow(table, labels, COLUMNS, replace(booster.STUMPS, rounds=7), seed=1).rounds == 7


@pytest.mark.parametrize("rounds", [1, 40])
def test_a_bag_of_trees_depends_less_on_its_seed_than_one(rounds: int) -> None:
    table, labels = leads(800, seed=4, worth=1.0)

    def unsteadiness(bag: int) -> float:
        recipe = replace(booster.TREES, bag=bag, rounds=rounds, patience=0)
        said: list[Floats] = [
            booster.Trees(booster.grow(table, labels, COLUMNS, recipe, seed=seed).body, COLUMNS).margins(table)
            for seed in range(4)
        ]
        return float(np.std(said, axis=0).mean())

    assert unsteadiness(booster.TREES.bag) < 0.8 * unsteadiness(1)


def test_every_fold_has_its_share_of_positives() -> None:
    labels = np.arange(1000) % 10 == 0
    folds = booster.folds_of(labels, 1)
    assert [int(labels[folds == fold].sum()) for fold in range(booster.FOLDS)] == [20] * booster.FOLDS
    assert np.bincount(folds).tolist() == [200] * booster.FOLDS
