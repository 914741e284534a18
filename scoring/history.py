"""The past of an agency, written down for learning: features of leads that were never ours, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from scoring.features import Feature
from scoring.models import FeatureSnapshot, Outcome
from scoring.outcomes import Observed, record_outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLead:
    """One lead of the past: its features at its receipt, and every fact that is known of it."""

    lead_ref: UUID
    received_at: datetime
    features: Mapping[str, Feature]
    observed: tuple[Observed, ...]


def known_past(*, agency_id: UUID, lead_refs: Sequence[UUID]) -> set[UUID]:
    """Which of these leads were written down before. One statement."""
    rows = FeatureSnapshot.objects.filter(agency_id=agency_id, lead_ref__in=lead_refs)
    return set(rows.values_list("lead_ref", flat=True))


def record_past(*, agency_id: UUID, leads: Sequence[PastLead]) -> None:
    """Opens a transaction. Write the leads down in the place of what was told of them before.

    Their references must be made for the past alone. Locks only its own rows, in the order of their ids.
    """
    ordered = sorted(leads, key=lambda lead: lead.lead_ref)
    with transaction.atomic():
        FeatureSnapshot.objects.bulk_create(
            [_snapshot(agency_id, lead) for lead in ordered],
            batch_size=500,
            update_conflicts=True,
            unique_fields=["lead_ref"],
            update_fields=["features", "created_at"],
        )
        told = Outcome.objects.filter(agency_id=agency_id, origin=Outcome.Origin.IMPORTED)
        told.filter(lead_ref__in=[lead.lead_ref for lead in ordered]).delete()
        record_outcomes(observed=[fact for lead in ordered for fact in lead.observed])


def _snapshot(agency_id: UUID, lead: PastLead) -> FeatureSnapshot:
    features = dict(lead.features)
    return FeatureSnapshot(lead_ref=lead.lead_ref, agency_id=agency_id, features=features, created_at=lead.received_at)
