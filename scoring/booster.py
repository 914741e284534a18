"""The one module that knows XGBoost: trees are grown, cross-validated, loaded and asked here.

Import it through `scoring.library` alone: it costs 30 MiB, and a process that only scores must not pay. One thread
always: OpenMP's threads do not survive a fork.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xgboost
from numpy.typing import NDArray

from scoring.metrics import Labels, log_loss
from scoring.platt import Floats, sigmoid
from scoring.vocabulary import Vocabulary

LIBRARY: Final = f"xgboost {xgboost.__version__}"
Matrix = NDArray[np.float32]
FOLDS: Final = 5
NOTICEABLE: Final = 0.001
"""By which share log loss must fall for more rounds to be worth it: less is the folds' own noise, learned by heart."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How trees are grown, `bag` of them in a round. `patience` rounds without gain end the search; 0 grows all."""

    depth: int
    eta: float
    rounds: int
    patience: int
    ridge: float
    least_weight: float
    rows: float
    columns: float
    bag: int = 1

    def parameters(self, vocabulary: Vocabulary, seed: int) -> dict[str, Any]:
        """In XGBoost's words."""
        return {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "max_depth": self.depth,
            "eta": self.eta,
            "lambda": self.ridge,
            "min_child_weight": self.least_weight,
            "subsample": self.rows,
            "colsample_bytree": self.columns,
            "num_parallel_tree": self.bag,
            "monotone_constraints": f"({','.join(str(column.sign) for column in vocabulary.columns)})",
            "nthread": 1,
            "seed": seed,
        }


STUMPS: Final = Recipe(depth=1, eta=0.1, rounds=100, patience=0, ridge=10, least_weight=1, rows=1.0, columns=1.0)
TREES: Final = Recipe(
    depth=3, eta=0.05, rounds=2000, patience=60, ridge=5, least_weight=5, rows=0.8, columns=1.0, bag=3
)
"""Shallow, and every tree sees every column. Where columns tell the time (rates, a season), a tree kept from one
of them splits on another, and what it learns is true of that month alone: later leads pay for it. The mean of three
trees, each of its own rows, steadies what the choice of a seed would otherwise decide."""


@dataclass(frozen=True, slots=True)
class Grown:
    """Trees fitted to all rows, and the margin that trees of the other folds gave each row."""

    body: bytes
    rounds: int
    out_of_fold: Floats


def matrix(vocabulary: Vocabulary, rows: Sequence[Mapping[str, Any]]) -> Matrix:
    """The rows in the model's columns."""
    return np.array([vocabulary.encode(row) for row in rows], dtype=np.float32).reshape(
        len(rows), len(vocabulary.columns)
    )


def grow(table: Matrix, labels: Labels, vocabulary: Vocabulary, recipe: Recipe, *, seed: int) -> Grown:
    """Trees for these rows. The number of rounds is the last that made the folds noticeably better."""
    kinds = [column.kind for column in vocabulary.columns]
    parameters = recipe.parameters(vocabulary, seed)
    rounds, margins = _cross_validate(table, labels, kinds, parameters, recipe, seed)
    booster = xgboost.train(parameters, _data(table, kinds, labels), num_boost_round=rounds)
    return Grown(bytes(booster.save_raw("json")), rounds, margins)


def _cross_validate(
    table: Matrix, labels: Labels, kinds: list[str], parameters: dict[str, Any], recipe: Recipe, seed: int
) -> tuple[int, Floats]:
    folds = folds_of(labels, seed)
    parts = [
        (_data(table[folds != fold], kinds, labels[folds != fold]), _data(table[folds == fold], kinds))
        for fold in range(FOLDS)
    ]
    boosters = [xgboost.Booster(parameters, [train]) for train, _ in parts]
    margins = np.zeros(len(labels))
    best, best_rounds, best_margins = np.inf, 1, margins
    for done in range(1, recipe.rounds + 1):
        for fold, (booster, (train, rest)) in enumerate(zip(boosters, parts, strict=True)):
            booster.update(train, done - 1)
            margins[folds == fold] = booster.predict(rest, output_margin=True)
        loss = log_loss(sigmoid(margins), labels)
        if loss < best * (1 - NOTICEABLE) or not recipe.patience:
            best, best_rounds, best_margins = loss, done, margins.copy()
        elif done - best_rounds >= recipe.patience:
            break
    return best_rounds, best_margins


def folds_of(labels: Labels, seed: int) -> NDArray[np.int64]:
    """A fold for each row, by seeded dice, with as many positives in each as can be."""
    folds = np.empty(len(labels), dtype=np.int64)
    dice = np.random.default_rng(seed)
    for kind in (False, True):
        places = np.flatnonzero(labels == kind)
        folds[dice.permutation(places)] = np.arange(len(places)) % FOLDS
    return folds


def _data(table: Matrix, kinds: list[str], labels: Labels | None = None) -> xgboost.DMatrix:
    return xgboost.DMatrix(table, label=labels, feature_types=kinds, missing=np.nan, enable_categorical=True, nthread=1)


class Trees:
    """Loaded trees, to be asked for many rows at once."""

    def __init__(self, body: bytes, vocabulary: Vocabulary) -> None:
        self._booster = xgboost.Booster({"nthread": 1})
        self._booster.load_model(bytearray(body))
        self._booster.set_param({"nthread": 1})
        self._kinds = [column.kind for column in vocabulary.columns]

    def margins(self, table: Matrix) -> Floats:
        """The margins of the rows, in log-odds before calibration."""
        return np.asarray(self._booster.predict(_data(table, self._kinds), output_margin=True), dtype=np.float64)
