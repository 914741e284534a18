"""Fairness reports of stored models, from the groups that are lawfully known; and the groups' own table."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np

from core.clock import rfc3339
from scoring.allowed import allowed_features
from scoring.examples import features_of_leads
from scoring.fairness import Population, fairness_report
from scoring.features import Feature
from scoring.models import Belonging, Model, Outcome, Policy, Target
from scoring.platt import Floats
from scoring.policies import regulations_of
from scoring.prediction import chances_of
from scoring.registry import champion_of, features_used, scope_of
from scoring.scopes import Scope

WINDOW: Final = timedelta(days=90)
MOST: Final = 5_000
_BATCH: Final = 500


def report_fairness(*, model: Model, now: datetime) -> dict[str, Any]:
    """Opens a transaction. Write the model's fairness report anew, on the leads of 90 days, and give it back.

    Trains additive models where groups are known: never call it in a web process.
    """
    scope = scope_of(model)
    policies = list(Policy.objects.filter(agency__in=scope.agencies, lead_type=scope.lead_type))
    refs = _recent(scope, now)
    people = population_of(model, refs, attributes=sorted({name for one in policies for name in one.compared}))
    thresholds = [score for policy in policies for score in policy.thresholds]
    if model.target != Target.STUCK and people.rows:  # contracts ask for scores alone; here, for the better half
        thresholds = [round(100 * float(np.median(people.chances)))]
    report = {
        **fairness_report(people, thresholds=thresholds, names=features_used(model)),
        "regulations": regulations_of(policies),
        "features": features_used(model),
        "barred": _barred(people.rows, policies),
        "made_at": rfc3339(now),
    }
    Model.objects.filter(pk=model.pk).update(fairness=report)
    model.fairness = report
    return report


def population_of(model: Model, lead_refs: Sequence[tuple[UUID, UUID]], *, attributes: Sequence[str]) -> Population:
    """These leads (each with its agency) as the model sees them, with outcomes and groups. A few statements.

    Of a model of returns the chances are those that a lead is kept.
    """
    known = features_of_leads(lead_ref for lead_ref, _ in lead_refs)
    kept = [(lead_ref, agency_id) for lead_ref, agency_id in lead_refs if lead_ref in known]
    refs = [lead_ref for lead_ref, _ in kept]
    scope = scope_of(model)
    rows = [scope.seen(known[lead_ref], agency_id) for lead_ref, agency_id in kept]
    labels = _labels(refs, model.target)
    groups = _groups(refs, attributes)
    known_labels = np.array([labels.get(ref, np.nan) for ref in refs], dtype=np.float64)
    good = _kept if model.target == Target.RETURNED else _as_said
    return Population(
        rows=rows,
        chances=good(_said(model, rows, model.target)),
        incumbent=good(_said(champion_of(scope), rows, model.target)),
        labels=good(known_labels),
        groups={name: [groups.get((ref, name), "") for ref in refs] for name in attributes},
    )


def _as_said(chances: Floats) -> Floats:
    return chances


def _kept(chances: Floats) -> Floats:
    """What is wished for is not to be given back: so groups are compared by that."""
    return 1 - chances


def _said(model: Model | None, rows: Sequence[Mapping[str, Feature]], target: str) -> Floats:
    return chances_of(model, rows, target=target) if rows else np.empty(0)


def _recent(scope: Scope, now: datetime) -> list[tuple[UUID, UUID]]:
    """The latest leads of the scope, whether or not anything has become of them."""
    outcomes = Outcome.objects.filter(agency__in=scope.agencies, lead_type=scope.lead_type, target=scope.target)
    rows = outcomes.filter(received_at__gt=now - WINDOW).order_by("-received_at", "-id")
    return list(rows.values_list("lead_ref", "agency_id")[:MOST])


def _labels(refs: Sequence[UUID], target: str) -> dict[UUID, float]:
    found: dict[UUID, float] = {}
    for start in range(0, len(refs), _BATCH):
        rows = Outcome.objects.filter(lead_ref__in=refs[start : start + _BATCH], target=target)
        found |= {ref: float(label) for ref, label in rows.values_list("lead_ref", "label")}
    return found


def _groups(refs: Sequence[UUID], attributes: Sequence[str]) -> dict[tuple[UUID, str], str]:
    found: dict[tuple[UUID, str], str] = {}
    for start in range(0, len(refs) if attributes else 0, _BATCH):
        rows = Belonging.objects.filter(lead_ref__in=refs[start : start + _BATCH], attribute__in=attributes)
        found |= {(ref, name): group for ref, name, group in rows.values_list("lead_ref", "attribute", "group")}
    return found


def _barred(rows: Iterable[Mapping[str, Feature]], policies: Sequence[Policy]) -> list[str]:
    """Features that the leads have and that this trade's law or the agency's wish keeps from the model."""
    names = {name for row in rows for name in row}
    excluded = [name for policy in policies for name in policy.kept_out]
    return sorted(names.difference(allowed_features(names, regulations=regulations_of(policies), excluded=excluded)))


def keep_belongings(rows: Iterable[Belonging]) -> None:
    """Opens a transaction. Write down which groups leads' people belong to; what is known already stays."""
    Belonging.objects.bulk_create(list(rows), batch_size=_BATCH, ignore_conflicts=True)


def without_belonging(*, agency_id: UUID, lead_type: str, attribute: str, since: datetime, limit: int) -> list[UUID]:
    """Leads of this type received since, the newest first, of which nothing is written down in this respect."""
    outcomes = Outcome.objects.filter(agency_id=agency_id, lead_type=lead_type, received_at__gt=since)
    known = Belonging.objects.filter(agency_id=agency_id, attribute=attribute).values("lead_ref")
    rows = outcomes.exclude(lead_ref__in=known).order_by("-received_at")
    return list(dict.fromkeys(rows.values_list("lead_ref", flat=True)[: 4 * limit]))[:limit]
