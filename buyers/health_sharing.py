"""The figures and breakers of endpoints as all processes know them, kept in Redis for an hour."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from buyers.health_figures import AGAINST, SLOT_SECONDS, SLOTS, WINDOW_SECONDS, Endpoint, Result
from core import json
from core.breaker import Phase, State
from core.redis import client

_JUDGED: Final = [Result.ACCEPTED.value, Result.REFUSED.value, AGAINST]
# One call for all endpoints of a process: as commands of their own they cost it some ten times as much.
_TELL: Final = """
local known, judged = {}, {unpack(ARGV, 4)}
for place, one in ipairs(cjson.decode(ARGV[1])) do
  for key, counts in pairs(one.counts) do
    for name, number in pairs(counts) do redis.call('HINCRBY', key, name, number) end
    redis.call('EXPIRE', key, ARGV[3])
  end
  if one.phase then redis.call('SET', one.phase_key, one.phase, 'EX', ARGV[2]) end
  known[place] = {redis.call('HMGET', one.heard, unpack(judged)), redis.call('GET', one.phase_key)}
end
return known
"""
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
    text = json.dumps([_message(one, slot) for one in news])
    known = client().register_script(_TELL)(args=[text, WINDOW_SECONDS, WINDOW_SECONDS + SLOT_SECONDS, *_JUDGED])
    return [_known(*one) for one in known]


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


def _message(news: News, slot: int) -> dict[str, Any]:
    """What the script reads; a phase that did not change is not there."""
    phase = {} if news.phase is None else {"phase": json.dumps(asdict(news.phase)).decode()}
    return {
        "counts": {_counts_key(news.endpoint, number): counts for number, counts in news.counts.items()},
        "heard": _counts_key(news.endpoint, slot),
        "phase_key": _phase_key(news.endpoint),
        **phase,
    }


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
