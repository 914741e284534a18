"""What a model is for, and whose leads it scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from scoring.features import Feature, shared_features
from scoring.models import Policy


@dataclass(frozen=True, slots=True)
class Scope:
    """What a model is for. `agency_id` is None for one that agencies share."""

    agency_id: UUID | None
    lead_type: str
    target: str

    @property
    def condition(self) -> Q:
        """What models of this scope have in common."""
        whose = Q(agency__isnull=True) if self.agency_id is None else Q(agency_id=self.agency_id)
        return whose & Q(lead_type=self.lead_type, target=self.target)

    @property
    def agencies(self) -> list[UUID]:
        """The agencies whose outcomes it learns from and whose leads it scores."""
        return sharing_agencies(self.lead_type) if self.agency_id is None else [self.agency_id]

    def seen(self, features: Mapping[str, Feature], agency_id: UUID) -> Mapping[str, Feature]:
        """The features of this agency's lead as models of the scope know them."""
        return shared_features(features, str(agency_id)) if self.agency_id is None else features


def sharing_agencies(lead_type: str) -> list[UUID]:
    """The agencies that share their outcomes of this lead type, in the order of their ids."""
    rows = Policy.objects.filter(lead_type=lead_type, shares=True)
    return list(rows.order_by("agency_id").values_list("agency_id", flat=True))


def scope_for(*, agency_id: UUID, lead_type: str, target: str) -> Scope:
    """The scope of the model that is trained on an agency's leads: the shared one where the agency shares."""
    shares = Policy.objects.filter(agency_id=agency_id, lead_type=lead_type, shares=True).exists()
    return Scope(None if shares else agency_id, lead_type, target)
