"""Looks forward in time before anything is promoted: models of older leads must predict the newest.

That also decides how far back to learn from. Where the market has changed, the older half misleads; where it has not,
it helps. The window whose model predicts the newest leads best is the one that the real model is learned from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from scoring.examples import Examples
from scoring.learning import Fitted, learn
from scoring.metrics import better_by, log_loss, log_losses, summary
from scoring.models import Model, Stage, Target
from scoring.platt import Floats
from scoring.prediction import chances_of
from scoring.scopes import Scope
from scoring.sealing import hash_of
from scoring.stages import FEWEST_FOR, FEWEST_OF_EACH

FORWARD_SHARE: Final = 0.25
"""The newest part of the leads, which the others must predict."""
WINDOWS: Final = (1.0, 0.5, 0.25)
"""Which newest parts of the leads may be learned from; the whole unless a shorter one is clearly better."""
CLEARLY: Final = 0.005


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the models of one scope are learned."""

    scope: Scope
    names: Sequence[str]
    seed: int
    stage: str

    def learn(self, examples: Examples) -> Fitted:
        """A model of these leads. Raises scoring.learning.TooFewOutcomes."""
        falling = self.scope.target == Target.RETURNED
        return learn(
            examples.rows, examples.labels, seed=self.seed, stage=self.stage, names=self.names, falling=falling
        )


@dataclass(frozen=True, slots=True)
class Forward:
    """The window that predicts the newest leads best, and how its model did there beside what is in charge."""

    window: float
    figures: dict[str, Any]
    worse: bool = False


def newest(examples: Examples, share: float) -> Examples:
    """The newest part of the leads."""
    return examples.part(np.arange(len(examples)) >= len(examples) - round(share * len(examples)))


def look_forward(recipe: Recipe, examples: Examples, incumbent: Model | None) -> Forward:
    """Learn from the older leads, predict the newest. Nothing is worse where there are too few to tell.

    What is in charge has learned from many of the newest itself: it is compared only on those that came after it.
    """
    older = np.arange(len(examples)) < round((1 - FORWARD_SHARE) * len(examples))
    past, latest = examples.part(older), examples.part(~older)
    tried = dict(_tried(recipe, past, latest)) if latest.rarer >= FEWEST_OF_EACH else {}
    if not tried:
        return Forward(1.0, {"newest": len(latest)})
    losses = {window: log_loss(chances, latest.labels) for window, chances in tried.items()}
    window = min(losses, key=lambda one: losses[one])
    if 1.0 in losses and losses[window] > losses[1.0] * (1 - CLEARLY):
        window = 1.0
    figures = {"newest": len(latest), "challenger": summary(tried[window], latest.labels)}
    figures["windows"] = {str(one): loss for one, loss in losses.items()}
    return _beside(incumbent, latest, tried[window], Forward(window, figures), recipe)


def _tried(recipe: Recipe, past: Examples, latest: Examples) -> Iterator[tuple[float, Floats]]:
    """What models of the windows say of the newest leads, where a window has outcomes enough for the stage."""
    for window in WINDOWS:
        part = newest(past, window)
        if part.rarer >= FEWEST_FOR[recipe.stage]:
            model = model_of(recipe.scope, part, recipe.learn(part), None, part.received[-1])
            yield window, chances_of(model, latest.rows, target=recipe.scope.target)


def _beside(incumbent: Model | None, latest: Examples, chances: Floats, found: Forward, recipe: Recipe) -> Forward:
    after = np.array([incumbent is None or moment > incumbent.trained_to for moment in latest.received], dtype=bool)
    unseen = latest.part(after)
    if unseen.rarer < FEWEST_OF_EACH:
        return found
    before = chances_of(incumbent, unseen.rows, target=recipe.scope.target)
    low, high = better_by(
        log_losses(before, unseen.labels), log_losses(chances[after], unseen.labels), seed=recipe.seed
    )
    figures = {"compared": len(unseen), "incumbent": summary(before, unseen.labels), "gain_low": low, "gain_high": high}
    return Forward(found.window, {**found.figures, **figures}, worse=high < 0)


def model_of(scope: Scope, examples: Examples, fitted: Fitted, incumbent: Model | None, now: datetime) -> Model:
    """The row of a fitted model, not stored yet."""
    spec, line = fitted.vocabulary.record(), fitted.platt
    leaves = fitted.leaves()
    return Model(
        agency_id=scope.agency_id,
        lead_type=scope.lead_type,
        target=scope.target,
        stage=Stage(fitted.stage),
        parent=incumbent,
        library=fitted.library,
        body=fitted.body,
        leaves=leaves,
        spec=spec,
        slope=line.slope,
        intercept=line.intercept,
        sha256=hash_of(body=fitted.body, leaves=leaves, spec=spec, slope=line.slope, intercept=line.intercept),
        seed=fitted.seed,
        trained_from=examples.received[0],
        trained_to=examples.received[-1],
        rows=len(examples),
        positives=int(examples.labels.sum()),
        fingerprint=examples.fingerprint(),
        reference=list(fitted.reference),
        created_at=now,
    )
