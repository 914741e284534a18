"""How configuration changes: alone in its agency, whole or not at all, written down field by field."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import models, transaction

from accounts.principals import Actor
from accounts.versions import changes_between, config_lock, publish_change
from core import sql
from core.clock import now
from core.records import Record

Facts = Mapping[str, Any]
Values = Mapping[str, Any]


@contextmanager
def changing(actor: Actor) -> Iterator[None]:
    """One transaction that holds the agency's configuration lock from its first statement.

    Taken before any row is read or locked, so what is read is what is changed (no lost update), and no settlement,
    which holds the lock shared and then rows, can wait for us while we wait for it.
    """
    with transaction.atomic():
        sql.run(sql.lock(config_lock(actor.agency_id)))
        yield


def assign(row: models.Model, values: Values) -> None:
    """Put the values on the row, and the time of the change."""
    for name, value in values.items():
        setattr(row, name, value)
    row.updated_at = now()  # type: ignore[attr-defined]  # every configuration table has it


def publish(*, actor: Actor, action: str, row: Record, name: str, before: Facts, after: Facts) -> bool:
    """Write down what differs between two records of the row and number the change; whether anything did differ.

    `action` is as "contract.update". A change that changes nothing is none: no version, no audit entry.
    """
    changes = changes_between(
        {field: value for field, value in before.items() if field != "updated_at"},
        {field: value for field, value in after.items() if field != "updated_at"},
    )
    if not changes:
        return False
    publish_change(actor=actor, action=action, object_id=row.public_id, object_name=name, changes=changes)
    return True
