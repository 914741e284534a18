"""From features and what became of them to a model: which stage the outcomes allow, fitted, calibrated, measured.

The stage follows the rarer outcome, not the number of leads. Everything is a function of rows, labels and a seed: the
same three give the same bytes. Never class weights and never resampling: both ruin the probabilities.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from scoring import library
from scoring.features import Feature
from scoring.leaves import compile_leaves
from scoring.metrics import Labels, log_loss, summary
from scoring.platt import Floats, Platt, fit_platt, sigmoid
from scoring.ratios import with_ratios
from scoring.scorecard import SCORECARD
from scoring.stages import stage_reached
from scoring.vocabulary import Vocabulary, learn_vocabulary

Rows = Sequence[Mapping[str, Feature]]

SIGNS: Final[Mapping[str, int]] = {"consent_age_minutes": -1}
"""Where a direction is a matter of definition: an older consent is never better."""
QUANTILES: Final = 100
WORTH_A_COLUMN: Final = 0.0003
"""By which share log loss must fall for columns that make a model harder to explain."""


class TooFewOutcomes(Exception):
    """Fewer than 20 outcomes of one kind: there is nothing to learn from yet. The scorecard stays."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model as it will be stored: `body` and `vocabulary` are empty for a calibrated scorecard.

    `metrics` are of predictions out of fold, as are `reference`, the quantiles of the probabilities.
    """

    stage: str
    library: str
    body: bytes
    vocabulary: Vocabulary
    platt: Platt
    parameters: Mapping[str, Any]
    seed: int
    metrics: Mapping[str, float]
    reference: tuple[float, ...]
    out_of_fold: Floats = field(compare=False)

    def leaves(self) -> bytes:
        """What a web process loads of its trees; nothing of a scorecard."""
        return compile_leaves(self.body, self.vocabulary.codes) if self.body else b""


def stage_for(labels: Labels) -> str:
    """The stage that these outcomes allow. Raises TooFewOutcomes."""
    positives = int(labels.sum())
    stage = stage_reached(positives, len(labels) - positives)
    if stage == "rules":
        raise TooFewOutcomes
    return stage


def learn(
    rows: Rows,
    labels: Labels,
    *,
    seed: int,
    stage: str | None = None,
    names: Sequence[str] | None = None,
    categories: frozenset[str] = frozenset(),
    numbers: frozenset[str] = frozenset(),
    falling: bool = False,
) -> Fitted:
    """A model for these rows, of the highest stage that they allow or of a lower one that is asked for.

    `names` are the features that may be used (all, where it is None); of them `categories` and `numbers` are that
    whatever their values look like. `falling` says that what is predicted is the worse end of a lead, so that the
    scorecard's points count against it. Raises TooFewOutcomes.
    """
    reached = stage_for(labels)
    stage = stage or reached
    signs = {name: -sign if falling else sign for name, sign in SIGNS.items()}
    vocabulary = learn_vocabulary(rows, names=names, categories=categories, numbers=numbers, signs=signs)
    margins = scorecard_margins(rows) if stage == "calibrated" else None
    if not vocabulary.columns or (margins is not None and np.ptp(margins) > 0):
        return _calibrated_scorecard(rows, labels, seed, falling)
    trees = library.booster()
    recipe = trees.TREES if stage == "learned" else trees.STUMPS
    stage = "learned" if stage == "learned" else "additive"  # a scorecard that knows none of the columns says nothing
    grown = trees.grow(trees.matrix(vocabulary, rows), labels, vocabulary, recipe, seed=seed)
    if stage == "learned":
        vocabulary, grown = _richer(rows, labels, vocabulary, grown, seed)
    parameters = {**recipe.parameters(vocabulary, seed), "rounds": grown.rounds}
    return _fitted(stage, trees.LIBRARY, grown.body, vocabulary, parameters, seed, grown.out_of_fold, labels)


def _richer(rows: Rows, labels: Labels, vocabulary: Vocabulary, grown: Any, seed: int) -> tuple[Vocabulary, Any]:
    """Vocabulary and trees with ratios of amounts, where the folds predict each other better by them; else as given."""
    richer, trees = with_ratios(vocabulary, rows), library.booster()
    if len(richer.columns) == len(vocabulary.columns):
        return vocabulary, grown
    other = trees.grow(trees.matrix(richer, rows), labels, richer, trees.TREES, seed=seed)
    before, after = (log_loss(sigmoid(one.out_of_fold), labels) for one in (grown, other))
    return (richer, other) if after < before * (1 - WORTH_A_COLUMN) else (vocabulary, grown)


def _calibrated_scorecard(rows: Rows, labels: Labels, seed: int, falling: bool) -> Fitted:
    """The scorecard through Platt's line; a slope below zero where its points count against what is predicted."""
    margins = scorecard_margins(rows)
    fitted = _fitted(
        "calibrated", SCORECARD.version, b"", Vocabulary(()), {}, seed, -margins if falling else margins, labels
    )
    return replace(fitted, platt=Platt(-fitted.platt.slope, fitted.platt.intercept)) if falling else fitted


def scorecard_alone(rows: Rows, labels: Labels, *, seed: int) -> Fitted:
    """The first stage in the shape of the others: the scorecard as it is, and how it did."""
    return _fitted("rules", SCORECARD.version, b"", Vocabulary(()), {}, seed, scorecard_margins(rows), labels)


def scorecard_margins(rows: Rows) -> Floats:
    """The log-odds of the hand-set scorecard for these rows."""
    return np.array([SCORECARD.score(row).log_odds for row in rows])


def _fitted(
    stage: str,
    library_version: str,
    body: bytes,
    vocabulary: Vocabulary,
    parameters: Mapping[str, Any],
    seed: int,
    margins: Floats,
    labels: Labels,
) -> Fitted:
    platt = fit_platt(margins, labels)
    chances = sigmoid(platt.apply(margins))
    return Fitted(
        stage=stage,
        library=library_version,
        body=body,
        vocabulary=vocabulary,
        platt=platt,
        parameters=parameters,
        seed=seed,
        metrics=summary(chances, labels),
        reference=tuple(float(cut) for cut in np.quantile(chances, np.arange(1, QUANTILES) / QUANTILES)),
        out_of_fold=chances,
    )
