"""The INSERTs of a lead's features and score, for the batch that settles it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from core.ids import new_id
from core.sql import Statement, insert
from scoring.models import FeatureSnapshot, Score
from scoring.scorecard import Scored


def score_statements(
    *, lead_ref: UUID, agency_id: UUID, features: Mapping[str, Any], scored: Scored, now: datetime
) -> list[Statement]:
    """Needs a transaction. The lead's snapshot and score."""
    snapshot = {"lead_ref": lead_ref, "agency": agency_id, "features": dict(features), "created_at": now}
    score = {
        "id": new_id(),
        "lead_ref": lead_ref,
        "score": scored.score,
        "probability": scored.probability,
        "stage": scored.stage,
        "model": scored.model,
        "reasons": [reason.record() for reason in scored.reasons],
        "created_at": now,
    }
    return [insert(FeatureSnapshot, [snapshot]), insert(Score, [score])]
