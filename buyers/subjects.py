"""Answers for the buyers that keys are bound to."""

from uuid import UUID

from accounts.subjects import BUYER, register_subject
from buyers.models import Buyer, Status


def has_buyer(agency_id: UUID, buyer_id: UUID) -> bool:
    """Whether the agency has this buyer, and not in its archive."""
    return Buyer.objects.filter(agency_id=agency_id, pk=buyer_id).exclude(status=Status.ARCHIVED).exists()


register_subject(BUYER, has_buyer)
