"""Whether a model can be trusted technically: web processes say what the library says, at once, and fail at nothing."""

from collections.abc import Mapping, Sequence
from time import thread_time
from typing import Final

import numpy as np

from scoring.features import Feature
from scoring.gate import LARGEST_BYTES, LATENCY_MS, Check
from scoring.models import Model
from scoring.prediction import chances_of
from scoring.sealing import BadModel
from scoring.serving import load_model

_SAME: Final = 1e-5
"""How far a probability may be from what the library says of the same bytes, which it adds up in 32 bits."""
_TIMED: Final = 300
STRANGE: Final[Sequence[Mapping[str, Feature]]] = (
    {},
    dict.fromkeys(("state", "phone", "source", "vertical"), "never seen before"),
    dict.fromkeys(("local_hour", "consent_age_minutes", "filled_share"), "no number"),
    dict.fromkeys(("state", "phone", "email"), 17),
)
"""Leads with nothing known, with values nobody saw before, and with values of wrong types."""


def check_soundness(model: Model, rows: Sequence[Mapping[str, Feature]]) -> list[Check]:
    """The technical checks of the gate, on these leads. Latency is CPU time: a busy machine refuses no model."""
    sample = [*rows[:_TIMED], *STRANGE]
    try:
        scorer, asked = load_model(model), chances_of(model, sample, target=model.target)
    except (BadModel, ImportError, ValueError, TypeError, LookupError) as error:
        return [Check("loads", False, {"error": str(error)[:200]})]
    taken, apart = [], 0.0
    for row, chance in zip(sample, asked, strict=True):
        began = thread_time()
        scored = scorer.score(row)
        taken.append(1000 * (thread_time() - began))
        apart = max(apart, abs(scored.probability - float(chance)))
    p99 = float(np.quantile(taken, 0.99, method="inverted_cdf"))
    return [
        Check("loads", True, {}),
        Check("reloads_the_same", apart <= _SAME, {"apart": apart}),
        Check("latency", p99 < LATENCY_MS, {"p99_ms": round(p99, 3)}),
        Check("size", len(model.body) <= LARGEST_BYTES, {"bytes": len(model.body)}),
    ]
