"""A gate lets a few threads work; who waits for the network stands aside, and comes back before anybody new."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from core.gate import Gate, aside

PATIENCE = 30


def test_no_more_are_inside_than_the_gate_lets_in() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1

    gated = Gate(3).around(work)
    with ThreadPoolExecutor(12) as threads:
        for done in [threads.submit(gated) for _ in range(40)]:
            done.result(PATIENCE)
    assert most == 3


def test_who_stands_aside_lets_others_work() -> None:
    gate, others = Gate(1), threading.Event()

    def waits() -> bool:
        with aside():
            return others.wait(PATIENCE)

    with ThreadPoolExecutor(2) as threads:
        waiting = threads.submit(gate.around(waits))
        threads.submit(gate.around(others.set)).result(PATIENCE)
        assert waiting.result(PATIENCE)


def test_who_comes_back_goes_before_those_who_are_new() -> None:
    gate, order, out, back, busy = Gate(1), [], threading.Event(), threading.Event(), threading.Event()

    def returns() -> None:
        with aside():
            out.set()
            back.wait(PATIENCE)
        order.append("back")

    def holds() -> None:
        busy.wait(PATIENCE)

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(gate.around(returns))
        assert out.wait(PATIENCE)
        holding = threads.submit(gate.around(holds))
        _until(lambda: gate._free == 0 and holding.running())
        new = threads.submit(gate.around(lambda: order.append("new")))
        _until(lambda: len(gate._coming) == 1)
        back.set()
        _until(lambda: len(gate._returning) == 1)
        busy.set()
        _all(first, new)
    assert order == ["back", "new"]


def test_an_error_inside_leaves_the_gate_open_for_the_next() -> None:
    gate = Gate(1)

    def fails() -> None:
        with aside():
            raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            gate.around(fails)()
    assert gate._free == 1


def test_without_a_gate_nothing_happens() -> None:
    with aside():
        pass


def _until(true: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(3000):
        if true():
            return
        waited.wait(0.01)
    raise AssertionError("it never came to that")


def _all(*futures: "Future[None]") -> None:
    for future in futures:
        future.result(PATIENCE)


class Broken:
    """Tools that cannot be taken, or not be given back."""

    def __init__(self, *, take: bool) -> None:
        self._take = take

    def take(self) -> None:
        if self._take:
            raise OSError("no tools")

    def give_back(self) -> None:
        if not self._take:
            raise OSError("no tools")


@pytest.mark.parametrize("take", [True, False], ids=["taken", "given back"])
def test_tools_that_fail_close_no_gate(take: bool) -> None:
    gate = Gate(1, Broken(take=take))
    for _ in range(3):
        with ThreadPoolExecutor(1) as thread, pytest.raises(OSError, match="no tools"):
            thread.submit(gate.around(lambda: None)).result(PATIENCE)
