"""Probabilities of many leads at once by a stored model: what the gate and the watch compare."""

from collections.abc import Mapping, Sequence

import numpy as np

from scoring import library
from scoring.features import Feature
from scoring.learning import scorecard_margins
from scoring.models import Model, Target
from scoring.platt import Floats, sigmoid
from scoring.sealing import check_hash
from scoring.vocabulary import Vocabulary


def margins_of(model: Model, rows: Sequence[Mapping[str, Feature]]) -> Floats:
    """Log-odds of these leads, whose features are as the model's scope has them. Raises scoring.sealing.BadModel."""
    check_hash(model)
    if not model.body or not rows:
        found = scorecard_margins(rows)
    else:
        trees, vocabulary = library.booster(), Vocabulary.from_record(model.spec)
        found = trees.Trees(bytes(model.body), vocabulary).margins(trees.matrix(vocabulary, rows))
    return np.asarray(model.slope * found + model.intercept, dtype=np.float64)


def chances_of(model: Model | None, rows: Sequence[Mapping[str, Feature]], *, target: str) -> Floats:
    """Probabilities of these leads; without a model those of the scorecard, which speaks of `stuck` alone.

    Of another target nobody knows anything without a model: every lead has an even chance.
    """
    if model is not None:
        return sigmoid(margins_of(model, rows))
    if target == Target.STUCK:
        return sigmoid(scorecard_margins(rows))
    return np.full(len(rows), 0.5)
