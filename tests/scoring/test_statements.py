"""A score is written once, with all that made it, in the batch of its caller."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from core.ids import new_id
from core.sql import run
from scoring.models import FeatureSnapshot, Score
from scoring.scorecard import SCORECARD
from scoring.statements import score_statements
from tests.scoring.test_features import MARIA, features


@pytest.mark.django_db
def test_features_and_score_are_kept_as_they_were() -> None:
    lead, agency, now = new_id(), new_id(), datetime(2026, 5, 12, 14, 30, 1, tzinfo=UTC)
    known = features(MARIA, "phone_invalid")
    scored = SCORECARD.score(known)

    with transaction.atomic():
        run(
            score_statements(
                agency_id=agency,
                mode="live",
                lead_ref=lead,
                lead_type="auto_accident",
                features=known,
                scored=scored,
                now=now,
            )
        )

    snapshot = FeatureSnapshot.objects.get(lead_ref=lead)
    assert (snapshot.agency_id, snapshot.features, snapshot.created_at) == (agency, known, now)
    row = Score.objects.get(lead_ref=lead)
    assert (row.score, row.probability, row.base, row.stage, row.model) == (
        87,
        scored.probability,
        0.75,
        "rules",
        "scorecard-1",
    )
    assert (row.mode, row.lead_type, row.percentile, row.return_probability) == ("live", "auto_accident", None, None)
    assert row.contributions == scored.contributions
    assert row.reasons == [reason.record() for reason in scored.reasons]
    assert SCORECARD.score(snapshot.features) == scored
