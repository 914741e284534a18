"""The limit lets through exactly what it says, by one process, by eight, and without Redis."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from accounts import limiter
from accounts.authentication import authenticate_key
from accounts.keys import revoke_key
from accounts.models import Agency
from accounts.principals import SystemActor
from core import redis
from core.ids import new_id
from tests.accounts.asking import Api, make_agency, make_key
from tests.accounts.racing import in_processes

CURRENT = "/v1/keys/current"


@pytest.fixture
def redis_is_away(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Nothing listens where Redis should be."""
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    yield from _with_fresh_clients()


@pytest.fixture
def redis_hangs(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Something listens where Redis should be, and never answers."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{tmp_path}/mute.sock")
        server.listen()
        settings.REDIS_URL = f"unix://{tmp_path}/mute.sock"
        yield from _with_fresh_clients()


def _with_fresh_clients() -> Iterator[None]:
    _forget_clients()
    yield
    _forget_clients()


def _forget_clients() -> None:
    redis.client.cache_clear()
    limiter._script.cache_clear()
    limiter._outage._until = 0.0


def hits(key_id: UUID, agency_id: UUID, limit: int, times: int) -> int:
    return sum(limiter.hit(key_id, limit, agency_id).allowed for _ in range(times))


def test_exactly_the_limit_is_let_through() -> None:
    assert hits(new_id(), new_id(), 50, 80) == 50


def test_eight_processes_together_are_let_through_exactly_the_limit() -> None:
    assert sum(in_processes(8, hits, new_id(), new_id(), 50, 40)) == 50


def test_keys_are_counted_apart() -> None:
    agency = new_id()
    assert [hits(new_id(), agency, 3, 5) for _ in range(2)] == [3, 3]


def test_a_refusal_says_when_to_come_back_and_a_new_window_lets_in() -> None:
    key, agency = new_id(), new_id()
    refused = [limiter.hit(key, 1, agency) for _ in range(2)][1]
    assert refused.headers() == {
        "RateLimit-Policy": '"key";q=1;w=60',
        "RateLimit": '"key";r=0;t=60',
        "Retry-After": "60",
    }
    redis.client().pexpire(f"rate:{key}", 1)
    time.sleep(0.02)
    assert limiter.hit(key, 1, agency).allowed


def test_versions_only_grow_and_are_believed_for_seconds_only() -> None:
    key, agency = new_id(), new_id()
    assert limiter.hit(key, 9, agency).version is None
    for version in (7, 9, 8):
        limiter.push_version(agency, version)
    assert limiter.hit(key, 9, agency).version == 9
    assert 0 < redis.client().pttl(f"version:{agency}") <= limiter.VERSION_SECONDS * 1000


@pytest.mark.usefixtures("redis_is_away")
def test_without_redis_each_process_counts_for_itself() -> None:
    key = new_id()
    assert hits(key, new_id(), 50, 80) == 50
    assert limiter.hit(key, 50, new_id()).version is None


@pytest.mark.usefixtures("redis_hangs")
def test_a_redis_that_hangs_is_waited_for_once_and_then_left_alone_for_a_while() -> None:
    started = time.perf_counter()
    assert hits(new_id(), new_id(), 500, 200) == 200
    assert time.perf_counter() - started < 1.0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("redis_is_away")
def test_without_redis_a_key_still_works_and_a_revoked_one_is_still_refused(django_assert_num_queries: Any) -> None:
    made = make_agency()
    key = make_key(made, rate_limit_per_minute=3, scopes=("leads:read",))
    api = Api(key.text)
    assert api.get(CURRENT).status_code == 200
    with django_assert_num_queries(1):  # the agency's version
        assert api.get("/v1/keys").status_code == 403
    revoke_key(actor=SystemActor(made.agency.pk, "system:test"), key=key.row)
    assert api.get(CURRENT).json()["code"] == "key_revoked"


@pytest.mark.django_db(transaction=True)
def test_a_flushed_redis_learns_the_version_again() -> None:
    made = make_agency()
    assert Api(made.live.text).get(CURRENT).status_code == 200
    redis.client().delete(f"version:{made.agency.pk}")
    assert Api(made.live.text).get(CURRENT).status_code == 200
    assert int(redis.client().get(f"version:{made.agency.pk}") or 0) == Agency.objects.get().version


@pytest.mark.django_db(transaction=True)
def test_too_many_requests_are_429_with_the_time_to_wait() -> None:
    api = Api(make_key(make_agency(), rate_limit_per_minute=2).text)
    answers = [api.get(CURRENT) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[2]
    assert refused.json()["code"] == "too_many_requests"
    assert refused.headers["RateLimit"].startswith('"key";r=0;t=')
    assert 0 < int(refused.headers["Retry-After"]) <= 60


def spend_lots(key_id: UUID, agency_id: UUID, limit: int, times: int) -> tuple[int, int]:
    """How many were let through, and how many are left in the lots of this process."""
    let_through = sum(limiter.hit(key_id, limit, agency_id, lots=True).allowed for _ in range(times))
    return let_through, left_in_lots(key_id)


def left_in_lots(key_id: UUID) -> int:
    left = 0
    while limiter._lots.draw(key_id):
        left += 1
    return left


def test_lots_make_few_trips_and_let_through_exactly_the_limit() -> None:
    key, agency = new_id(), new_id()
    assert [limiter.hit(key, 1_000, agency, lots=True).count for _ in range(1_002)] == list(range(1, 1_003))
    assert redis.client().get(f"rate:{key}") == b"1002"


def test_near_the_limit_lots_are_of_one() -> None:
    key, agency = new_id(), new_id()
    assert spend_lots(key, agency, 1_000, 801) == (801, 0)
    for taken in range(802, 1_001):
        assert limiter.hit(key, 1_000, agency, lots=True).count == taken
        assert redis.client().get(f"rate:{key}") == str(taken).encode()


def test_no_lot_is_larger_than_a_hundred() -> None:
    key = new_id()
    assert limiter.hit(key, 10**9, new_id(), lots=True).count == 1
    assert redis.client().get(f"rate:{key}") == b"100"


def test_four_processes_with_lots_let_through_the_limit_but_for_what_is_left_in_their_lots() -> None:
    spent = in_processes(4, spend_lots, new_id(), new_id(), 1_000, 600)
    let_through, left = sum(through for through, _ in spent), sum(left for _, left in spent)
    assert let_through + left == 1_000


def test_threads_that_take_lots_at_once_lose_none_of_them() -> None:
    key, agency = new_id(), new_id()
    start = Barrier(16)

    def spend() -> int:
        start.wait()
        return sum(limiter.hit(key, 2_000, agency, lots=True).allowed for _ in range(300))

    with ThreadPoolExecutor(16) as pool:
        let_through = sum(spent.result() for spent in [pool.submit(spend) for _ in range(16)])
    assert let_through + left_in_lots(key) == 2_000


def test_two_lots_taken_at_once_are_both_used() -> None:
    lots, key, closes = limiter._Lots(), new_id(), time.monotonic() + 60
    lots.hold(key, limiter._Lot(1, 3, closes, None))
    lots.hold(key, limiter._Lot(10, 12, closes, None))
    assert sorted(drawn[0] for drawn in iter(lambda: lots.draw(key), None)) == [2, 3, 11, 12]


def test_a_lot_ends_with_its_window() -> None:
    lots, key = limiter._Lots(), new_id()
    lots.hold(key, limiter._Lot(1, 3, time.monotonic(), None))
    assert lots.draw(key) is None


@pytest.mark.django_db(transaction=True)
def test_a_lot_taken_while_redis_has_no_version_reads_it_once(django_assert_num_queries: Any) -> None:
    made = make_agency()
    meta = {"HTTP_AUTHORIZATION": f"Bearer {made.live.text}", "REMOTE_ADDR": "127.0.0.1"}
    authenticate_key(meta)
    redis.client().delete(f"version:{made.agency.pk}")
    with django_assert_num_queries(1):
        for _ in range(5):
            authenticate_key(meta, lots=True)
