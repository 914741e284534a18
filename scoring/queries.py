"""Scores as they are read back."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from scoring.features import Feature
from scoring.models import Score
from scoring.scorecard import SCORECARD, Reason, Scored


def scored_of(lead_ref: UUID, features: Mapping[str, Feature]) -> Scored:
    """The latest score of a lead as it was given, whatever model is in charge by now; one statement.

    By the scorecard where there is no row of it.
    """
    row = Score.objects.filter(lead_ref=lead_ref).order_by("-created_at", "-id").first()
    return SCORECARD.score(features) if row is None else _scored(row)


def score_parts(lead_ref: UUID) -> dict[str, Any] | None:
    """What the latest score of a lead is made of, in log-odds by signal: they add up. None where there is no row."""
    rows = Score.objects.filter(lead_ref=lead_ref).order_by("-created_at", "-id")
    found = rows.values("model", "score", "base", "contributions").first()
    return None if found is None else {**found, "log_odds": found["base"] + sum(found["contributions"].values())}


def _scored(row: Score) -> Scored:
    return Scored(
        score=row.score,
        probability=row.probability,
        log_odds=row.base + sum(row.contributions.values()),
        base=row.base,
        contributions=row.contributions,
        reasons=tuple(Reason(one["code"], one["text"], one["effect"]) for one in row.reasons),
        stage=row.stage,
        model=row.model,
        percentile=row.percentile,
        return_probability=row.return_probability,
        conversion_probability=row.conversion_probability,
        calibrated=row.calibrated,
    )


def score_columns(lead_refs: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the API shows of the latest score of each lead beside the score itself; one statement."""
    columns = (
        "lead_ref",
        "reasons",
        "model",
        "percentile",
        "return_probability",
        "conversion_probability",
        "calibrated",
    )
    rows = Score.objects.filter(lead_ref__in=list(lead_refs)).order_by("created_at", "id").values(*columns)
    return {row.pop("lead_ref"): row for row in rows}
