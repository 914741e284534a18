"""Answers for the sources that keys are bound to."""

from uuid import UUID

from accounts.subjects import SOURCE, register_subject
from leads.models import Source


def has_source(agency_id: UUID, source_id: UUID) -> bool:
    """Whether the agency has this source, and not in its archive."""
    sources = Source.objects.filter(agency_id=agency_id, pk=source_id)
    return sources.exclude(status=Source.Status.ARCHIVED).exists()


register_subject(SOURCE, has_source)
