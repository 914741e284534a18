"""The nightly look at every score: whether probabilities came true, and whether leads still are what they were.

Everything is reckoned from what was said at the time, never from what a model would say today. Leads are compared by
model, over all agencies that it scores for; outcomes by agency.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.ids import first_id
from scoring.calibration import auc_error
from scoring.findings import FEWEST_LEADS, Expected, Finding, on_mean, on_ranking, worst
from scoring.judged import Judged, judged_leads
from scoring.lead_drift import LeadDrift
from scoring.models import Model, Policy, Score, Target
from scoring.scorecard import SCORECARD
from scoring.serving import champions_of

log = logging.getLogger(__name__)

WINDOW: Final = timedelta(days=7)
LONG_WINDOW: Final = timedelta(days=30)
"""Looked at where fewer than 500 leads came within seven days."""
_MOST: Final = 5_000

Kind = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Watched:
    """What was found of an agency's scores of one lead type; `champion` is None while the scorecard is in charge."""

    agency_id: UUID
    lead_type: str
    champion: Model | None
    findings: tuple[Finding, ...]
    figures: Mapping[str, Any]

    @property
    def model(self) -> str:
        """Who gave the scores."""
        return self.champion.public_id if self.champion else SCORECARD.version

    @property
    def level(self) -> str:
        """The worst that was found."""
        return str(worst(self.findings))


@dataclass(slots=True)
class _Sample:
    """Leads that one model scored, thinned evenly over the whole window, so that no hour of the day is preferred."""

    leads: list[tuple[UUID, UUID, float]] = field(default_factory=list)
    seen: int = 0
    step: int = 1

    def add(self, lead: tuple[UUID, UUID, float]) -> None:
        """One more, in the order of time."""
        if self.seen % self.step == 0:
            self.leads.append(lead)
        self.seen += 1
        if len(self.leads) > 2 * _MOST:
            self.leads, self.step = self.leads[::2], 2 * self.step


def watch_all(*, now: datetime) -> Iterator[Watched]:
    """What is to be said of every lead type that an agency had leads of lately. Reads alone.

    Where one cannot be looked at it is logged, and holds up no other.
    """
    kinds, samples = _scored(now - WINDOW)
    champions = _champions(kinds)
    few = {one.public_id for one in champions.values() if _seen(samples, one) < FEWEST_LEADS}
    if few:
        samples |= _scored(now - LONG_WINDOW, only=few)[1]
    drifts: dict[UUID, LeadDrift] = {}
    for agency_id, lead_type in sorted(kinds):
        champion = champions.get((agency_id, lead_type))
        try:
            if champion and champion.pk not in drifts:
                leads = samples.get(champion.public_id, _Sample()).leads
                since = champion.promoted_at or champion.created_at
                drifts[champion.pk] = LeadDrift.of(champion, leads, whole=since <= now - WINDOW)
            drift = drifts[champion.pk] if champion else LeadDrift()
            judged = judged_leads(agency_id, lead_type, champion.public_id if champion else SCORECARD.version, now=now)
            watched = _watched(agency_id, lead_type, champion, drift, judged)
        except Exception:
            log.exception("the scores of %s of agency %s could not be watched", lead_type, agency_id)
        else:
            yield watched


def _seen(samples: Mapping[str, _Sample], model: Model) -> int:
    return samples[model.public_id].seen if model.public_id in samples else 0


def _scored(since: datetime, only: Iterable[str] | None = None) -> tuple[set[Kind], dict[str, _Sample]]:
    """Which lead types were scored since, and samples of the leads by model."""
    rows = Score.objects.filter(mode="live", id__gte=first_id(since))
    rows = rows if only is None else rows.filter(model__in=list(only))
    kinds: set[Kind] = set()
    samples: dict[str, _Sample] = {}
    columns = rows.order_by("id").values_list("agency_id", "lead_type", "model", "lead_ref", "probability")
    for agency_id, lead_type, model, lead_ref, probability in columns.iterator(chunk_size=5000):
        kinds.add((agency_id, lead_type))
        samples.setdefault(model, _Sample()).add((lead_ref, agency_id, probability))
    return kinds, samples


def _champions(kinds: Iterable[Kind]) -> dict[Kind, Model]:
    """The models in charge of these lead types' main score."""
    wanted: dict[UUID, set[str]] = {}
    for agency_id, lead_type in kinds:
        wanted.setdefault(agency_id, set()).add(lead_type)
    found = {}
    for agency_id, lead_types in wanted.items():
        shares = set(Policy.objects.filter(agency_id=agency_id, shares=True).values_list("lead_type", flat=True))
        for (lead_type, target), model in champions_of(agency_id, lead_types, shares).items():
            if target == Target.STUCK:
                found[agency_id, lead_type] = model
    return found


# --- outcomes ----------------------------------------------------------------------------------------------------


def _watched(agency_id: UUID, lead_type: str, champion: Model | None, drift: LeadDrift, judged: Judged) -> Watched:
    expected = expected_auc(champion) if champion else None
    ranking = on_ranking(judged.latest_ranking, expected)
    if champion and champion.agency_id is None:
        drift, ranking = drift.told_to(agency_id), _without_error(ranking)
    findings = [on_mean(judged.whole), ranking, *(drift.findings() if champion else ())]
    figures = {**judged.figures(), "expected_auc": expected.auc if expected else None, "drift": drift.figures()}
    return Watched(agency_id, lead_type, champion, tuple(findings), figures)


def _without_error(found: Finding) -> Finding:
    """The same without its standard error, in which the number of all agencies' outcomes is hidden."""
    return replace(found, figures={name: value for name, value in found.figures.items() if name != "error"})


def expected_auc(model: Model) -> Expected | None:
    """The AUC that the model was let through with: on later leads where it was judged by them, else out of fold."""
    gate = {check["name"]: check["figures"] for check in model.report.get("gate", {}).get("checks", ())}
    forward = model.metrics.get("forward", {})
    if "log_loss" in gate:
        seen = gate["enough_outcomes"]
        return _expected(gate["log_loss"]["challenger_auc"], seen["rarer"], seen["leads"])
    if found := forward.get("challenger"):
        return _expected(found["auc"], round(found["true_rate"] * forward["newest"]), forward["newest"])
    found = model.metrics.get("out_of_fold", {})
    return _expected(found["auc"], model.positives, model.rows) if "auc" in found else None


def _expected(auc: float, of_one_kind: int, leads: int) -> Expected:
    return Expected(auc, auc_error(auc, of_one_kind, leads - of_one_kind))
