"""The limit lets through exactly what it says, by one process, by eight, and without Redis."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from accounts import limiter
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
