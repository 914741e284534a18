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
    """Leads with what a model says of them; `labels` are NaN where nothing has matured, `groups` "" where unknown."""

    rows: Sequence[Mapping[str, Feature]]
    chances: Floats
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
    parts = [{"group": group, **_group(people, groups == group, thresholds)} for group in shown]
    for threshold in map(str, thresholds):
        highest = max((part["selected"][threshold] for part in parts), default=0.0)
        for part in parts:
            part["ratio"][threshold] = round(part["selected"][threshold] / highest, 4) if highest else 1.0
    return {
        "unknown": len(groups) - counts.total(),
        "groups": parts,
        "proxy_auc": _proxy_strength(people.rows, groups, shown, names),
    }


def _group(people: Population, members: Any, thresholds: Sequence[int]) -> dict[str, Any]:
    scores = np.rint(100 * people.chances[members])
    judged = members & ~np.isnan(people.labels)
    known = group_of(people.chances[judged], people.labels[judged].astype(bool)) if judged.any() else None
    return {
        "leads": int(members.sum()),
        "selected": {str(threshold): round(float((scores >= threshold).mean()), 4) for threshold in thresholds},
        "ratio": {},
        "outcomes": known.leads if known else 0,
        "mean": round(known.mean, 4) if known else None,
        "rate": round(known.rate, 4) if known else None,
        "error": round(known.error, 4) if known else None,
    }


def _proxy_strength(rows: Sequence[Mapping[str, Feature]], groups: Any, shown: Sequence[str], names: Sequence[str]) -> (
    dict[str, float]
):
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


def worst_ratio(report: Mapping[str, Any], attribute: str) -> float:
    """The least ratio of any group at any threshold; 1 where there is none."""
    groups = report.get("attributes", {}).get(attribute, {}).get("groups", ())
    return min((ratio for part in groups for ratio in part["ratio"].values()), default=1.0)


def fairness_checks(challenger: Mapping[str, Any], champion: Mapping[str, Any]) -> list[Check]:
    """Checks of the gate: in no attribute is the worst ratio of the challenger below four fifths and the champion's.

    A loss of 0.05 is within what two samples differ by.
    """
    checks = []
    for attribute in challenger.get("attributes", {}):
        after, before = worst_ratio(challenger, attribute), worst_ratio(champion, attribute)
        passed = after >= min(FOUR_FIFTHS, before - _MAY_LOSE)
        checks.append(Check(f"fairness_{attribute}", passed, {"worst_ratio": after, "champion": before}))
    return checks
