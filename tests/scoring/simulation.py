"""A simulated agency: leads come, are scored by whoever is in charge, and mature; the market may change under it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from accounts.models import Agency
from scoring.features import Feature
from scoring.platt import sigmoid
from scoring.serving import scorers_of
from tests.scoring.making import TYPE, Sample, remember

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
    return remember(agency, found, first=first, every=every, window=window, scorer=scorer)
