"""Generated leads with a known truth: what a scorer should find out is written here, and nothing else is true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import numpy as np

from accounts.models import Agency
from core.ids import new_id
from scoring.features import Feature
from scoring.metrics import Labels
from scoring.models import FeatureSnapshot, Score, Target
from scoring.outcomes import Observed, record_outcomes
from scoring.platt import Floats, sigmoid
from scoring.scorecard import SCORECARD, Scored, Scorer

MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)
TYPE = "home_solar"
STATES = ("TX", "CA", "FL", "NY", "OH")
SOURCES = ("search", "social", "partner")
SOURCE = UUID(int=1)
_TOLD = ("score", "probability", "base", "stage", "model", "calibrated", "micros")


@dataclass(frozen=True)
class Sample:
    """Leads, their true chances of sticking, and what became of them."""

    rows: Sequence[Mapping[str, Feature]]
    chances: Floats
    labels: Labels


def sample(amount: int, *, seed: int, shift: float = 0.0, social: float = 0.2) -> Sample:
    """Leads whose chance depends on source, roof age and telephone; `shift` and `social` are the drift of a market."""
    dice = np.random.default_rng(seed)
    rows: list[Mapping[str, Feature]] = []
    odds = []
    for _ in range(amount):
        source = str(dice.choice(SOURCES))
        age = None if dice.random() < 0.1 else int(dice.integers(0, 40))
        phone = "ordinary" if dice.random() < 0.8 else "unassigned"
        rows.append(
            {
                "vertical": TYPE,
                "state": str(dice.choice(STATES)),
                "source": source,
                "phone": phone,
                "field.roof_age": age,
                "consent_age_minutes": float(dice.integers(0, 2000)),
                "tracked": bool(dice.random() < 0.5),
            }
        )
        worth = {"search": 1.2, "social": social, "partner": -1.0}[source]
        odds.append(
            worth + (-1.5 if phone == "unassigned" else 0.5) + (0.06 * (age - 20) if age is not None else -0.3) + shift
        )
    chances = sigmoid(np.array(odds))
    return Sample(rows, chances, dice.random(amount) < chances)


def remember(
    agency: Agency,
    found: Sample,
    *,
    first: datetime = MAY,
    every: timedelta = timedelta(minutes=10),
    window: timedelta = timedelta(days=7),
    target: Target = Target.STUCK,
    scorer: Scorer = SCORECARD,
) -> list[UUID]:
    """The leads on record, received one after the other and scored, and their outcomes told."""
    times = [first + place * every for place in range(len(found.rows))]
    leads = [new_id(received) for received in times]
    known = list(zip(leads, times, found.rows, strict=True))
    FeatureSnapshot.objects.bulk_create(
        FeatureSnapshot(lead_ref=lead, agency=agency, features=row, created_at=received)
        for lead, received, row in known
    )
    Score.objects.bulk_create(_score(agency, lead, received, scorer.score(row)) for lead, received, row in known)
    observed = [
        Observed(
            agency_id=agency.pk,
            lead_ref=lead,
            lead_type=TYPE,
            target=target,
            label=bool(label),
            received_at=received,
            matured_at=received + window,
            source_ref=uuid5(SOURCE, str(row["source"])) if "source" in row else None,
        )
        for (lead, received, row), label in zip(known, found.labels, strict=True)
    ]
    record_outcomes(observed=observed)
    return leads


def _score(agency: Agency, lead: UUID, received: datetime, scored: Scored) -> Score:
    told = {name: getattr(scored, name) for name in _TOLD}
    kept = {"id": new_id(received), "agency": agency, "mode": "live", "lead_ref": lead, "lead_type": TYPE}
    return Score(**kept, **told, contributions=dict(scored.contributions), reasons=[], created_at=received)


def an_agency(name: str = "acme") -> Agency:
    return Agency.objects.create(name=name, slug=f"{name}-{new_id().hex[-8:]}")
