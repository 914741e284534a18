"""Whether a model can be trusted technically: it loads again to the same answers, fails at nothing, is quick."""

from collections.abc import Mapping, Sequence
from time import thread_time
from typing import Final

from scoring.features import Feature
from scoring.gate import LARGEST_BYTES, LATENCY_MS, Check
from scoring.models import Model
from scoring.sealing import BadModel
from scoring.serving import load_model

_SAME: Final = 1e-6
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
    try:
        first, again = load_model(model), load_model(model)
    except (BadModel, ImportError, ValueError, TypeError, LookupError) as error:
        return [Check("loads", False, {"error": str(error)[:200]})]
    sample = [*rows[:_TIMED], *STRANGE]
    taken, apart = [], 0.0
    for row in sample:
        began = thread_time()
        scored = first.score(row)
        taken.append(1000 * (thread_time() - began))
        apart = max(apart, abs(scored.probability - again.score(row).probability))
    p99 = sorted(taken)[max(int(0.99 * len(taken)) - 1, 0)]
    return [
        Check("loads", True, {}),
        Check("reloads_the_same", apart <= _SAME, {"apart": apart}),
        Check("latency", p99 < LATENCY_MS, {"p99_ms": round(p99, 3)}),
        Check("size", len(model.body) <= LARGEST_BYTES, {"bytes": len(model.body)}),
    ]
