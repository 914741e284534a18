"""The figures and breakers of endpoints as all processes know them, kept in Redis for an hour."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import redis

from buyers.health_figures import AGAINST, SLOT_SECONDS, SLOTS, WINDOW_SECONDS, Endpoint, Result
from core import json
from core.breaker import Phase, State
from core.redis import client

_JUDGED: Final = [Result.ACCEPTED.value, Result.REFUSED.value, AGAINST]
Slots = Mapping[int, Mapping[str, int]]
"""Counts by the five minutes that they belong to."""


@dataclass(frozen=True, slots=True)
class News:
    """What a process tells of an endpoint: what it counted since it told last, and the phase that its breaker took."""

    endpoint: Endpoint
    counts: Slots
    phase: Phase | None


@dataclass(frozen=True, slots=True)
class Known:
    """What all together know of an endpoint: the results of this slot that count, and the newest phase told."""

    succeeded: int
    failed: int
    phase: Phase | None


def tell(news: Sequence[News], slot: int) -> list[Known]:
    """Add the news in one round trip and hear what is known of each. Raises redis.RedisError, perhaps half-way."""
    with client().pipeline(transaction=False) as pipe:
        for one in news:
            _tell(pipe, one)
            pipe.hmget(_counts_key(one.endpoint, slot), _JUDGED)
            pipe.get(_phase_key(one.endpoint))
        answers = iter(pipe.execute())
    known = []
    for one in news:
        for _ in range(_commands(one)):
            next(answers)
        known.append(_known(next(answers), next(answers)))
    return known


def hear(endpoints: Sequence[Endpoint], slot: int) -> list[tuple[Slots, Phase | None]]:
    """The last hour of these endpoints in one round trip. Raises redis.RedisError."""
    slots = range(slot - SLOTS + 1, slot + 1)
    with client().pipeline(transaction=False) as pipe:
        for endpoint in endpoints:
            for number in slots:
                pipe.hgetall(_counts_key(endpoint, number))
            pipe.get(_phase_key(endpoint))
        answers = iter(pipe.execute())
    heard: list[tuple[Slots, Phase | None]] = []
    for _ in endpoints:
        counts = {number: _counter(next(answers)) for number in slots}
        heard.append((counts, _read_phase(next(answers))))
    return heard


def _tell(pipe: "redis.client.Pipeline", news: News) -> None:
    for slot, counts in news.counts.items():
        key = _counts_key(news.endpoint, slot)
        for name, number in counts.items():
            pipe.hincrby(key, name, number)
        pipe.expire(key, WINDOW_SECONDS + SLOT_SECONDS)
    if news.phase is not None:
        pipe.set(_phase_key(news.endpoint), json.dumps(asdict(news.phase)), ex=WINDOW_SECONDS)


def _commands(news: News) -> int:
    return sum(len(counts) + 1 for counts in news.counts.values()) + (news.phase is not None)


def _known(totals: Sequence[bytes | None], phase: bytes | None) -> Known:
    accepted, refused, failed = (int(total or 0) for total in totals)
    return Known(accepted + refused, failed, _read_phase(phase))


def _counter(fields: Mapping[bytes, bytes]) -> Counter[str]:
    return Counter({name.decode(): int(number) for name, number in fields.items()})


def _read_phase(text: bytes | None) -> Phase | None:
    if text is None:
        return None
    read = json.loads(text)
    return Phase(State(read["state"]), read["since"], read["until"], read["openings"])


def _counts_key(endpoint: Endpoint, slot: int) -> str:
    return f"health:{endpoint.mode}:{endpoint.contract_id.hex}:{endpoint.stage}:{slot}"


def _phase_key(endpoint: Endpoint) -> str:
    return f"health:{endpoint.mode}:{endpoint.contract_id.hex}:{endpoint.stage}:breaker"
