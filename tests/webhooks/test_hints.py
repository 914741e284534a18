"""A hint costs its caller nothing, whatever becomes of it."""

import os
import threading
import time
from itertools import pairwise

from tests.processes import wait_until
from webhooks.hints import Hinter


def test_many_hints_become_few_nudges_and_the_last_is_never_lost() -> None:
    nudges: list[float] = []
    hint = Hinter(lambda: nudges.append(time.monotonic()), gap=0.1)
    end = time.monotonic() + 0.35
    while time.monotonic() < end:
        hint()
    last = time.monotonic()
    wait_until(lambda: nudges[-1] >= last - 0.01 or len(nudges) >= 5, "the nudge after the last hint")
    assert 3 <= len(nudges) <= 6
    assert all(later - earlier >= 0.09 for earlier, later in pairwise(nudges))


def test_a_broker_that_hangs_does_not_hold_up_the_caller() -> None:
    released = threading.Event()
    hint = Hinter(lambda: released.wait(10), gap=0)
    hint()
    started = time.perf_counter()
    for _ in range(1000):
        hint()
    assert time.perf_counter() - started < 0.1
    released.set()


def test_a_broker_that_is_down_is_tried_again_at_the_next_hint() -> None:
    tried: list[int] = []

    def fail() -> None:
        tried.append(1)
        raise ConnectionError("down")

    hint = Hinter(fail, gap=0)
    for count in (1, 2, 3):
        hint()
        wait_until(lambda count=count: len(tried) >= count, "a try")  # type: ignore[misc]


def test_a_forked_child_hints_too() -> None:
    reading, writing = os.pipe()
    hint = Hinter(lambda: os.write(writing, b"x"), gap=0)
    hint()
    assert os.read(reading, 1) == b"x"
    child = os.fork()
    if child == 0:
        hint()
        time.sleep(5)
        os._exit(0)
    assert os.read(reading, 1) == b"x"
    os.kill(child, 9)
    os.waitpid(child, 0)
