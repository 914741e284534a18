"""What a scorer said of an agency's leads, beside what became of them: the tables that anyone can check a score by."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID

import numpy as np

from core.clock import rfc3339
from scoring.calibration import Band, Group, Ranking, bands_of, group_of, groups_of, rankings_of
from scoring.metrics import Labels
from scoring.models import Outcome, Score, Target
from scoring.platt import Floats

LONGEST: Final = timedelta(days=90)
LATEST: Final = 2_000
"""How many of the latest matured outcomes are judged: more would hide what changed last week."""
_SHOWN: Final = 50
_BATCH: Final = 500


@dataclass(frozen=True)
class Judged:
    """Leads in the order of receipt, each with what was said of it and what came of it.

    `sold` holds for how many buyers took each lead, `returned` how many of these gave it back.
    """

    received: Sequence[datetime]
    sources: Sequence[UUID | None]
    campaigns: Sequence[UUID | None]
    chances: Floats
    labels: Labels
    sold: Floats
    returned: Floats

    def __len__(self) -> int:
        return len(self.received)

    @cached_property
    def whole(self) -> Group | None:
        """All of them as one."""
        return group_of(self.chances, self.labels) if len(self) else None

    @cached_property
    def rankings(self) -> list[Ranking]:
        """AUC over time."""
        return rankings_of(self.received, self.chances, self.labels)

    @property
    def latest_ranking(self) -> Ranking | None:
        """The last of them."""
        return self.rankings[-1] if self.rankings else None

    def figures(self) -> dict[str, Any]:
        """All tables, as JSON."""
        positives = int(self.labels.sum())
        return {
            "outcomes": len(self),
            "rarer": min(positives, len(self) - positives),
            "whole": asdict(self.whole) if self.whole else None,
            "bands": [*map(self._band, bands_of(self.chances, self.labels))],
            "rankings": [_moments(asdict(ranking)) for ranking in self.rankings],
            "sources": self._by(self.sources),
            "campaigns": self._by(self.campaigns),
        }

    def _band(self, band: Band) -> dict[str, Any]:
        scores = np.rint(100 * self.chances)
        members = (scores >= band.low) & (scores <= band.high)
        group = asdict(band.group) if band.group else {"leads": 0, "mean": None, "rate": None, "error": None}
        return {"low": band.low, "high": band.high, **group, "return_rate": self._return_rate(np.flatnonzero(members))}

    def _by(self, keys: Sequence[UUID | None]) -> list[dict[str, Any]]:
        groups = list(groups_of(keys, self.chances, self.labels).items())[:_SHOWN]
        places: dict[object, list[int]] = {}
        for place, key in enumerate(keys):
            places.setdefault(key, []).append(place)
        return [
            {
                "id": None if key is None else str(key),
                **asdict(group),
                "return_rate": self._return_rate(np.array(places[key])),
            }
            for key, group in groups
        ]

    def _return_rate(self, members: Any) -> float | None:
        """The share of the sales of these leads that were given back; None without a sale."""
        sold = float(self.sold[members].sum()) if len(members) else 0.0
        return float(self.returned[members].sum()) / sold if sold else None


def judged_leads(agency_id: UUID, lead_type: str, model: str, *, now: datetime) -> Judged:
    """The latest 2,000 matured outcomes of 90 days whose leads this model scored when they came. Few statements."""
    told = Outcome.objects.filter(
        agency_id=agency_id, lead_type=lead_type, origin=Outcome.Origin.LIVED, received_at__gt=now - LONGEST
    )
    stuck = told.filter(target=Target.STUCK, matured_at__lte=now).order_by("-received_at", "-id")[:LATEST]
    outcomes = list(reversed(stuck))
    said = _said([outcome.lead_ref for outcome in outcomes], model)
    known = [outcome for outcome in outcomes if outcome.lead_ref in said]
    sales = _sales([outcome.lead_ref for outcome in known])
    return Judged(
        received=[outcome.received_at for outcome in known],
        sources=[outcome.source_ref for outcome in known],
        campaigns=[outcome.campaign_ref for outcome in known],
        chances=np.array([said[outcome.lead_ref] for outcome in known], dtype=np.float64),
        labels=np.array([outcome.label for outcome in known], dtype=bool),
        sold=np.array([len(sales.get(outcome.lead_ref, ())) for outcome in known], dtype=np.float64),
        returned=np.array([sum(sales.get(outcome.lead_ref, ())) for outcome in known], dtype=np.float64),
    )


def _said(lead_refs: Sequence[UUID], model: str) -> dict[UUID, float]:
    """The first probability that the model gave each lead."""
    found: dict[UUID, float] = {}
    for start in range(0, len(lead_refs), _BATCH):
        rows = Score.objects.filter(lead_ref__in=lead_refs[start : start + _BATCH], model=model, mode="live")
        found |= dict(rows.order_by("-id").values_list("lead_ref", "probability"))
    return found


def _sales(lead_refs: Sequence[UUID]) -> dict[UUID, list[bool]]:
    """Whether each buyer that took a lead gave it back."""
    found: dict[UUID, list[bool]] = {}
    for start in range(0, len(lead_refs), _BATCH):
        rows = Outcome.objects.filter(lead_ref__in=lead_refs[start : start + _BATCH], target=Target.RETURNED)
        for lead_ref, label in rows.values_list("lead_ref", "label"):
            found.setdefault(lead_ref, []).append(label)
    return found


def _moments(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: rfc3339(value) if isinstance(value, datetime) else value for name, value in record.items()}
