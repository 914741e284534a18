"""One number for one buyer, drawn towards that of its group: maximum likelihood with a normal prior. Pure.

The offset maximises the log-likelihood of the labels under sigmoid(margin + offset), less
(offset - towards)^2 / (2 SPREAD^2). Its derivative falls all the way, so Newton's method finds the one maximum.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from scoring.metrics import Labels
from scoring.platt import Floats, sigmoid

SPREAD: Final = 0.5
"""How far, in log-odds, buyers of one group usually differ: the standard deviation of the prior."""
_FURTHEST: Final = 6.0
_STEPS: Final = 50


def draw_offset(margins: Floats, labels: Labels, *, towards: float) -> float:
    """The offset of whoever gave these labels to leads of these log-odds; `towards` itself without any."""
    offset, precision = towards, 1 / SPREAD**2
    for _ in range(_STEPS):
        chances = sigmoid(margins + offset)
        slope = float((labels - chances).sum()) - precision * (offset - towards)
        bend = float((chances * (1 - chances)).sum()) + precision
        step = float(np.clip(slope / bend, -1.0, 1.0))
        offset = float(np.clip(offset + step, -_FURTHEST, _FURTHEST))
        if abs(step) < 1e-9:
            break
    return offset


def shrunk_rate(labels: Sequence[bool] | Labels, *, towards: float, weight: float) -> float:
    """The share of true labels, as if `weight` more of them had come at the rate `towards`."""
    return (float(np.sum(labels)) + weight * towards) / (len(labels) + weight)
