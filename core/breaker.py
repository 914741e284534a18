"""A circuit breaker: whom to leave alone for a while, judged by what came of the last minute's requests.

Pure: the clock is an argument, Unix seconds that never need to be exact. What a process learns of the others' requests
goes in by the same `record`, and a change that another one made by `adopt`.
"""

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


@dataclass(frozen=True, slots=True)
class Phase:
    """What a breaker is in: since when, until when where it is open, and the how many-th opening in a row."""

    state: State = State.CLOSED
    since: float = 0.0
    until: float = 0.0
    openings: int = 0


class Breaker:
    """The state of one endpoint. Not for several threads at once: its owner locks."""

    def __init__(self, policy: Policy = DEFAULT) -> None:
        self.policy = policy
        self.phase = Phase()

    def permit(self, now: float) -> bool:
        """Whether to send a request now. Once the open time is over the first who asks has the trial."""
        raise NotImplementedError

    def record(self, now: float, *, succeeded: int = 0, failed: int = 0) -> None:
        """Results that came in. While half open one success closes and one failure opens for longer."""
        raise NotImplementedError

    def adopt(self, phase: Phase) -> None:
        """Take over the phase that somebody else's breaker of the same endpoint is in, where it is the newer one."""
        raise NotImplementedError
