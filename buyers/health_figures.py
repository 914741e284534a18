"""What is counted of an endpoint's answers, and the figures made of the counts. Pure.

An answer's time is counted in one of some hundred and fifty ranges, each a tenth wider than the last: percentiles are
right within five per cent and counts of several processes add up.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from core.breaker import Phase

WINDOW_SECONDS: Final = 3600
SLOT_SECONDS: Final = 300
SLOTS: Final = WINDOW_SECONDS // SLOT_SECONDS
_RATIO: Final = 1.1
_LONGEST_MS: Final = 1_000_000
_TIME: Final = "ms:"
_TOGETHER: Final = 5
AGAINST: Final = "against"


class Stage(StrEnum):
    """What a buyer's endpoint is asked: for a price, or to take the lead."""

    PING = "ping"
    POST = "post"


class Result(StrEnum):
    """How one question to an endpoint ended. A refusal, or no bid, is an answer like any other."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ERROR = "error"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one contract's questions of one stage go, in one book: that of live leads, or of tests and their mocks."""

    contract_id: UUID
    stage: Stage
    mode: str = "live"


@dataclass(frozen=True, slots=True)
class Seen:
    """The end of one question: `ms` is how long the answer took, None where there was none.

    A timeout with its `ms` is an answer that lay there when we came too late to read it.
    """

    endpoint: Endpoint
    result: Result
    ms: float | None = None

    @property
    def failed(self) -> bool:
        """Whether it speaks against the endpoint."""
        return self.result is Result.ERROR or (self.result is Result.TIMEOUT and self.ms is None)


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """The last hour of one endpoint. Milliseconds are None where nothing answered."""

    stage: Stage
    asked: int
    accepted: int
    refused: int
    errors: int
    timeouts: int
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None
    breaker: Phase

    @property
    def answered(self) -> int:
        """Questions that got an answer one can read."""
        return self.accepted + self.refused

    @property
    def failure_share(self) -> float:
        """Errors and timeouts among all that was asked, 0 to 1."""
        return (self.errors + self.timeouts) / self.asked if self.asked else 0.0


def our_own_trouble(seen: Sequence[Seen]) -> bool:
    """Whether of several that were asked together none answered: then the fault is likelier to be on our side."""
    return len(seen) >= _TOGETHER and all(one.failed for one in seen)


def counted_as(seen: Seen, *, against: bool) -> tuple[str, ...]:
    """The counts that one end adds to; `against`: as a failure of the endpoint's own."""
    failure = (AGAINST,) if against else ()
    time = () if seen.ms is None else (f"{_TIME}{_range(seen.ms)}",)
    return (seen.result.value, *failure, *time)


def slot_at(seconds: float) -> int:
    """The five minutes that this Unix time lies in."""
    return int(seconds) // SLOT_SECONDS


def summarize(stage: Stage, counts: Iterable[Mapping[str, int]], phase: Phase) -> EndpointHealth:
    """The figures of these counts together."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    times = {int(name.removeprefix(_TIME)): times for name, times in total.items() if name.startswith(_TIME)}
    return EndpointHealth(
        stage=stage,
        asked=sum(total[result.value] for result in Result),
        accepted=total[Result.ACCEPTED.value],
        refused=total[Result.REFUSED.value],
        errors=total[Result.ERROR.value],
        timeouts=total[Result.TIMEOUT.value],
        p50_ms=_percentile(times, 0.50),
        p95_ms=_percentile(times, 0.95),
        p99_ms=_percentile(times, 0.99),
        breaker=phase,
    )


def _range(ms: float) -> int:
    return math.ceil(math.log(min(max(ms, 1.0), _LONGEST_MS), _RATIO) - 1e-9)


def _percentile(times: Mapping[int, int], share: float) -> int | None:
    """The middle of the range in which this share of the answers has come (nearest rank)."""
    left = math.ceil(share * sum(times.values()))
    for number in sorted(times):
        left -= times[number]
        if left <= 0:
            return round(_RATIO ** (number - 0.5)) if number else 1
    return None
