"""Whom a key may be bound to. Sources and buyers are kept by apps above, which say here how to find them.

An id is opaque to us, so whoever owns the table registers one question: is this one of the agency's, and in use?
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from core.errors import FieldError, NotFound

Finder = Callable[[UUID, UUID], bool]

SOURCE: Final = "source_id"
BUYER: Final = "buyer_id"
_finders: dict[str, Finder] = {}


def register_subject(member: str, finder: Finder) -> None:
    """Let `finder(agency_id, subject_id)` answer for ids of this member of a key. Called once, when apps are ready."""
    _finders[member] = finder


def require_subject(agency_id: UUID, member: str, subject_id: UUID | None) -> None:
    """Nothing, where the agency has this source or buyer, or none is named. Raises NotFound, naming the member."""
    if subject_id is not None and not _finders[member](agency_id, subject_id):
        detail = "There is nothing with this id that you may see."
        raise NotFound(detail, errors=[FieldError(member, "not_found", detail)])
