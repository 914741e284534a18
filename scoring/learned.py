"""The score of a lead by a fitted model, with exact reasons. Built whole, then shared by threads and never changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import exp
from typing import Any, Final

from scoring.features import Feature
from scoring.scorecard import LEAST_EFFECT, Reason, Scored, strongest
from scoring.shapley import ShapleyTable
from scoring.telling import AGENCY, signal_of, tell, told_as
from scoring.vocabulary import Vocabulary

_PLACES: Final = 9
"""Decimals that contributions keep; they still add up to the log-odds, which are summed from them."""


@dataclass(frozen=True, slots=True)
class LearnedScorer:
    """Implements scoring.scorecard.Scorer by trees and a calibration: `slope` and `intercept` over their margin."""

    table: ShapleyTable
    vocabulary: Vocabulary
    slope: float
    intercept: float
    stage: str
    model: str

    def score(self, features: Mapping[str, Feature]) -> Scored:
        """The score of a lead with these features. Never fails, whatever is missing."""
        values = self.table.contributions(self.vocabulary.encode(features))
        signals: dict[str, list[tuple[str, float]]] = {}
        for name, value in zip(self.vocabulary.names, values, strict=True):
            told = told_as(name, features)
            signals.setdefault(signal_of(told), []).append((told, value * self.slope))
        base = round(self.table.base * self.slope + self.intercept, _PLACES)
        if AGENCY in features:  # what all agencies' leads start from tells each of two what the other's do
            signals.setdefault(AGENCY, []).append((AGENCY, base))
            base = 0.0
        totals = {signal: round(sum(value for _, value in parts), _PLACES) for signal, parts in signals.items()}
        log_odds = base + sum(totals.values())
        probability = 1 / (1 + exp(-log_odds))
        return Scored(
            score=round(100 * probability),
            probability=probability,
            log_odds=log_odds,
            base=base,
            contributions=totals,
            reasons=strongest(_told(signals, totals, features)),
            stage=self.stage,
            model=self.model,
        )


def _told(
    signals: Mapping[str, list[tuple[str, float]]], totals: Mapping[str, float], features: Mapping[str, Feature]
) -> Iterator[Reason]:
    """The reasons that are large enough to be shown; for the others no sentence is made."""
    for signal, parts in signals.items():
        effect = round(totals[signal], 4)
        if abs(effect) >= LEAST_EFFECT:
            yield Reason(*tell(parts, features, effect), effect)


def load_learned(
    *, leaves: bytes, spec: list[dict[str, Any]], slope: float, intercept: float, stage: str, model: str
) -> LearnedScorer:
    """A stored model, ready to score: loaded and asked once before anybody sees it.

    `leaves` are those of `scoring.leaves`. Raises ValueError, TypeError and LookupError for anything else.
    """
    vocabulary = Vocabulary.from_record(spec)
    scorer = LearnedScorer(ShapleyTable(leaves), vocabulary, slope, intercept, stage, model)
    scorer.score({})
    return scorer
