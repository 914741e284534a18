"""A simulated agency: leads come, are scored by whoever is in charge, and mature; the market may change under it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import numpy as np

from accounts.models import Agency
from core.ids import new_id
from scoring.features import Feature
from scoring.models import FeatureSnapshot, Score, Target
from scoring.outcomes import Observed, record_outcomes
from scoring.platt import sigmoid
from scoring.scorecard import Scored
from scoring.serving import scorers_of
from tests.scoring.making import TYPE, Sample

NAMESPACE = UUID(int=1)
WORTH = {"search": 1.4, "social": 0.1, "partner": -1.2, "bargain": -2.4}
USUAL = {"search": 0.4, "social": 0.4, "partner": 0.2}
FLOODED = {"search": 0.15, "social": 0.15, "partner": 0.1, "bargain": 0.6}


def market(amount: int, *, seed: int, sources: Mapping[str, float] = USUAL) -> Sample:
    """Leads whose chance follows from source, telephone and roof; only the mixture of sources ever changes."""
    dice = np.random.default_rng(seed)
    names = dice.choice(list(sources), amount, p=list(sources.values()))
    phones = dice.choice(["ordinary", "unassigned"], amount, p=[0.85, 0.15])
    roofs = dice.integers(0, 30, amount)
    rows: list[Mapping[str, Feature]] = [
        {"vertical": TYPE, "source": str(name), "phone": str(phone), "field.roof_age": int(roof), "campaign": "solar"}
        for name, phone, roof in zip(names, phones, roofs, strict=True)
    ]
    odds = [
        WORTH[str(row["source"])]
        + (0.5 if row["phone"] == "ordinary" else -1.0)
        + 0.05 * (int(row["field.roof_age"]) - 15)  # type: ignore[arg-type]
        for row in rows
    ]
    chances = sigmoid(np.array(odds))
    return Sample(rows, chances, dice.random(amount) < chances)


def live(
    agency: Agency, found: Sample, *, first: datetime, every: timedelta, window: timedelta = timedelta(days=2)
) -> list[UUID]:
    """The leads arrive one after the other, are scored by the champion of that day, and mature after the window."""
    scorer = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE]
    times = [first + place * every for place in range(len(found.rows))]
    leads = [new_id(moment) for moment in times]
    FeatureSnapshot.objects.bulk_create(
        FeatureSnapshot(lead_ref=lead, agency=agency, features=row) for lead, row in zip(leads, found.rows, strict=True)
    )
    Score.objects.bulk_create(
        _score(agency, lead, moment, scorer.score(row))
        for lead, moment, row in zip(leads, times, found.rows, strict=True)
    )
    record_outcomes(
        observed=[
            Observed(
                agency_id=agency.pk,
                lead_ref=lead,
                lead_type=TYPE,
                target=Target.STUCK,
                label=bool(label),
                received_at=moment,
                matured_at=moment + window,
                source_ref=uuid5(NAMESPACE, str(row["source"])),
            )
            for lead, moment, row, label in zip(leads, times, found.rows, found.labels, strict=True)
        ]
    )
    return leads


def _score(agency: Agency, lead: UUID, moment: datetime, scored: Scored) -> Score:
    return Score(
        id=new_id(moment),
        agency=agency,
        mode="live",
        lead_ref=lead,
        lead_type=TYPE,
        score=scored.score,
        probability=scored.probability,
        base=scored.base,
        contributions=dict(scored.contributions),
        reasons=[],
        stage=scored.stage,
        model=scored.model,
        calibrated=scored.calibrated,
        micros=scored.micros,
        created_at=moment,
    )
