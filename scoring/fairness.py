"""Whether a model treats groups of people alike: a report of figures, for people to judge. Pure but for the library.

Leaving a field out is not enough, since others may stand for it: so the report also says how well the model's own
features tell the groups apart. No lead is named in it, and no group of fewer than a hundred.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scoring.calibration import group_of
from scoring.features import Feature
from scoring.gate import Check
from scoring.learning import TooFewOutcomes, learn
from scoring.platt import Floats

FEWEST_IN_GROUP: Final = 100
FOUR_FIFTHS: Final = 0.8
"""Below this ratio of selection rates the customary rule sees adverse impact (29 CFR 1607.4)."""
USUAL_THRESHOLD: Final = 50
"""Looked at where no contract asks for a score."""
_MAY_LOSE: Final = 0.05
_SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Population:
    """Leads with what a model says of them, and what is in charge now; `labels` are NaN where nothing has matured.

    `groups` names, by attribute, the group of each lead; "" where it is not known.
    """

    rows: Sequence[Mapping[str, Feature]]
    chances: Floats
    incumbent: Floats
    labels: Floats
    groups: Mapping[str, Sequence[str]]


def fairness_report(people: Population, *, thresholds: Sequence[int], names: Sequence[str]) -> dict[str, Any]:
    """For each attribute its groups: selection rates at the thresholds, calibration, and the strength of proxies.

    `names` are the features that the model looks at. A ratio is that of a group's selection rate to the highest.
    """
    asked = sorted(set(thresholds)) or [USUAL_THRESHOLD]
    return {
        "leads": len(people.rows),
        "thresholds": asked,
        "attributes": {name: _attribute(people, name, asked, names) for name in sorted(people.groups)},
    }


def _attribute(people: Population, name: str, thresholds: Sequence[int], names: Sequence[str]) -> dict[str, Any]:
    groups = np.array(people.groups[name], dtype=object)
    counts = Counter(group for group in groups if group)
    shown = sorted(group for group, leads in counts.items() if leads >= FEWEST_IN_GROUP)
    ratios, before = (_ratios(chances, groups, shown, thresholds) for chances in (people.chances, people.incumbent))
    parts = [{"group": group, **_group(people, groups == group), **ratios[group]} for group in shown]
    return {
        "unknown": len(groups) - counts.total(),
        "groups": parts,
        "worst_ratio": _worst(ratios),
        "worst_ratio_before": _worst(before),
        "proxy_auc": _proxy_strength(people.rows, groups, shown, names),
    }


def _ratios(chances: Floats, groups: Any, shown: Sequence[str], thresholds: Sequence[int]) -> dict[str, dict[str, Any]]:
    """For each group its selection rate at each threshold, and the ratio of that to the highest."""
    scores = np.rint(100 * chances)
    found: dict[str, dict[str, Any]] = {group: {"selected": {}, "ratio": {}} for group in shown}
    for threshold in thresholds:
        rates = {group: float((scores[groups == group] >= threshold).mean()) for group in shown}
        highest = max(rates.values(), default=0.0)
        for group, rate in rates.items():
            found[group]["selected"][str(threshold)] = round(rate, 4)
            found[group]["ratio"][str(threshold)] = round(rate / highest, 4) if highest else 1.0
    return found


def _worst(ratios: Mapping[str, Mapping[str, Any]]) -> float | None:
    """None where there are no two groups to compare."""
    if len(ratios) < 2:
        return None
    return min(float(ratio) for part in ratios.values() for ratio in part["ratio"].values())


def _group(people: Population, members: Any) -> dict[str, Any]:
    """How many leads of a group there are, and how their predictions came true."""
    judged = members & ~np.isnan(people.labels)
    known = group_of(people.chances[judged], people.labels[judged].astype(bool)) if judged.any() else None
    return {
        "leads": int(members.sum()),
        "outcomes": known.leads if known else 0,
        "mean": round(known.mean, 4) if known else None,
        "rate": round(known.rate, 4) if known else None,
        "error": round(known.error, 4) if known else None,
    }


def _proxy_strength(
    rows: Sequence[Mapping[str, Feature]], groups: Any, shown: Sequence[str], names: Sequence[str]
) -> dict[str, float]:
    """How well the features tell each group from the rest: AUC of an additive model out of fold; 0.5 is not at all."""
    known = np.array([bool(group) for group in groups], dtype=bool)
    people = [row for row, kept in zip(rows, known, strict=True) if kept]
    found = {}
    for group in shown:
        try:
            fitted = learn(people, groups[known] == group, seed=_SEED, stage="additive", names=names)
        except TooFewOutcomes:
            continue
        found[group] = round(float(fitted.metrics["auc"]), 4)
    return found


def fairness_checks(report: Mapping[str, Any]) -> list[Check]:
    """Checks of the gate: in no attribute is the worst ratio below four fifths and below what it was before.

    What is compared are the same leads; a loss of 0.05 is within what a sample says. Where no two groups have a hundred
    leads there is nothing to hold against a model, and the ratio is None.
    """
    checks = []
    for attribute, found in report.get("attributes", {}).items():
        after, before = found["worst_ratio"], found["worst_ratio_before"]
        passed = after is None or after >= min(FOUR_FIFTHS, before - _MAY_LOSE)
        checks.append(Check(f"fairness_{attribute}", passed, {"worst_ratio": after, "before": before}))
    return checks
