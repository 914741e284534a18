"""How endpoints are doing: counted here, shared with the other processes, judged by a breaker, and told by the API."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from buyers import health
from buyers.health import Watch
from buyers.health_figures import Endpoint, Result, Seen, Stage, summarize
from buyers.health_records import EndpointRecord
from core.breaker import Phase, State
from core.ids import decode, new_id
from core.redis import client
from tests.buyers.making import House, a_contract, a_house, a_market, read

NOW = datetime(2026, 5, 12, 15, 0, 30, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)
COUNTS = ("asked", "answered", "accepted", "refused", "errors", "timeouts", "failure_share")


def endpoint(mode: str = "live") -> Endpoint:
    return Endpoint(new_id(), Stage.PING, mode)


def seen(where: Endpoint, result: Result, times: int = 1, ms: float | None = None) -> list[Seen]:
    return [Seen(where, result, ms)] * times


def watch_sees(watch: Watch, seen: list[Seen], at: datetime) -> None:
    """One auction after the other, each with one question."""
    for one in seen:
        watch.observe([one], now=at)


def state(watch: Watch, where: Endpoint, at: datetime = NOW) -> State:
    """What everybody would be told of its breaker."""
    ping, _ = watch.read([where.contract_id], mode=where.mode, now=at)[where.contract_id].endpoints
    return ping.breaker.state


@pytest.fixture
def no_redis(settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    client.cache_clear()
    yield
    client.cache_clear()


def test_what_two_processes_saw_is_one_figure() -> None:
    where, one, other = endpoint(), Watch(), Watch()
    watch_sees(one, seen(where, Result.ACCEPTED, 6, ms=100) + seen(where, Result.ERROR), NOW)
    watch_sees(other, seen(where, Result.REFUSED, 2, ms=200) + seen(where, Result.TIMEOUT), NOW)
    one.share(now=NOW)
    found = other.read([where.contract_id], mode="live", now=NOW)[where.contract_id]
    ping, post = found.endpoints
    assert found.shared
    assert [getattr(ping, name) for name in COUNTS] == [10, 8, 6, 2, 1, 1, 0.2]
    assert (ping.p50_ms, ping.p99_ms) == (102, 198)  # the middle of a range
    assert (post.asked, post.failure_share, post.p50_ms) == (0, 0.0, None)


def test_what_is_told_twice_counts_once() -> None:
    where, one = endpoint(), Watch()
    watch_sees(one, seen(where, Result.ACCEPTED, 3), NOW)
    for _ in range(3):
        assert one.share(now=NOW)
    assert one.read([where.contract_id], mode="live", now=NOW)[where.contract_id].endpoints[0].asked == 3


def test_after_an_hour_it_is_forgotten() -> None:
    where, one = endpoint(), Watch()
    watch_sees(one, seen(where, Result.ACCEPTED, 3), NOW)
    later = NOW + timedelta(minutes=61)
    assert one.read([where.contract_id], mode="live", now=later)[where.contract_id].endpoints[0].asked == 0


def test_the_live_and_the_test_book_are_counted_apart() -> None:
    where, one = endpoint("test"), Watch()
    watch_sees(one, seen(where, Result.ERROR, 50), NOW)
    assert not one.may_ask(where, now=NOW)
    assert one.may_ask(Endpoint(where.contract_id, Stage.PING, "live"), now=NOW)


def test_an_endpoint_that_fails_is_left_alone_then_tried_once_and_back_after_a_success() -> None:
    where, one = endpoint(), Watch()
    watch_sees(one, seen(where, Result.TIMEOUT, 20), NOW)
    assert not one.may_ask(where, now=NOW)
    assert [one.may_ask(where, now=LATER) for _ in range(3)] == [True, False, False]
    watch_sees(one, seen(where, Result.REFUSED, ms=90), LATER)
    assert one.may_ask(where, now=LATER)
    assert state(one, where, LATER) is State.CLOSED


def test_where_all_fail_together_the_fault_may_be_ours_and_nobody_is_left_alone() -> None:
    crowd, one = [endpoint() for _ in range(5)], Watch()
    for _ in range(50):
        one.observe([Seen(where, Result.TIMEOUT) for where in crowd], now=NOW)
    assert all(one.may_ask(where, now=NOW) for where in crowd)
    assert one.read([crowd[0].contract_id], mode="live", now=NOW)[crowd[0].contract_id].endpoints[0].timeouts == 50
    for _ in range(50):
        one.observe([Seen(where, Result.TIMEOUT if where in crowd[:4] else Result.REFUSED) for where in crowd], now=NOW)
    assert [one.may_ask(where, now=NOW) for where in crowd] == [False, False, False, False, True]


def test_an_answer_that_we_read_too_late_is_a_timeout_that_speaks_against_nobody() -> None:
    where, one = endpoint(), Watch()
    watch_sees(one, seen(where, Result.TIMEOUT, 50, ms=301), NOW)
    assert one.may_ask(where, now=NOW)


def test_refusals_speak_against_nobody() -> None:
    where, one = endpoint(), Watch()
    watch_sees(one, seen(where, Result.REFUSED, 500), NOW)
    assert one.may_ask(where, now=NOW)


def test_failures_that_several_processes_saw_open_the_breaker_together() -> None:
    where, one, other = endpoint(), Watch(), Watch()
    watch_sees(one, seen(where, Result.ERROR, 12), NOW)
    watch_sees(other, seen(where, Result.ERROR, 12), NOW)
    assert one.may_ask(where, now=NOW)
    assert other.may_ask(where, now=NOW)
    one.share(now=NOW)
    other.share(now=NOW)
    assert not other.may_ask(where, now=NOW)


def test_failures_that_others_saw_longer_ago_than_a_minute_open_no_breaker() -> None:
    where, one, newcomer, later = endpoint(), Watch(), Watch(), NOW + timedelta(minutes=3)
    watch_sees(one, seen(where, Result.ERROR, 30), NOW)
    assert one.may_ask(where, now=LATER)
    watch_sees(one, seen(where, Result.ACCEPTED), LATER)
    one.share(now=LATER)
    watch_sees(newcomer, seen(where, Result.ACCEPTED), later)
    newcomer.share(now=later)
    assert newcomer.may_ask(where, now=later)
    watch_sees(one, seen(where, Result.ERROR, 30), later)
    assert not one.may_ask(where, now=later)


def test_a_breaker_that_one_process_opened_and_closed_is_so_for_the_others() -> None:
    where, elsewhere, one, other = endpoint(), endpoint(), Watch(), Watch()
    watch_sees(other, seen(where, Result.ACCEPTED), NOW)
    other.share(now=NOW)
    watch_sees(one, seen(where, Result.ERROR, 30), NOW)
    one.share(now=NOW)
    watch_sees(other, seen(where, Result.ACCEPTED), NOW)
    other.share(now=NOW)
    assert not other.may_ask(where, now=NOW)
    assert one.may_ask(where, now=LATER)
    watch_sees(one, seen(where, Result.ACCEPTED), LATER)
    one.share(now=LATER)
    watch_sees(other, seen(elsewhere, Result.ACCEPTED), LATER)  # whatever it tells, it asks after what is not closed
    other.share(now=LATER)
    assert other.may_ask(where, now=LATER)


def test_without_redis_a_process_goes_by_what_it_saw_and_tells_it_later(no_redis: None, settings: Settings) -> None:
    where, one = endpoint(), Watch()
    watch_sees(one, seen(where, Result.ERROR, 20), NOW)
    assert not one.share(now=NOW)
    found = one.read([where.contract_id], mode="live", now=NOW)[where.contract_id]
    assert (found.shared, found.endpoints[0].errors, found.endpoints[0].breaker.state) == (False, 20, State.OPEN)


def test_what_could_not_be_told_is_told_once_redis_is_back(settings: Settings) -> None:
    where, one, there = endpoint(), Watch(), settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    client.cache_clear()
    watch_sees(one, seen(where, Result.ERROR, 20), NOW)
    assert not one.share(now=NOW)
    settings.REDIS_URL = there
    client.cache_clear()
    assert one.share(now=NOW)
    found = Watch().read([where.contract_id], mode="live", now=NOW)[where.contract_id]
    assert (found.shared, found.endpoints[0].errors, found.endpoints[0].breaker.state) == (True, 20, State.OPEN)


@given(st.lists(st.floats(1, 60_000), min_size=1, max_size=200))
def test_percentiles_are_right_within_five_per_cent_and_a_rounding(times: list[float]) -> None:
    watch, where = Watch(), Endpoint(UUID(int=1), Stage.PING)
    record = EndpointRecord()
    for ms in times:
        record.add(Seen(where, Result.ACCEPTED, ms), NOW.timestamp())
    found = summarize(Stage.PING, record.counts.values(), Phase())
    ranked = sorted(times)
    for share, told in ((0.5, found.p50_ms), (0.95, found.p95_ms), (0.99, found.p99_ms)):
        exact = ranked[-(-len(ranked) * round(share * 100) // 100) - 1]
        assert told is not None
        assert abs(told - exact) <= 0.05 * exact + 0.5
    assert watch.may_ask(where, now=NOW)


# --- over HTTP ---------------------------------------------------------------------------------------------------


@pytest.fixture
def market(db: None) -> tuple[House, dict[str, str], str]:
    house = a_house()
    buyer, campaign = a_market(house)
    contract = a_contract(house, buyer, campaign)
    where = Endpoint(decode("ctr", contract["contract_id"]), Stage.PING)
    at = datetime.now(UTC)
    health.observe(seen(where, Result.ACCEPTED, 3, ms=80) + seen(where, Result.TIMEOUT), now=at)
    return house, buyer, f"/v1/contracts/{contract['contract_id']}/health"


@pytest.mark.django_db
def test_the_agency_reads_how_a_contracts_endpoints_do(market: tuple[House, dict[str, str], str]) -> None:
    house, _, path = market
    told = read(house.api.get(path))
    assert (told["mode"], told["window_seconds"], told["shared"]) == ("live", 3600, True)
    ping, post = told["endpoints"]
    assert ping == {
        "stage": "ping",
        "asked": 4,
        "answered": 3,
        "accepted": 3,
        "refused": 0,
        "errors": 0,
        "timeouts": 1,
        "failure_share": 0.25,
        "latency_ms": {"p50": 76, "p95": 76, "p99": 76},
        "breaker": {"state": "closed", "since": None, "until": None},
    }
    assert (post["asked"], post["latency_ms"]) == (0, {"p50": None, "p95": None, "p99": None})


@pytest.mark.django_db
def test_a_test_key_reads_of_the_test_book(market: tuple[House, dict[str, str], str]) -> None:
    house, _, path = market
    told = read(house.test_api.get(path))
    assert (told["mode"], told["endpoints"][0]["asked"]) == ("test", 0)


@pytest.mark.django_db
def test_the_buyers_own_key_reads_it_and_another_buyers_does_not(market: tuple[House, dict[str, str], str]) -> None:
    house, buyer, path = market
    other = house.api.post("/v1/buyers", {"name": "Other", "email": "o@other.example", "timezone": "UTC"})
    for who, status in ((buyer, 200), (read(other), 404)):
        key = house.key(buyer_id=decode("buyer", who["buyer_id"]), scopes=("buyers:read",))
        assert key.get(path).status_code == status
    assert house.key(scopes=("leads:read",)).get(path).status_code == 403


def test_what_an_endpoint_usually_takes_follows_its_newest_answers() -> None:
    where, watch = endpoint(), Watch()
    assert watch.usual_ms(where) == 0.0
    watch_sees(
        watch, [Seen(where, Result.ACCEPTED, 100), Seen(where, Result.TIMEOUT), Seen(where, Result.REFUSED, 200)], NOW
    )
    assert watch.usual_ms(where) == 120.0
