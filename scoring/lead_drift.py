"""How the leads that a model scores lately stand to those it learned from, and what an agency is told of that.

Leads are compared by model, over all agencies that it scores for. Of a model that agencies share, each is told of the
features that its own leads have, how far they moved and no more: of two agencies, either could subtract its own leads
from any count or share of all.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import numpy as np

from scoring.drift import Shift, Stability, shifts_of, stability_of_scores
from scoring.examples import features_of_leads
from scoring.findings import Finding, on_shift, on_stability
from scoring.models import Model
from scoring.registry import features_used, scope_of
from scoring.vocabulary import parts_of

Leads = Sequence[tuple[UUID, UUID, float]]
"""Leads as they were scored: reference, agency, probability."""

OF_THE_CLOCK: Final = frozenset(("local_weekday", "local_hour"))
"""Features that leads of less than a week cannot be compared by: all Tuesdays are unlike a week."""
_SHOWN: Final = 30
_COUNTED: Final = ("noise", "missing", "missing_before", "other", "other_before")


@dataclass(frozen=True, slots=True)
class LeadDrift:
    """Scores and features of today beside those of then. `members` holds the features of each agency that shares."""

    score: Stability | None = None
    shifts: tuple[Shift, ...] = ()
    members: Mapping[UUID, Set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Model, leads: Leads, *, whole: bool) -> "LeadDrift":
        """What these leads say, which are of whole weeks or not. Reads their snapshots: a statement for every 500."""
        if not leads:
            return cls()
        known = features_of_leads(lead_ref for lead_ref, _, _ in leads)
        scope = scope_of(model)
        seen = [(agency_id, known[lead_ref]) for lead_ref, agency_id, _ in leads if lead_ref in known]
        members: dict[UUID, set[str]] = {}
        for agency_id, features in seen if scope.agency_id is None else ():
            members.setdefault(agency_id, set()).update(features)
        rows = [scope.seen(features, agency_id) for agency_id, features in seen]
        chances = np.array([chance for _, _, chance in leads])
        looked_at = [name for name in features_used(model) if whole or name not in OF_THE_CLOCK]
        return cls(
            score=stability_of_scores(model.reference, model.profile.get("leads", model.rows), chances),
            shifts=tuple(shifts_of(model.profile, rows, looked_at)),
            members=members,
        )

    def findings(self) -> Iterator[Finding]:
        """What is to be said of it to whoever has the model alone."""
        yield on_stability(self.score)
        for shift in self.shifts:
            yield from on_shift(shift)

    def figures(self) -> dict[str, Any]:
        """The table behind it."""
        return {
            "leads": self.score.leads if self.score else 0,
            "features": [*map(_shown, self.shifts[:_SHOWN])],
        }

    def told_to(self, agency_id: UUID) -> "SharedDrift":
        """What one of those who share the model may know of it."""
        own = self.members.get(agency_id, frozenset())
        shifts = tuple(shift for shift in self.shifts if own >= parts_of(shift.feature))
        return SharedDrift(self.score, shifts)


class SharedDrift(LeadDrift):
    """Drift of the leads of several agencies, as one of them is told of it: levels and indices, no counts or shares."""

    def findings(self) -> Iterator[Finding]:
        """The checks with their levels."""
        for found in super().findings():
            figures = {name: value for name, value in found.figures.items() if name in ("psi", "needs")}
            yield Finding(found.check, found.level, figures, found.subject)

    def figures(self) -> dict[str, Any]:
        """The table, with nothing where a count or a share would stand."""
        return {"features": [row | dict.fromkeys(_COUNTED) for row in super().figures()["features"]]}


def _shown(shift: Shift) -> dict[str, Any]:
    return {
        "feature": shift.feature,
        "psi": round(shift.stability.psi, 4),
        "noise": round(shift.stability.noise, 4),
        "missing": round(shift.missing, 4),
        "missing_before": round(shift.missing_before, 4),
        "other": round(shift.other, 4),
        "other_before": round(shift.other_before, 4),
    }
