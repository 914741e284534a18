"""What a buyer is expected to do with a lead: the model's word on the lead, and how this buyer differs from the others.

    P(accept by b) = sigmoid(logit P(accept) + a_b)         P(return by b | accepted) = sigmoid(logit P(return) + r_b)

The score is the probability that a lead is accepted and not returned, so that of its being accepted is the score's over
one less that of a return. Where the score is not calibrated, or is of another model than the one that buyers were
compared with, the buyer's own record decides for every lead alike. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from typing import Final, NamedTuple
from uuid import UUID

from scoring.scorecard import Scored

_LEAST: Final = 1e-6
"""Nothing is impossible, and nothing is certain."""


class Expected(NamedTuple):
    """How likely a buyer is to accept a lead, and having done so to return it; `basis` is `model` or `record`."""

    accept: float
    returned: float
    basis: str


class Habits(NamedTuple):
    """What a buyer does: in general (rates), and beyond what the model says of each lead (offsets in log-odds)."""

    accept_rate: float
    return_rate: float
    accept_offset: float = 0.0
    return_offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Expectations:
    """The habits of an agency's buyers of one lead type, and `usual`: those of anybody too new to have any.

    Offsets count beside scores by `model` alone.
    """

    model: str
    usual: Habits
    buyers: Mapping[UUID, Habits]

    def of(self, scored: Scored, buyer_id: UUID) -> Expected:
        """What this buyer is expected to do with a lead of this score."""
        habits = self.buyers.get(buyer_id, self.usual)
        if scored.model != self.model or not scored.calibrated:
            return Expected(habits.accept_rate, habits.return_rate, "record")
        accept, returned = lead_chances(scored, self.usual.return_rate)
        return Expected(
            sigmoid(logit(accept) + habits.accept_offset), sigmoid(logit(returned) + habits.return_offset), "model"
        )


def lead_chances(scored: Scored, usual_return: float) -> tuple[float, float]:
    """How likely any buyer is to accept the lead, and to return it then; the usual where no model speaks of returns."""
    returned = usual_return if scored.return_probability is None else scored.return_probability
    return min(scored.probability / max(1 - returned, _LEAST), 1.0), returned


def logit(probability: float) -> float:
    """Log-odds, of no more than one in a million."""
    kept = min(max(probability, _LEAST), 1 - _LEAST)
    return log(kept / (1 - kept))


def sigmoid(log_odds: float) -> float:
    """The probability of these log-odds."""
    return 1 / (1 + exp(-log_odds))
