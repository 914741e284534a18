"""The quarter of an hour: whether champions answer at all, and how fast, from what every score says of itself."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from core.ids import first_id
from scoring.findings import Finding, on_fallbacks, on_latency
from scoring.levels import Level
from scoring.models import Model, Score, State, Target, Watch
from scoring.scorecard import SCORECARD
from scoring.watches import watches_of

WINDOW: Final = timedelta(minutes=15)


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
    """Of every lead type that was scored within 15 minutes. Two statements, and reads alone."""
    found: dict[tuple[UUID, str], _Beats] = defaultdict(_Beats)
    rows = Score.objects.filter(mode="live", id__gte=first_id(now - WINDOW))
    for agency_id, lead_type, model, micros in rows.values_list("agency_id", "lead_type", "model", "micros").iterator():
        beats = found[agency_id, lead_type]
        beats.models[model] += 1
        beats.micros += [] if micros is None else [micros]
    champions = _steady({lead_type for _, lead_type in found}, now)
    return [_pulse(agency_id, lead_type, beats, champions) for (agency_id, lead_type), beats in sorted(found.items())]


def _steady(lead_types: Iterable[str], now: datetime) -> set[tuple[UUID | None, str]]:
    """What has had a champion for the whole window, by agency (None: shared) and lead type."""
    rows = Model.objects.filter(state=State.CHAMPION, target=Target.STUCK, lead_type__in=list(lead_types))
    return set(rows.filter(promoted_at__lte=now - WINDOW).values_list("agency_id", "lead_type"))


def _pulse(agency_id: UUID, lead_type: str, beats: _Beats, champions: set[tuple[UUID | None, str]]) -> Pulse:
    fallbacks = beats.models.get(SCORECARD.version, 0)
    # Of a shared champion it is not known here whether this agency uses it: only a mixture tells of fallbacks.
    served = (agency_id, lead_type) in champions or ((None, lead_type) in champions and fallbacks < beats.leads)
    return Pulse(
        agency_id,
        lead_type,
        max(beats.models, key=lambda model: (beats.models[model], model)),
        (on_fallbacks(fallbacks if served else 0, beats.leads), on_latency(beats.p99_ms, len(beats.micros))),
    )


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
