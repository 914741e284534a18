"""A circuit breaker: whom to leave alone for a while, judged by what came of the last minute's requests.

Pure: the clock is an argument, Unix seconds that never need to be exact. What a process learns of the others' requests
goes in by the same `record`, and a change that another one made by `adopt`.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Closed: everything passes. Open: nothing does. Half open: one trial is on its way and decides."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Policy:
    """When to open and for how long. Times in seconds; `share` of failures between 0 and 1.

    Opens where the window holds at least `least` results of which at least `share` are failures. The first opening
    lasts `open_for`, each one that follows a failed trial `growth` times the last, up to `longest`. A trial of which
    nothing is heard for `patience` is given up, and the next request is the trial.
    """

    window: float = 60.0
    least: int = 20
    share: float = 0.5
    open_for: float = 5.0
    growth: float = 2.0
    longest: float = 120.0
    patience: float = 30.0


DEFAULT: Final = Policy()
_SLICES: Final = 6  # the parts of a window: it moves on by one of them
_MOST_GROWTHS: Final = 60  # beyond any limit, and no overflow


@dataclass(frozen=True, slots=True)
class Phase:
    """What a breaker is in: since when, until when where it is open, and the how many-th opening in a row."""

    state: State = State.CLOSED
    since: float = 0.0
    until: float = 0.0
    openings: int = 0


@dataclass(slots=True)
class _Slice:
    """The results of one part of the window."""

    number: int
    succeeded: int = 0
    failed: int = 0


class Breaker:
    """The state of one endpoint. Not for several threads at once: its owner locks."""

    def __init__(self, policy: Policy = DEFAULT) -> None:
        self.policy = policy
        self.phase = Phase()
        self._slices: deque[_Slice] = deque()

    def permit(self, now: float) -> bool:
        """Whether to send a request now. Once the open time is over the first who asks has the trial."""
        if self.rests(now):
            return False
        if self.phase.state is not State.CLOSED:
            self.phase = Phase(State.HALF_OPEN, since=now, openings=self.phase.openings)
        return True

    def rests(self, now: float) -> bool:
        """Whether nothing may be sent now; asking so takes no trial."""
        phase = self.phase
        if phase.state is State.CLOSED:
            return False
        return now < (phase.until if phase.state is State.OPEN else phase.since + self.policy.patience)

    def record(self, now: float, *, succeeded: int = 0, failed: int = 0) -> None:
        """Results that came in. While half open one success closes and one failure opens for longer.

        While open they change nothing: they are of requests that were sent before.
        """
        if self.phase.state is State.HALF_OPEN and (succeeded or failed):
            if failed:
                self._open(now)
            else:
                self.phase = Phase(since=now)
        elif self.phase.state is State.CLOSED:
            self._add(now, succeeded, failed)
            if self._is_bad():
                self._open(now)

    def adopt(self, phase: Phase) -> None:
        """Take over the phase that somebody else's breaker of the same endpoint is in, where it is the newer one.

        The other's trial is its own: it is waited for as long as for one of ours.
        """
        if phase.since > self.phase.since:
            self.phase = phase
            self._slices.clear()

    def _add(self, now: float, succeeded: int, failed: int) -> None:
        number = int(now / self.policy.window * _SLICES)
        if not self._slices or self._slices[-1].number < number:
            self._slices.append(_Slice(number))
        self._slices[-1].succeeded += succeeded
        self._slices[-1].failed += failed
        while self._slices[0].number <= number - _SLICES:
            self._slices.popleft()

    def _is_bad(self) -> bool:
        failed = sum([part.failed for part in self._slices])
        if not failed:
            return False
        results = failed + sum([part.succeeded for part in self._slices])
        return results >= self.policy.least and failed >= self.policy.share * results

    def _open(self, now: float) -> None:
        openings = self.phase.openings + 1
        lasts = min(self.policy.longest, self.policy.open_for * self.policy.growth ** min(openings - 1, _MOST_GROWTHS))
        self.phase = Phase(State.OPEN, since=now, until=now + lasts, openings=openings)
        self._slices.clear()
