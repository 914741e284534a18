"""The rate limit and the agency's version in one trip to Redis, and what stands in for it while Redis is away.

The limit fails open: without Redis each process counts for itself. Nothing here decides who somebody is.

Where a trip per request is too dear, requests are taken in lots of a hundredth of what is left of the limit: never
more are let through, and near the limit, where it matters, lots are of one.
"""

import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any, Final
from uuid import UUID

from redis.commands.core import Script
from redis.exceptions import RedisError

from accounts.limits import WINDOW_SECONDS, Verdict
from core import redis

VERSION_SECONDS: Final = 10
"""How long Redis may be believed about a version: what a process killed between commit and push can cost."""

_AWAY_SECONDS: Final = 1.0
_MOST_WINDOWS: Final = 10_000

_LOTS: Final = 100  # lots that what is left of a limit is taken in
_LARGEST_LOT: Final = 100

# The window opens with a key's first request and closes a minute later. INCRBY and PEXPIRE share one script, so a
# window without an end cannot exist.
_TAKE = """
local left = tonumber(ARGV[2]) - tonumber(redis.call('GET', KEYS[1]) or '0')
local lot = math.max(1, math.min(math.floor(left / tonumber(ARGV[3])), tonumber(ARGV[4])))
local count = redis.call('INCRBY', KEYS[1], lot)
if count == lot then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count - lot + 1, redis.call('PTTL', KEYS[1]), redis.call('GET', KEYS[2]), lot - 1}
"""

# Versions only grow, whatever order two pushes arrive in.
_PUSH = """
local known = tonumber(redis.call('GET', KEYS[1]))
if known == nil or tonumber(ARGV[1]) > known then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
"""


class _Outage:
    """Remembers for a moment that Redis is away, so that not every request waits to find out."""

    def __init__(self) -> None:
        self._until = 0.0

    def over(self) -> bool:
        return time.monotonic() >= self._until

    def begin(self) -> None:
        self._until = time.monotonic() + _AWAY_SECONDS


class _LocalWindows:
    """The same fixed windows, counted in this process alone; the oldest are forgotten beyond a bound."""

    def __init__(self) -> None:
        self._windows: OrderedDict[UUID, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def hit(self, key_id: UUID) -> tuple[int, float]:
        """How many requests the key's window has seen with this one, and the seconds until it closes."""
        instant = time.monotonic()
        with self._lock:
            closes, count = self._windows.pop(key_id, (0.0, 0))
            if closes <= instant:
                closes, count = instant + WINDOW_SECONDS, 0
            self._windows[key_id] = (closes, count + 1)
            if len(self._windows) > _MOST_WINDOWS:
                self._windows.popitem(last=False)
        return count + 1, closes - instant


@dataclass(slots=True)
class _Lot:
    """Requests that Redis has counted already: those up to `last` of a window that closes at `closes`."""

    count: int
    last: int
    closes: float
    version: int | None


class _Lots:
    """The lots that this process holds, by key; several where several threads found none at once."""

    def __init__(self) -> None:
        self._lots: OrderedDict[UUID, list[_Lot]] = OrderedDict()
        self._lock = threading.Lock()

    def draw(self, key_id: UUID) -> tuple[int, float, int | None] | None:
        """Use one request: which it is of its window, the seconds until that closes, and the version; None: no lot."""
        instant = time.monotonic()
        with self._lock:
            lots = self._lots.get(key_id, [])
            while lots and (lots[-1].count >= lots[-1].last or lots[-1].closes <= instant):
                lots.pop()
            if not lots:
                return None
            lot = lots[-1]
            lot.count += 1
            return lot.count, lot.closes - instant, lot.version

    def hold(self, key_id: UUID, lot: _Lot) -> None:
        """Keep one more lot."""
        with self._lock:
            self._lots.setdefault(key_id, []).append(lot)
            if len(self._lots) > _MOST_WINDOWS:
                self._lots.popitem(last=False)

    def learn(self, key_id: UUID, version: int) -> None:
        """What Redis did not know when it gave the key's lots."""
        with self._lock:
            for lot in self._lots.get(key_id, []):
                lot.version = version if lot.version is None else lot.version


_outage = _Outage()
_local = _LocalWindows()
_lots = _Lots()


@cache
def _script(text: str) -> Script:
    return redis.client().register_script(text)


def hit(key_id: UUID, per_minute: int, agency_id: UUID, *, lots: bool = False) -> Verdict:
    """Count one request of the key. One round trip; never raises and never waits above Redis's time-out.

    `version` is None where Redis is away or does not know the agency: the caller then reads it from the database. With
    `lots` most calls make no trip, and the version may have moved since: the caller checks it where it matters.
    """
    if lots and (drawn := _lots.draw(key_id)) is not None:
        count, seconds, version = drawn
        return _verdict(count, per_minute, seconds, version)
    answer = _ask_redis(key_id, agency_id, per_minute, _LARGEST_LOT if lots else 1)
    if answer is None:
        count, seconds = _local.hit(key_id)
        return _verdict(count, per_minute, seconds, None)
    count, milliseconds, known, more = answer
    version = None if known is None else int(known)
    if more:
        _lots.hold(key_id, _Lot(count, count + more, time.monotonic() + milliseconds / 1000, version))
    return _verdict(count, per_minute, milliseconds / 1000, version)


def push_version(agency_id: UUID, version: int) -> None:
    """Tell all processes of the agency's version; an older one than Redis knows is ignored. Never raises."""
    with suppress(RedisError):  # a push is tried also during a remembered outage: it matters more than 0.2 s
        _script(_PUSH)(keys=[_version_key(agency_id)], args=[version, VERSION_SECONDS])


def seed_version(key_id: UUID, agency_id: UUID, version: int) -> None:
    """As `push_version`, for a reader who found Redis without the version: not worth a wait during an outage."""
    _lots.learn(key_id, version)
    if _outage.over():
        push_version(agency_id, version)


def _ask_redis(key_id: UUID, agency_id: UUID, per_minute: int, largest: int) -> Any | None:
    if not _outage.over():
        return None
    keys = [f"rate:{key_id}", _version_key(agency_id)]
    try:
        return _script(_TAKE)(keys=keys, args=[WINDOW_SECONDS * 1000, per_minute, _LOTS, largest])
    except RedisError:
        _outage.begin()
        return None


def _version_key(agency_id: UUID) -> str:
    return f"version:{agency_id}"


def _verdict(count: int, per_minute: int, seconds: float, version: int | None) -> Verdict:
    return Verdict(count=count, limit=per_minute, reset_seconds=max(ceil(seconds), 1), version=version)
