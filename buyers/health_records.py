"""What one process knows of one endpoint: its counts, its breaker, and what the other processes have not heard of."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from buyers.health_figures import SLOT_SECONDS, SLOTS, Endpoint, Result, Seen, counted_as, slot_at
from buyers.health_sharing import Known, News
from core.breaker import Breaker, Phase, State

_NEWEST_COUNTS: Final = 0.2  # of what an endpoint usually takes, how much its newest answer says
Slots = dict[int, Counter[str]]


@dataclass(slots=True)
class EndpointRecord:
    """What this process knows of one endpoint; `untold` of it the others have not heard of."""

    breaker: Breaker = field(default_factory=Breaker)
    counts: Slots = field(default_factory=dict)
    untold: Slots = field(default_factory=dict)
    told: Phase = field(default_factory=Phase)
    known_slot: int = 0
    known: tuple[int, int] = (0, 0)
    """How many of the slot's results, succeeded and failed, are taken in: ours and others'."""
    heard_at: float = 0.0
    usual_ms: float = 0.0

    def add(self, seen: Seen, now: float, *, excused: bool = False) -> None:
        """Count one end, and judge by it; a failure that is excused opens no breaker."""
        slot, failed = slot_at(now), seen.failed and not excused
        succeeded = seen.result in (Result.ACCEPTED, Result.REFUSED)
        ours, untold = _slot(self.counts, slot), _slot(self.untold, slot)
        for name in counted_as(seen, against=failed):
            ours[name] = ours.get(name, 0) + 1
            untold[name] = untold.get(name, 0) + 1
        self.enter(slot)
        self.known = (self.known[0] + succeeded, self.known[1] + failed)
        self.breaker.record(now, succeeded=succeeded, failed=failed)
        if seen.ms is not None:
            self.usual_ms += (seen.ms - self.usual_ms) * (_NEWEST_COUNTS if self.usual_ms else 1.0)

    def learn(self, known: Known, slot: int, now: float) -> None:
        """Take in what others saw since we heard of them last, and the phase that they came to.

        What may have been longer ago than a breaker looks back is nothing to judge by.
        """
        self.enter(slot)
        recent = now - max(self.heard_at, slot * SLOT_SECONDS) <= self.breaker.policy.window
        self.heard_at = now
        succeeded, failed = max(0, known.succeeded - self.known[0]), max(0, known.failed - self.known[1])
        self.known = (self.known[0] + succeeded, self.known[1] + failed)
        if known.phase is not None:
            self.breaker.adopt(known.phase)
        if recent and self.breaker.phase.state is State.CLOSED:  # how a trial ended, whoever made it tells by the phase
            self.breaker.record(now, succeeded=succeeded, failed=failed)

    def enter(self, slot: int) -> None:
        """Count anew in a new slot."""
        if slot != self.known_slot:
            self.known_slot, self.known = slot, (0, 0)

    def news(self, endpoint: Endpoint) -> News | None:
        """What the others should hear; also nothing, where we want to hear of them whether we may ask again."""
        phase = self.breaker.phase
        changed = phase if phase != self.told else None
        if not self.untold and changed is None and phase.state is State.CLOSED:
            return None
        untold, self.untold, self.told = self.untold, {}, phase
        return News(endpoint, untold, changed)


def _slot(slots: Slots, number: int) -> Counter[str]:
    """The counts of a slot; where it is a new one, those that the window has left behind go."""
    if number not in slots:
        slots[number] = Counter()
        for old in [other for other in slots if other <= number - SLOTS]:
            del slots[old]
    return slots[number]
