"""The latest looks at an agency's scores, as they are read back."""

from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery

from scoring.levels import Level
from scoring.models import Watch


def latest_watches(agency_id: UUID) -> QuerySet[Watch]:
    """The last look at each lead type of the agency. Lazy."""
    of_type = Watch.objects.filter(agency_id=OuterRef("agency_id"), lead_type=OuterRef("lead_type"))
    newest = Subquery(of_type.order_by("-day").values("day")[:1])
    return Watch.objects.filter(agency_id=agency_id).alias(newest=newest).filter(day=F("newest"))


def watches_of(agency_id: UUID, lead_type: str) -> QuerySet[Watch]:
    """Every look at this lead type, the newest first. Lazy."""
    return Watch.objects.filter(agency_id=agency_id, lead_type=lead_type).order_by("-day")


def alarmed_models(agency_id: UUID) -> set[tuple[str, str]]:
    """Lead types with the models that are not to be taken at their word in them; one statement."""
    rows = latest_watches(agency_id).filter(level=Level.ALARM)
    return set(rows.values_list("lead_type", "model"))
