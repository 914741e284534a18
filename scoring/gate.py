"""Whether a challenger may take over: on leads that came after it was trained, forward in time. Pure.

A gate is a list of checks, each with what was found, so that a person can read why a model was refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from scoring.metrics import Labels, better_by, ece, ece_by_chance, log_losses, summary
from scoring.platt import Floats

FEWEST_TO_JUDGE: Final = 100
"""Matured outcomes of the rarer kind before a challenger is judged."""
FEWEST_FOR_AUTOMATIC: Final = 300
"""Before it is promoted without a person."""
SIMPLER_MAY_LOSE: Final = 0.005
SEGMENT_MAY_LOSE: Final = 0.05
FEWEST_IN_SEGMENT: Final = 100
LATENCY_MS: Final = 20.0
LARGEST_BYTES: Final = 5 * 1024 * 1024
TECHNICAL: Final = frozenset(("allowed", "loads", "reloads_the_same", "latency", "size"))
REPORT: Final = "fairness_report"
"""Fails where what agencies compare is in no fairness report of these days."""
_ROOM: Final = 2.0  # standard errors


@dataclass(frozen=True, slots=True)
class Check:
    """One question of the gate: its answer, and the figures behind it."""

    name: str
    passed: bool
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks. `passed` where each one is; `automatic` where the evidence is enough without a person."""

    checks: tuple[Check, ...]
    automatic: bool

    @property
    def passed(self) -> bool:
        """Whether the challenger may take over."""
        return all(check.passed for check in self.checks)

    @property
    def hopeless(self) -> bool:
        """Whether waiting cannot help: enough was seen, or the fault is the model's own. A report may yet come."""
        failed = {check.name for check in self.checks if not check.passed} - {REPORT}
        return bool(failed) and (self.automatic or bool(failed & TECHNICAL))

    def record(self) -> dict[str, Any]:
        """As it is kept with the model."""
        return {
            "passed": self.passed,
            "automatic": self.automatic,
            "checks": [asdict(check) for check in self.checks],
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """What champion and challenger say of the same later leads, and what became of these.

    `trained` is how many leads the challenger was trained on: it cannot know the level better than they tell it.
    `segments` names, by kind, the group of each lead. `lenient` where the challenger is the simpler model, or the
    champion older than 90 days: then not worse is enough.
    """

    labels: Labels
    challenger: Floats
    champion: Floats
    trained: int
    segments: Mapping[str, Sequence[str]]
    lenient: bool
    seed: int


def judge(trial: Trial, *, technical: Sequence[Check], fairness: Sequence[Check] = ()) -> Verdict:
    """The verdict on a challenger. `technical` and `fairness` are checks made elsewhere."""
    positives = int(trial.labels.sum())
    rarer = min(positives, len(trial.labels) - positives)
    checks = (*technical, *fairness)
    if rarer > 0:
        checks = (_sharper(trial), _honest_mean(trial), _honest_bands(trial), *_segments(trial), *checks)
    enough = Check("enough_outcomes", rarer >= FEWEST_TO_JUDGE, {"rarer": rarer, "leads": len(trial.labels)})
    return Verdict((enough, *checks), automatic=rarer >= FEWEST_FOR_AUTOMATIC)


def _sharper(trial: Trial) -> Check:
    """Log loss better: the lower 90 % bound of a paired bootstrap is above zero."""
    champion, challenger = (log_losses(one, trial.labels) for one in (trial.champion, trial.challenger))
    low, high = better_by(champion, challenger, seed=trial.seed)
    before, after = float(champion.mean()), float(challenger.mean())
    passed = low > 0 or (trial.lenient and after <= before * (1 + SIMPLER_MAY_LOSE))
    auc = {"champion_auc": summary(trial.champion, trial.labels)["auc"]}
    auc["challenger_auc"] = summary(trial.challenger, trial.labels)["auc"]
    figures = {"champion": before, "challenger": after, "gain_low": low, "gain_high": high, "lenient": trial.lenient}
    return Check("log_loss", passed, figures | auc)


def _honest_mean(trial: Trial) -> Check:
    """The mean prediction lies within two standard errors of the rate: those of the leads judged and learned from."""
    mean, rate = float(trial.challenger.mean()), float(trial.labels.mean())
    spread = float((trial.challenger * (1 - trial.challenger)).mean())
    error = float(np.sqrt(spread / len(trial.labels) + spread / max(trial.trained, 1)))
    return Check("mean", abs(mean - rate) <= _ROOM * error, {"mean": mean, "rate": rate, "standard_error": error})


def _honest_bands(trial: Trial) -> Check:
    """The calibration error is one that chance alone would give."""
    found = ece(trial.challenger, trial.labels)
    by_chance = ece_by_chance(trial.challenger, seed=trial.seed, trained=trial.trained)
    return Check("calibration", found <= by_chance, {"ece": found, "by_chance": by_chance})


def _segments(trial: Trial) -> list[Check]:
    """No group of 100 outcomes or more gets a log loss that is worse by more than 5 %."""
    champion, challenger = (log_losses(one, trial.labels) for one in (trial.champion, trial.challenger))
    checks = []
    for kind, groups in sorted(trial.segments.items()):
        named = np.array(groups, dtype=object)
        worse = {}
        for group in sorted(set(groups)):
            members = named == group
            if members.sum() >= FEWEST_IN_SEGMENT:
                change = float(challenger[members].mean() / max(champion[members].mean(), 1e-12)) - 1
                if change > SEGMENT_MAY_LOSE:
                    worse[group] = round(change, 4)
        checks.append(Check(f"segments_{kind}", not worse, {"worse": worse}))
    return checks
