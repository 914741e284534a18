"""How buyers' endpoints are doing, and which of them are better left alone for a while.

Every process judges by what it sees itself and, a second later, by what the others saw: the figures are shared through
Redis where it is there, off the way of any lead. Without it each process has its own. Nothing here is ever waited for
on the way of a lead, and a process that dies takes a second of figures along.
"""

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import redis

from buyers import health_sharing
from buyers.health_figures import (
    SLOT_SECONDS,
    SLOTS,
    Endpoint,
    EndpointHealth,
    Result,
    Seen,
    Stage,
    count,
    our_own_trouble,
    slot_at,
    summarize,
)
from buyers.health_sharing import Known, News
from core.breaker import Breaker, Phase, State
from core.clock import now as this_instant
from core.http import loop

SHARE_SECONDS: Final = 1.0
_NEWEST_COUNTS: Final = 0.2  # of what an endpoint usually takes, how much its newest answer says
Slots = dict[int, Counter[str]]


@dataclass(frozen=True, slots=True)
class Health:
    """The last hour of a contract's endpoints. `shared`: of all processes, else of the one that was asked."""

    shared: bool
    endpoints: tuple[EndpointHealth, ...]


@dataclass(slots=True)
class _Record:
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
        for counts in (self.counts, self.untold):
            if slot not in counts:
                counts[slot] = Counter()
                for old in [number for number in counts if number <= slot - SLOTS]:
                    del counts[old]
            count(seen, counts[slot], against=failed)
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


class Watch:
    """What one process knows of the endpoints that it asks. Safe for threads."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Know nothing: in a process that was just forked."""
        self._lock = threading.Lock()
        self._records: dict[Endpoint, _Record] = {}
        self._sharing: Future[None] | None = None

    def may_ask(self, endpoint: Endpoint, *, now: datetime) -> bool:
        """Whether to ask it now; who is told so asks and tells `observe` what came of it, since it may be the trial."""
        with self._lock:
            record = self._records.get(endpoint)
            return record is None or record.breaker.permit(now.timestamp())

    def rests(self, endpoint: Endpoint, *, now: datetime) -> bool:
        """Whether it is left alone now, for whoever would have to ask it only later; takes no trial."""
        with self._lock:
            record = self._records.get(endpoint)
            return record is not None and record.breaker.rests(now.timestamp())

    def usual_ms(self, endpoint: Endpoint) -> float:
        """How long its answers took lately; 0 where there was none."""
        with self._lock:
            record = self._records.get(endpoint)
            return 0.0 if record is None else record.usual_ms

    def observe(self, seen: Sequence[Seen], *, now: datetime) -> None:
        """Count what came of an auction's questions. Costs microseconds; the others hear of it within a second.

        Where nearly all that were asked together failed, it is counted, but no breaker opens: the fault may be ours.
        """
        excused = our_own_trouble(seen)
        with self._lock:
            for one in seen:
                self._records.setdefault(one.endpoint, _Record()).add(one, now.timestamp(), excused=excused)
            if self._sharing is None or self._sharing.done():
                self._sharing = loop.submit(self._share_soon())

    def share(self, *, now: datetime) -> bool:
        """Tell the other processes and hear of them, in one round trip; False where Redis is away."""
        slot = slot_at(now.timestamp())
        with self._lock:
            news = [found for endpoint, record in self._records.items() if (found := record.news(endpoint))]
        if not news:
            return True
        try:
            known = health_sharing.tell(news, slot)
        except redis.RedisError:
            with self._lock:
                self._take_back(news)
            return False
        with self._lock:
            for one, heard in zip(news, known, strict=True):
                self._records[one.endpoint].learn(heard, slot, now.timestamp())
        return True

    def read(self, contracts: Sequence[UUID], *, mode: str, now: datetime) -> dict[UUID, Health]:
        """The last hour of these contracts' endpoints, of all processes where Redis can tell."""
        slot = slot_at(now.timestamp())
        endpoints = [Endpoint(contract_id, stage, mode) for contract_id in contracts for stage in Stage]
        self.share(now=now)
        try:
            heard = health_sharing.hear(endpoints, slot)
        except redis.RedisError:
            return _by_contract(False, {endpoint: self._own(endpoint, slot) for endpoint in endpoints})
        return _by_contract(
            True,
            {
                endpoint: summarize(endpoint.stage, counts.values(), phase or Phase())
                for endpoint, (counts, phase) in zip(endpoints, heard, strict=True)
            },
        )

    def _own(self, endpoint: Endpoint, slot: int) -> EndpointHealth:
        with self._lock:
            record = self._records.get(endpoint, _Record())
            recent = [counts for number, counts in record.counts.items() if number > slot - SLOTS]
            return summarize(endpoint.stage, recent, record.breaker.phase)

    def _take_back(self, news: Iterable[News]) -> None:
        for one in news:
            record = self._records[one.endpoint]
            record.told = Phase() if one.phase is not None else record.told
            for slot, counts in one.counts.items():
                record.untold.setdefault(slot, Counter()).update(counts)

    async def _share_soon(self) -> None:
        await asyncio.sleep(SHARE_SECONDS)
        await asyncio.to_thread(self.share, now=this_instant())


def _by_contract(shared: bool, found: Mapping[Endpoint, EndpointHealth]) -> dict[UUID, Health]:
    """The endpoints of each contract together, in the order of the stages."""
    groups: dict[UUID, list[EndpointHealth]] = {}
    for endpoint, health in found.items():
        groups.setdefault(endpoint.contract_id, []).append(health)
    return {contract_id: Health(shared, tuple(group)) for contract_id, group in groups.items()}


_ours: Final = Watch()
os.register_at_fork(after_in_child=_ours.forget)


def may_ask(endpoint: Endpoint, *, now: datetime) -> bool:
    """Whether this process may ask the endpoint now. Who is told so asks, and tells `observe` what came of it."""
    return _ours.may_ask(endpoint, now=now)


def rests(endpoint: Endpoint, *, now: datetime) -> bool:
    """Whether this process leaves the endpoint alone now. Nothing needs to follow."""
    return _ours.rests(endpoint, now=now)


def usual_ms(endpoint: Endpoint) -> float:
    """How many milliseconds the endpoint's answers took lately, as this process saw them; 0 where it saw none."""
    return _ours.usual_ms(endpoint)


def observe(seen: Sequence[Seen], *, now: datetime) -> None:
    """Count what came of questions that were asked together. Never waits; the others hear of it in about a second."""
    _ours.observe(seen, now=now)


def read_health(contracts: Sequence[UUID], *, mode: str, now: datetime) -> dict[UUID, Health]:
    """The last hour of these contracts' endpoints in one book. Two round trips to Redis; else this process's own."""
    return _ours.read(contracts, mode=mode, now=now)
