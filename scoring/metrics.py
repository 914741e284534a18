"""How well probabilities did: ranking, sharpness, honesty. Formulas as in the literature, by numpy alone."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.platt import Floats, sigmoid

Labels = NDArray[np.bool_]
BINS: Final = 15
_LEAST: Final = 1e-12


def auc(chances: Floats, labels: Labels) -> float:
    """The chance that a positive ranks above a negative, ties counting half (Mann and Whitney); 0.5 for one kind."""
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if not positives or not negatives:
        return 0.5
    _, places, counts = np.unique(chances, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    ranks = float(mean_ranks[places][labels].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def log_losses(chances: Floats, labels: Labels) -> Floats:
    """The log loss of each row, in nats."""
    clipped = np.clip(chances, _LEAST, 1 - _LEAST)
    return -np.where(labels, np.log(clipped), np.log1p(-clipped))


def log_loss(chances: Floats, labels: Labels) -> float:
    """The mean log loss, in nats."""
    return float(log_losses(chances, labels).mean())


def brier(chances: Floats, labels: Labels) -> float:
    """The mean squared error of the probabilities (Brier 1950)."""
    return float(((chances - labels) ** 2).mean())


def ece(chances: Floats, labels: Labels, bins: int = BINS) -> float:
    """Expected calibration error over bins of equally many rows: the mean gap of prediction and rate."""
    order = np.argsort(chances, kind="stable")
    parts = zip(np.array_split(chances[order], bins), np.array_split(labels[order], bins), strict=True)
    gaps = [abs(float(part.mean()) - float(truth.mean())) * len(part) for part, truth in parts if len(part)]
    return sum(gaps) / len(labels)


def ece_by_chance(
    chances: Floats, *, seed: int, trained: int | None = None, draws: int = 200, share: float = 0.95
) -> float:
    """The ECE that a perfectly calibrated model would not exceed in `share` of samples like this one, by simulation.

    With `trained` it may be as wrong about the level as so many training rows must leave it.
    """
    dice = np.random.default_rng(seed)
    unsure = 0.0 if trained is None else 1 / np.sqrt(max(trained * float((chances * (1 - chances)).mean()), 1e-9))
    odds = np.log(np.clip(chances, _LEAST, 1 - _LEAST)) - np.log1p(-np.clip(chances, _LEAST, 1 - _LEAST))
    truths = (sigmoid(odds + dice.normal(0, unsure)) for _ in range(draws))
    return float(np.quantile([ece(chances, dice.random(len(chances)) < truth) for truth in truths], share))


def lift(chances: Floats, labels: Labels, share: float = 0.1) -> float:
    """The rate among the best-scored `share` over the rate of all; 1 where nothing was positive."""
    if not labels.any():
        return 1.0
    best = np.argsort(-chances, kind="stable")[: max(round(share * len(labels)), 1)]
    return float(labels[best].mean() / labels.mean())


def better_by(
    first: Floats, second: Floats, *, seed: int, confidence: float = 0.9, draws: int = 1000
) -> tuple[float, float]:
    """How much lower the losses of `second` are on the same rows: paired bootstrap, lower bound and upper bound.

    `confidence` is of each bound alone.
    """
    gains = first - second
    dice = np.random.default_rng(seed)
    means = [float(gains[dice.integers(0, len(gains), len(gains))].mean()) for _ in range(draws)]
    return float(np.quantile(means, 1 - confidence)), float(np.quantile(means, confidence))


def summary(chances: Floats, labels: Labels) -> dict[str, float]:
    """All of them by name, with the mean prediction and what was true."""
    return {
        "auc": auc(chances, labels),
        "log_loss": log_loss(chances, labels),
        "brier": brier(chances, labels),
        "ece": ece(chances, labels),
        "lift_top_decile": lift(chances, labels),
        "mean_probability": float(chances.mean()),
        "true_rate": float(labels.mean()),
    }
