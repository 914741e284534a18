"""The rows of a score as statements, so that they travel in the one batch that settles a lead."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from core.ids import new_id
from core.sql import Statement, insert
from scoring.features import Feature
from scoring.models import FeatureSnapshot, Score
from scoring.scorecard import Scored


def score_statements(
    *,
    agency_id: UUID,
    mode: str,
    lead_ref: UUID,
    lead_type: str,
    features: Mapping[str, Feature],
    scored: Scored,
    now: datetime,
) -> list[Statement]:
    """Inserts of the feature snapshot and of the score with what made it. Needs an open transaction."""
    return [
        insert(
            FeatureSnapshot,
            [{"lead_ref": lead_ref, "agency": agency_id, "features": dict(features), "created_at": now}],
        ),
        insert(
            Score,
            [
                {
                    "id": new_id(now),  # a window of time is a range of ids
                    "agency": agency_id,
                    "mode": mode,
                    "lead_ref": lead_ref,
                    "lead_type": lead_type,
                    "score": scored.score,
                    "probability": scored.probability,
                    "percentile": scored.percentile,
                    "return_probability": scored.return_probability,
                    "conversion_probability": scored.conversion_probability,
                    "base": scored.base,
                    "contributions": dict(scored.contributions),
                    "reasons": [reason.record() for reason in scored.reasons],
                    "stage": scored.stage,
                    "model": scored.model,
                    "calibrated": scored.calibrated,
                    "micros": scored.micros,
                    "created_at": now,
                }
            ],
        ),
    ]
