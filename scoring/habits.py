"""Buyers' habits as the configuration's snapshot reads them: never for a lead, and without loading what learns."""

from collections import defaultdict
from collections.abc import Set
from uuid import UUID

from scoring.expectations import Expectations, Habits
from scoring.models import BuyerHabits


def expectations_of(*, agency_id: UUID, lead_types: Set[str]) -> dict[str, Expectations]:
    """What buyers are expected to do, by lead type; none where nothing was reckoned yet. One statement."""
    found: dict[str, dict[UUID | None, BuyerHabits]] = defaultdict(dict)
    for row in BuyerHabits.objects.filter(agency_id=agency_id, lead_type__in=lead_types):
        found[row.lead_type][row.buyer_ref] = row
    return {
        lead_type: Expectations(
            model=usual.model,
            usual=habits_in(usual),
            buyers={buyer: habits_in(row) for buyer, row in rows.items() if buyer is not None},
        )
        for lead_type, rows in found.items()
        if (usual := rows.get(None)) is not None
    }


def habits_in(row: BuyerHabits) -> Habits:
    """What the row says, to reckon with."""
    return Habits(row.accept_rate, row.return_rate, row.accept_offset, row.return_offset)
