"""Who travels alone goes at once; who comes meanwhile travels together, in order, and nobody is left behind."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from leads.convoy import MOST, Convoy
from tests.processes import PATIENCE, wait_until

A, B, C = frozenset("a"), frozenset("b"), frozenset("c")


class Road:
    """Carries numbers to their doubles, slowly where told: the first trip is under way until `go`."""

    def __init__(self, *, fails: Callable[[Sequence[int]], bool] = lambda _items: False, patience: float = 0.0) -> None:
        self.trips: list[list[int]] = []
        self.drivers: list[int] = []
        self.begun, self.clear = threading.Event(), threading.Event()
        self.fails = fails
        self.convoy: Convoy[int, int] = Convoy(self.carry, patience=patience)

    def carry(self, items: Sequence[int]) -> Sequence[int]:
        self.trips.append(list(items))
        self.drivers.append(threading.get_ident())
        self.begun.set()
        assert self.clear.wait(PATIENCE)
        if self.fails(items):
            raise ValueError(items)
        return [2 * item for item in items]

    def go(self) -> None:
        self.clear.set()


def ride(road: Road, *items: tuple[int, frozenset[str]]) -> list[Future[int]]:
    """The first item is under way while the others come, one behind the other; then the road is clear for all."""
    with ThreadPoolExecutor(len(items)) as pool:
        (item, marks), *others = items
        rides = [pool.submit(road.convoy.ride, item, marks)]
        assert road.begun.wait(PATIENCE)
        for item, marks in others:
            rides.append(pool.submit(road.convoy.ride, item, marks))
            wait_until(lambda: len(road.convoy._waiting) == len(rides) - 1, "the next in the line")
        road.go()
    return rides


def unmarked(*items: int) -> list[tuple[int, frozenset[str]]]:
    return [(item, frozenset()) for item in items]


def test_whoever_is_alone_goes_at_once_and_alone() -> None:
    road = Road()
    road.go()
    assert [road.convoy.ride(item) for item in (1, 2, 3)] == [2, 4, 6]
    assert road.trips == [[1], [2], [3]]


def test_those_who_come_while_one_is_under_way_ride_together_next() -> None:
    road = Road()
    rides = ride(road, *unmarked(1, 2, 3, 4))
    assert [done.result() for done in rides] == [2, 4, 6, 8]
    assert road.trips == [[1], [2, 3, 4]]


def test_no_more_ride_together_than_may() -> None:
    road = Road()
    rides = ride(road, *unmarked(*range(MOST + 6)))
    assert [done.result() for done in rides] == [2 * item for item in range(MOST + 6)]
    assert road.trips == [[0], [*range(1, MOST + 1)], [*range(MOST + 1, MOST + 6)]]


def test_same_marks_never_ride_together_and_keep_their_order() -> None:
    road = Road()
    ride(road, (1, A), (2, A), (3, A), (4, B), (5, A), (6, B), (7, C))
    assert road.trips == [[1], [2, 4, 7], [3, 6], [5]]


def test_nobody_overtakes_one_who_waits_and_shares_a_mark_with_them() -> None:
    road = Road()
    ride(road, (1, C), (2, A), (3, A | B), (4, B), (5, C))
    assert road.trips == [[1], [2, 5], [3], [4]]


def test_what_fails_reaches_all_its_riders_and_the_next_are_carried_all_the_same() -> None:
    road = Road(fails=lambda items: 2 in items)
    rides = ride(road, (1, A), (2, A), (3, B), (4, A))
    assert [type(done.exception()) for done in rides] == [type(None), ValueError, ValueError, type(None)]
    assert (rides[0].result(), rides[3].result()) == (2, 8)
    assert road.trips == [[1], [2, 3], [4]]
    assert road.convoy.ride(5) == 10


def test_even_an_interruption_leaves_nobody_waiting() -> None:
    class Interrupted(BaseException):
        pass

    def interrupt(items: Sequence[int]) -> bool:
        if 1 in items:
            raise Interrupted
        return False

    road = Road(fails=interrupt)
    rides = ride(road, *unmarked(1, 2))
    assert isinstance(rides[0].exception(), Interrupted)
    assert rides[1].result() == 4


def test_too_few_results_are_an_error_for_all() -> None:
    convoy: Convoy[int, int] = Convoy(lambda items: [])
    with pytest.raises(ValueError, match="shorter"):
        convoy.ride(1)
    with pytest.raises(ValueError, match="shorter"):
        convoy.ride(2)


def test_a_leader_carries_once_and_hands_over() -> None:
    road = Road()
    ride(road, (1, A), (2, A), (3, A), (4, A))
    assert road.trips == [[1], [2], [3], [4]]
    assert len(set(road.drivers)) == 4


def test_a_storm_leaves_nobody_waiting_and_no_two_trips_at_once() -> None:
    threads, each = 32, 50
    under_way = threading.Lock()
    seen: list[int] = []

    def carry(items: Sequence[int]) -> Sequence[int]:
        assert under_way.acquire(blocking=False)
        seen.extend(items)
        assert len({item % 7 for item in items if item % 7 < 3}) == sum(item % 7 < 3 for item in items)
        under_way.release()
        return [2 * item for item in items]

    convoy: Convoy[int, int] = Convoy(carry)

    def post(first: int) -> list[int]:
        items = range(first, first + each)
        return [convoy.ride(item, frozenset([str(item % 7)] if item % 7 < 3 else [])) for item in items]

    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(post, range(0, threads * each, each)))
    assert [result for posted in results for result in posted] == [2 * item for item in range(threads * each)]
    assert sorted(seen) == list(range(threads * each))
    assert not convoy._waiting
    assert not convoy._under_way


# --- patience ------------------------------------------------------------------------------------------------------

FOR_EVER = 10 * PATIENCE


def test_a_line_with_patience_waits_until_those_it_has_answered_are_back() -> None:
    road = Road(patience=FOR_EVER)
    with ThreadPoolExecutor(4) as posting:
        rides = [posting.submit(road.convoy.ride, item) for item in range(13)]
        wait_until(lambda: len(road.convoy._waiting) == 3, "all others in the line")
        road.go()
    assert [done.result() for done in rides] == [2 * item for item in range(13)]
    assert list(map(len, road.trips)) == [1, 4, 4, 4]


def test_it_waits_for_nobody_after_one_who_was_alone() -> None:
    road = Road(patience=FOR_EVER)
    road.go()
    assert [road.convoy.ride(item) for item in (1, 2, 3)] == [2, 4, 6]
    assert road.trips == [[1], [2], [3]]


def test_its_patience_ends() -> None:
    road = Road(patience=0.01)
    ride(road, *unmarked(1, 2, 3))
    assert road.convoy.ride(4) == 8
    assert road.trips == [[1], [2, 3], [4]]
