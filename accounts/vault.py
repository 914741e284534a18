"""A data key per subject: what is personal is sealed under it, and deleting the one row erases all of it."""

import os
from collections.abc import Iterable
from uuid import UUID

from accounts.models import DataKey
from core.sealing import Sealer, Unsealable, root
from core.sql import Statement, insert


class Erased(Unsealable):
    """The subject's data key is gone, and with it everything that was sealed under it."""


def new_data_key(subject_id: UUID) -> tuple[Statement, Sealer]:
    """The INSERT of a fresh wrapped key, for the batch that writes the subject, and the sealer under it."""
    key = os.urandom(32)
    row = {"subject_id": subject_id, "wrapped": root().seal(key, _context(subject_id))}
    return insert(DataKey, [row]), Sealer(key)


def open_data_key(subject_id: UUID) -> Sealer:
    """The sealer of one subject. Raises Erased."""
    sealer = open_data_keys([subject_id]).get(subject_id)
    if sealer is None:
        raise Erased(str(subject_id))
    return sealer


def open_data_keys(subject_ids: Iterable[UUID]) -> dict[UUID, Sealer]:
    """The sealers of those subjects that are not erased. One statement."""
    rows = DataKey.objects.filter(subject_id__in=list(subject_ids)).values_list("subject_id", "wrapped")
    return {subject_id: Sealer(root().open(bytes(wrapped), _context(subject_id))) for subject_id, wrapped in rows}


def erase(subject_id: UUID) -> None:
    """Delete the subject's key: what it sealed stays as noise."""
    DataKey.objects.filter(subject_id=subject_id).delete()


def _context(subject_id: UUID) -> str:
    return f"accounts.datakey/{subject_id}"
