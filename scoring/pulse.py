"""The quarter of an hour: whether champions answer at all, and how fast, from what every score says of itself."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from accounts.models import AuditEntry
from core.ids import first_id
from scoring.findings import Finding, on_fallbacks, on_latency
from scoring.levels import Level
from scoring.models import Model, Policy, Score, State, Target, Watch
from scoring.scorecard import SCORECARD
from scoring.watches import watches_of

WINDOW: Final = timedelta(minutes=15)

Kind = tuple[UUID, str]
"""An agency and one of its lead types."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the last quarter of an hour says of an agency's scores of one lead type."""

    agency_id: UUID
    lead_type: str
    model: str
    findings: tuple[Finding, ...]

    @property
    def alarming(self) -> tuple[Finding, ...]:
        """What the operator is to be told of."""
        return tuple(one for one in self.findings if one.level == Level.ALARM)


@dataclass(slots=True)
class _Beats:
    """Scores of one kind: how many by which model, and how long they took."""

    models: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    micros: list[int] = field(default_factory=list)

    @property
    def leads(self) -> int:
        return sum(self.models.values())

    @property
    def p99_ms(self) -> float | None:
        """The time that 99 in 100 did not take longer than."""
        return float(np.quantile(self.micros, 0.99, method="inverted_cdf")) / 1000 if self.micros else None


def feel_pulse(*, now: datetime) -> list[Pulse]:
    """Of every lead type that was scored within 15 minutes. Four statements, and reads alone."""
    found: dict[Kind, _Beats] = defaultdict(_Beats)
    rows = Score.objects.filter(mode="live", id__gte=first_id(now - WINDOW))
    for agency_id, lead_type, model, micros in rows.values_list("agency_id", "lead_type", "model", "micros").iterator():
        beats = found[agency_id, lead_type]
        beats.models[model] += 1
        beats.micros += [] if micros is None else [micros]
    champions = _steady(found, now)
    return [_pulse(kind, beats, champions.get(kind)) for kind, beats in sorted(found.items())]


def _steady(kinds: Collection[Kind], now: datetime) -> dict[Kind, str]:
    """The champions, by public id, of the agencies and lead types that have had theirs for the whole window.

    An agency that shares has the shared one where it has none of its own; one whose policy changed within the window
    may have begun to share, or ended it.
    """
    agencies, lead_types = {agency_id for agency_id, _ in kinds}, {lead_type for _, lead_type in kinds}
    rows = Model.objects.filter(state=State.CHAMPION, target=Target.STUCK, lead_type__in=lead_types)
    models = {
        (row.agency_id, row.lead_type): row for row in rows.only("agency_id", "lead_type", "promoted_at", "created_at")
    }
    sharing = Policy.objects.filter(agency__in=agencies, lead_type__in=lead_types, shares=True)
    changed = AuditEntry.objects.filter(agency__in=agencies, action="policy.update", at__gt=now - WINDOW)
    shares = set(sharing.values_list("agency_id", "lead_type"))
    shares -= set(changed.values_list("agency_id", "object_name"))
    found = {kind: models.get(kind) or (models.get((None, kind[1])) if kind in shares else None) for kind in kinds}
    return {kind: one.public_id for kind, one in found.items() if one and _since(one) <= now - WINDOW}


def _since(champion: Model) -> datetime:
    return champion.promoted_at or champion.created_at


def _pulse(kind: Kind, beats: _Beats, champion: str | None) -> Pulse:
    """Without a steady champion the scorecard's leads are no fallbacks."""
    fallbacks = beats.models.get(SCORECARD.version, 0) if champion else 0
    usual = max(beats.models, key=lambda model: (beats.models[model], model))
    findings = on_fallbacks(fallbacks, beats.leads), on_latency(beats.p99_ms, len(beats.micros))
    return Pulse(*kind, champion or usual, findings)


def keep_pulse(pulse: Pulse, *, now: datetime) -> bool:
    """Needs a transaction. Write it beside the latest look; whether it is a new alarm."""
    latest = watches_of(pulse.agency_id, pulse.lead_type).first()
    record = [finding.record() for finding in pulse.findings]
    if latest is None:
        Watch.objects.create(
            agency_id=pulse.agency_id,
            lead_type=pulse.lead_type,
            day=now.date(),
            model=pulse.model,
            level=Level.UNKNOWN,
            calibrated=False,
            pulse=record,
            watched_at=now,
        )
        return bool(pulse.alarming)
    Watch.objects.filter(pk=latest.pk).update(pulse=record)
    return bool(pulse.alarming) and not any(one["level"] == Level.ALARM for one in latest.pulse)
