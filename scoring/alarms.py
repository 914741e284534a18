"""Writes down what the watch found, and acts on it: probabilities lose their word, a retraining is asked for.

The champion itself is never touched: only the gate, or a person through it, changes who scores.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from accounts.principals import SystemActor
from accounts.versions import publish_change
from scoring.findings import Finding
from scoring.levels import Level
from scoring.models import Watch
from scoring.requests import ask_training, can_train
from scoring.watches import watches_of
from scoring.watching import Watched

AUTOMATIC: Final = "system:watch_scores"
_KEPT: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the operator is to be told: of whose scores, given by which model, what was found, what was asked for."""

    agency_id: UUID
    lead_type: str
    model: str
    findings: tuple[Finding, ...]
    training: bool = False


def keep_watch(watched: Watched, *, now: datetime) -> Alarm | None:
    """Needs a transaction. Write the look down; the alarm, where it is a new one.

    A new alarm, or its end, is a change of configuration: the next lead's score says whether it can be believed. A new
    alarm about a model asks for its successor. Holds the agency's configuration then, until the transaction ends.
    """
    before = watches_of(watched.agency_id, watched.lead_type).filter(day__lte=now.date()).first()
    was = before is not None and before.model == watched.model and before.level == Level.ALARM
    is_now = watched.level == Level.ALARM
    _write(watched, now)
    if watched.champion is None or was == is_now:
        return None
    actor = SystemActor(watched.agency_id, AUTOMATIC)
    publish_change(
        actor=actor,
        action="model.drift" if is_now else "model.recover",
        object_id=watched.model,
        object_name=watched.lead_type,
        changes={"calibrated": [is_now, not is_now]},
    )
    if not is_now:
        return None
    training = can_train(agency_id=watched.agency_id, lead_type=watched.lead_type, now=now)
    if training:
        ask_training(actor=actor, lead_type=watched.lead_type, now=now)
    alarming = tuple(one for one in watched.findings if one.level == Level.ALARM)
    return Alarm(watched.agency_id, watched.lead_type, watched.model, alarming, training)


def _write(watched: Watched, now: datetime) -> None:
    Watch.objects.update_or_create(
        agency_id=watched.agency_id,
        lead_type=watched.lead_type,
        day=now.date(),
        defaults={
            "model": watched.model,
            "level": watched.level,
            "calibrated": watched.champion is not None and watched.level != Level.ALARM,
            "findings": [finding.record() for finding in watched.findings],
            "figures": dict(watched.figures),
            "watched_at": now,
        },
    )


def prune_watches(*, now: datetime) -> int:
    """Opens a transaction. Forget looks older than 400 days; how many."""
    return Watch.objects.filter(day__lt=(now - _KEPT).date()).delete()[0]
