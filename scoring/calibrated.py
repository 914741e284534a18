"""The scorecard through two numbers learned from outcomes: the second stage, which needs no library. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import exp

from scoring.features import Feature
from scoring.scorecard import SCORECARD, Reason, Scored, strongest
from scoring.telling import AGENCY


@dataclass(frozen=True, slots=True)
class CalibratedScorecard:
    """Implements scoring.scorecard.Scorer: the points of the scorecard, scaled and shifted to what really happened."""

    slope: float
    intercept: float
    stage: str
    model: str

    def score(self, features: Mapping[str, Feature]) -> Scored:
        """The score of a lead with these features. Never fails, whatever is missing."""
        ruled = SCORECARD.score(features)
        base = self.slope * ruled.base + self.intercept
        contributions = {signal: self.slope * value for signal, value in ruled.contributions.items()}
        if AGENCY in features:  # as in scoring.learned
            contributions[AGENCY], base = base, 0.0
        log_odds = base + sum(contributions.values())
        probability = 1 / (1 + exp(-log_odds))
        scaled = (Reason(told.code, told.text, round(told.effect * self.slope, 4)) for told in ruled.reasons)
        return replace(
            ruled,
            score=round(100 * probability),
            probability=probability,
            log_odds=log_odds,
            base=base,
            contributions=contributions,
            reasons=strongest(scaled),
            stage=self.stage,
            model=self.model,
        )
