"""The score of a lead by an additive points table: transparent from the first lead, before there is anything to learn.

One point is a hundredth of log-odds that the lead will be sold and stick. Base and points are whole numbers until the
last step, so they add up to the log-odds exactly; the score is the probability in per cent. Whatever scorer comes later
answers in the same values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp
from typing import Any, Final, Protocol

from scoring.features import Feature
from scoring.points import BASES, RULES, USUAL_BASE, VERSION
from scoring.rules import Points, Rule

SHOWN_REASONS = 3
"""How many reasons are shown for each direction."""
LEAST_EFFECT = 0.05
"""Effects smaller than this many log-odds are not worth a sentence."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one signal did to the score: a stable code, a sentence, and the effect in log-odds, above zero for good."""

    code: str
    text: str
    effect: float

    def record(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"code": self.code, "text": self.text, "effect": self.effect}


def grade_of(percentile: int | None) -> str | None:
    """A for the best quarter of the latest leads, down to D; None while nobody knows how the lead stands."""
    return None if percentile is None else "DCBA"[percentile // 25]


@dataclass(frozen=True, slots=True)
class Scored:
    """A score from 0 to 100 with what made it: `contributions` by signal and `base` add up to `log_odds`.

    `reasons` tells the strongest contributions, at most three up and three down, strongest first. `percentile` is the
    share of the agency's latest leads of this type that scored lower, in per cent; None while they are too few.
    `return_probability` is that of a buyer giving the lead back once it took it, `conversion_probability` that a buyer
    reports a conversion; each is None before anything is known of it.
    `calibrated` says whether outcomes bear the probability out; where not, prices must not be reckoned from it.
    `micros` is how many microseconds it took, where somebody measured.
    """

    score: int
    probability: float
    log_odds: float
    base: float
    contributions: Mapping[str, float]
    reasons: tuple[Reason, ...]
    stage: str
    model: str
    percentile: int | None = None
    return_probability: float | None = None
    conversion_probability: float | None = None
    calibrated: bool = False
    micros: int | None = field(default=None, compare=False)


class Scorer(Protocol):
    """Anything that turns features into a score with reasons."""

    def score(self, features: Mapping[str, Feature]) -> Scored:
        """The score of a lead with these features. Never fails, whatever is missing."""
        ...


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One version of the points table, shared by threads. Implements Scorer."""

    version: str
    bases: Mapping[str, int]
    usual_base: int
    rules: tuple[Rule, ...]

    def score(self, features: Mapping[str, Feature]) -> Scored:
        """The score of a lead with these features; what is not known is worth nothing, or what its absence is worth."""
        signals: dict[str, list[Points]] = {}
        sums: dict[str, int] = {}
        for rule in self.rules:
            if line := rule.line(features.get(rule.feature)):
                signals.setdefault(rule.signal, []).append(line)
                sums[rule.signal] = sums.get(rule.signal, 0) + line.points
        base = self.bases.get(str(features.get("vertical")), self.usual_base)
        log_odds = (base + sum(sums.values())) / 100
        probability = 1 / (1 + exp(-log_odds))
        return Scored(
            score=round(100 * probability),
            probability=round(probability, 6),
            log_odds=log_odds,
            base=base / 100,
            contributions={signal: points / 100 for signal, points in sums.items()},
            reasons=strongest(_reason(lines, sums[signal]) for signal, lines in signals.items()),
            stage="rules",
            model=self.version,
        )


def _reason(lines: Sequence[Points], total: int) -> Reason:
    """What the lines of one signal come to, told by the strongest of those that pull the same way."""
    direction = 1 if total > 0 else -1
    told = max(lines, key=lambda line: line.points * direction) if len(lines) > 1 else lines[0]
    return Reason(f"{told.code}_{'UP' if total > 0 else 'DOWN'}", told.text, total / 100)


def strongest(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons worth telling: of 0.05 log-odds or more, three each way at most, the strongest first."""
    telling = [reason for reason in reasons if abs(reason.effect) >= LEAST_EFFECT]
    telling.sort(key=lambda reason: (-abs(reason.effect), reason.code))
    up = [reason for reason in telling if reason.effect > 0][:SHOWN_REASONS]
    down = [reason for reason in telling if reason.effect < 0][:SHOWN_REASONS]
    return tuple(sorted(up + down, key=lambda reason: (-abs(reason.effect), reason.code)))


SCORECARD: Final = Scorecard(VERSION, BASES, USUAL_BASE, RULES)
"""The scorer of the cold start."""
