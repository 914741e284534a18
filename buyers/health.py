"""How buyers' endpoints are doing, and which of them are better left alone for a while.

Every process judges by what it sees itself and, a second later, by what the others saw: the figures are shared through
Redis where it is there, off the way of any lead. Without it each process has its own. Nothing here is ever waited for
on the way of a lead, and a process that dies takes a second of figures along.
"""

import asyncio
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import redis

from buyers import health_sharing
from buyers.health_figures import (
    SLOTS,
    Endpoint,
    EndpointHealth,
    Seen,
    Stage,
    our_own_trouble,
    slot_at,
    summarize,
)
from buyers.health_records import EndpointRecord
from buyers.health_sharing import News
from core.breaker import Phase
from core.clock import now as this_instant
from core.http import loop

SHARE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Health:
    """The last hour of a contract's endpoints. `shared`: of all processes, else of the one that was asked."""

    shared: bool
    endpoints: tuple[EndpointHealth, ...]


class Watch:
    """What one process knows of the endpoints that it asks. Safe for threads."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Know nothing: in a process that was just forked."""
        self._lock = threading.Lock()
        self._records: defaultdict[Endpoint, EndpointRecord] = defaultdict(EndpointRecord)
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
                self._records[one.endpoint].add(one, now.timestamp(), excused=excused)
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
            record = self._records.get(endpoint, EndpointRecord())
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
