"""What an agency is shown of a model: all of its own, and of one that it shares only what is listed here.

Of two agencies that share, either could subtract its own leads from any count, mean or span of time, and a field's name
tells what the other asks. So nothing of a shared model is passed on that this file does not name.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from accounts.principals import Principal
from core.clock import now
from routing.models import LeadType
from scoring.features import Origin, Profile, features_of
from scoring.models import Model, Policy
from scoring.registry import features_used
from scoring.vocabulary import parts_of

_TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "log_loss": ("champion_auc", "challenger_auc"),
    "latency": ("p99_ms",),
    "size": ("bytes",),
    "reloads_the_same": ("apart",),
}
"""The figures of checks that are about the model alone, or how well it ranks."""
_FAIR: Final = "fairness"


@dataclass(frozen=True, slots=True)
class Member:
    """What an agency brings to a lead type whose model it shares: the features of its own leads, and its policy."""

    features: Set[str] = frozenset()
    compared: Set[str] = frozenset()
    regulation: str = ""

    def own(self, names: Iterable[str]) -> list[str]:
        """Those of the features that its leads have too."""
        return [name for name in names if self.features >= parts_of(name)]


@dataclass(frozen=True, slots=True)
class ShownModel:
    """A model as an agency sees it; None stands for what is of several agencies."""

    model: Model
    rows: int | None
    positives: int | None
    trained_from: datetime | None
    trained_to: datetime | None
    features: list[str]
    metrics: Mapping[str, Any]
    training: list[Mapping[str, Any]]
    gate: Mapping[str, Any] | None
    fairness: Mapping[str, Any]
    promoted_by: str

    @property
    def shared(self) -> bool:
        """Whether agencies that opted in share it."""
        return self.model.agency_id is None


def members_of(principal: Principal) -> dict[str, Member]:
    """What the agency brings to each of its lead types, by name. Three statements."""
    policies = {row.lead_type: row for row in Policy.objects.visible_to(principal)}
    types = LeadType.objects.visible_to(principal).prefetch_related("fields")
    return {one.name: _member(one, policies.get(one.name)) for one in types}


def features_of_type(lead_type: LeadType) -> set[str]:
    """The names of the features that leads of this type have."""
    profile = Profile.of(lead_type.name, lead_type.fields.all())
    return {*features_of({}, flags=frozenset(), received_at=now(), profile=profile, origin=Origin("", ""))}


def _member(lead_type: LeadType, policy: Policy | None) -> Member:
    features = frozenset((*features_of_type(lead_type), "agency"))
    compared = frozenset(policy.compared if policy else ())
    return Member(features, compared, policy.regulation if policy else "")


def shown_model(model: Model, members: Mapping[str, Member]) -> ShownModel:
    """The model as the agency of these `members` sees it."""
    if model.agency_id is None:
        return _of_many(model, members.get(model.lead_type, Member()))
    report = model.report
    return ShownModel(
        model=model,
        rows=model.rows,
        positives=model.positives,
        trained_from=model.trained_from,
        trained_to=model.trained_to,
        features=features_used(model),
        metrics=model.metrics,
        training=report.get("training", []),
        gate={**report["gate"], "judged_at": report["judged_at"]} if "gate" in report else None,
        fairness=model.fairness,
        promoted_by=model.promoted_by,
    )


def _of_many(model: Model, member: Member) -> ShownModel:
    report, found = model.report, model.metrics.get("out_of_fold", {})
    return ShownModel(
        model=model,
        rows=None,
        positives=None,
        trained_from=None,
        trained_to=None,
        features=member.own(features_used(model)),
        metrics={"out_of_fold": {"auc": found["auc"]}} if "auc" in found else {},
        training=_checks(report.get("training", ()), member),
        gate=_verdict(report, member) if "gate" in report else None,
        fairness=_fairness(model.fairness, member) if model.fairness else {},
        promoted_by=model.promoted_by if model.promoted_by.startswith("system:") else "",
    )


def _verdict(report: Mapping[str, Any], member: Member) -> dict[str, Any]:
    gate = report["gate"]
    return {
        "passed": gate["passed"],
        "automatic": gate["automatic"],
        "judged_at": report["judged_at"],
        "checks": _checks(gate["checks"], member),
    }


def _checks(checks: Iterable[Mapping[str, Any]], member: Member) -> list[Mapping[str, Any]]:
    """The checks with the figures that may be told; those of fairness that only others ask for are one."""
    shown: list[Mapping[str, Any]] = []
    others = []
    for check in checks:
        kind, _, attribute = check["name"].partition("_")
        if kind == _FAIR and attribute not in member.compared:
            others.append(check["passed"])
        else:
            names = ("worst_ratio", "before") if kind == _FAIR else _TOLD.get(check["name"], ())
            figures = {name: check["figures"][name] for name in names if name in check["figures"]}
            shown.append({"name": check["name"], "passed": check["passed"], "figures": figures})
    return [*shown, {"name": _FAIR, "passed": all(others), "figures": {}}] if others else shown


def _fairness(report: Mapping[str, Any], member: Member) -> dict[str, Any]:
    """Worst ratios of what the agency itself compares, its own law, and what of its own leads is barred."""
    return {
        "attributes": {
            name: {"worst_ratio": found["worst_ratio"], "worst_ratio_before": found["worst_ratio_before"]}
            for name, found in report["attributes"].items()
            if name in member.compared
        },
        "regulations": [member.regulation] if member.regulation else [],
        "features": member.own(report["features"]),
        "barred": member.own(report["barred"]),
        "made_at": report["made_at"],
    }
