"""Whether probabilities came true: by band of the score, in the mean, and over time. Pure.

Of the leads scored 80 to 89 about 85 per cent should have stuck: that is what the table of bands lets anyone check.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.metrics import Labels, auc
from scoring.platt import Floats

FEWEST_OF_RARER: Final = 50
"""Outcomes of the rarer kind for one AUC: with fewer it says nothing."""
_BANDS: Final = 10


@dataclass(frozen=True, slots=True)
class Group:
    """Some leads: how many, what was predicted of them on average, their rate, and the standard error of the rate.

    The error is the one that calibrated probabilities would have: the root of the sum of p(1 - p), over the leads.
    """

    leads: int
    mean: float
    rate: float
    error: float


@dataclass(frozen=True, slots=True)
class Band:
    """The leads with scores from `low` to `high`; no group where there are none."""

    low: int
    high: int
    group: Group | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well leads of one time were ranked, with the standard error of that (Hanley and McNeil 1982)."""

    first: datetime
    last: datetime
    leads: int
    auc: float
    error: float


def group_of(chances: Floats, labels: Labels) -> Group:
    """What was predicted of these leads, and what came true. At least one lead."""
    error = float(np.sqrt((chances * (1 - chances)).sum())) / len(chances)
    return Group(len(chances), float(chances.mean()), float(labels.mean()), error)


def bands_of(chances: Floats, labels: Labels) -> list[Band]:
    """The ten bands of the score, 0 to 9, 10 to 19, up to 90 to 100."""
    places = np.minimum(np.rint(100 * chances).astype(int) // 10, _BANDS - 1)
    return [Band(10 * band, _top(band), _some(chances, labels, places == band)) for band in range(_BANDS)]


def _top(band: int) -> int:
    return 100 if band == _BANDS - 1 else 10 * band + 9


def _some(chances: Floats, labels: Labels, members: NDArray[np.bool_]) -> Group | None:
    return group_of(chances[members], labels[members]) if members.any() else None


def groups_of(keys: Sequence[Hashable], chances: Floats, labels: Labels) -> dict[Hashable, Group]:
    """The groups of leads that have a key in common, the largest first."""
    members: dict[Hashable, list[int]] = {}
    for place, key in enumerate(keys):
        members.setdefault(key, []).append(place)
    largest = sorted(members.items(), key=lambda pair: (-len(pair[1]), str(pair[0])))
    return {key: group_of(chances[places], labels[places]) for key, places in largest}


def rankings_of(received: Sequence[datetime], chances: Floats, labels: Labels) -> list[Ranking]:
    """AUC over time: a point as soon as there are 50 outcomes of the rarer kind since the last; leads by receipt.

    What is left over at the end belongs to the last point. Pooled over months an AUC flatters, so none is.
    """
    ends, begun, kinds = [], 0, [0, 0]
    for place, label in enumerate(labels):
        kinds[int(label)] += 1
        if min(kinds) >= FEWEST_OF_RARER:
            ends.append(place + 1)
            kinds = [0, 0]
    points = []
    for number, end in enumerate(ends):
        end = len(labels) if number == len(ends) - 1 else end
        part = slice(begun, end)
        points.append(_ranking(received[part], chances[part], labels[part]))
        begun = end
    return points


def _ranking(received: Sequence[datetime], chances: Floats, labels: Labels) -> Ranking:
    found, positives = auc(chances, labels), int(labels.sum())
    error = auc_error(found, positives, len(labels) - positives)
    return Ranking(received[0], received[-1], len(labels), found, error)


def auc_error(found: float, positives: int, negatives: int) -> float:
    """The standard error of an AUC (Hanley and McNeil 1982)."""
    square = found**2
    up, down = found / (2 - found) - square, 2 * square / (1 + found) - square
    spread = found * (1 - found) + (positives - 1) * up + (negatives - 1) * down
    return float(np.sqrt(max(spread, 0.0) / (positives * negatives)))
