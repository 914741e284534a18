"""Platt's layer: the two numbers that turn a model's margin into log-odds that can be believed.

`log_odds = slope * margin + intercept`, fitted by maximum likelihood with both drawn towards doing nothing. Two numbers
are what carries a model to another agency or month; anything richer needs a thousand positives and flattens ranks.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.stages import FEWEST_OF_EACH

Floats = NDArray[np.float64]

SLOPE_RIDGE: Final = 10.0
INTERCEPT_RIDGE: Final = 1.0
_LEAST_SLOPE: Final = 0.05
_STEPS: Final = 50


@dataclass(frozen=True, slots=True)
class Platt:
    """A line from margins to log-odds, never falling."""

    slope: float = 1.0
    intercept: float = 0.0

    def apply(self, margins: Floats) -> Floats:
        """Log-odds of these margins."""
        return self.slope * margins + self.intercept

    def after(self, first: "Platt") -> "Platt":
        """The one line that is `first` and then this one."""
        return Platt(self.slope * first.slope, self.slope * first.intercept + self.intercept)


def fit_platt(margins: Floats, labels: NDArray[np.bool_]) -> Platt:
    """The layer for these margins and what became of them; the identity where outcomes of a kind are too few.

    Newton's method on the penalised likelihood, which is convex: ridge 10 on slope less one, 1 on the intercept.
    """
    positives = int(labels.sum())
    if min(positives, len(labels) - positives) < FEWEST_OF_EACH:
        return Platt()
    weights = np.array([1.0, 0.0])
    design = np.column_stack([margins, np.ones_like(margins)])
    ridge, centre = np.array([SLOPE_RIDGE, INTERCEPT_RIDGE]), np.array([1.0, 0.0])
    for _ in range(_STEPS):
        chances = sigmoid(design @ weights)
        gradient = design.T @ (chances - labels) + ridge * (weights - centre)
        curvature = (design * (chances * (1 - chances))[:, None]).T @ design + np.diag(ridge)
        step = np.clip(np.linalg.solve(curvature, gradient), -1.0, 1.0)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-10:
            break
    return Platt(max(float(weights[0]), _LEAST_SLOPE), float(weights[1]))


def sigmoid(log_odds: Floats) -> Floats:
    """Probabilities of log-odds, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * log_odds))
