"""How many threads of a process work at once, however many of them wait for somebody outside.

Threads that compete for the interpreter slow one another down; threads that wait for a buyer's answer cost nothing. So
a web process has many threads of which a few are let in to work, and whoever waits for the network stands aside.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")
_here = threading.local()


class Tools(Protocol):
    """What a thread needs to work and not to wait, such as a database connection; there are as many as work at once."""

    def take(self) -> None:
        """Equip the calling thread, which was just let in."""

    def give_back(self) -> None:
        """Take them off the calling thread, before it leaves."""


class Gate:
    """Lets `most` threads in, with their tools. Whoever stood aside comes back before anybody new."""

    def __init__(self, most: int, tools: Tools | None = None) -> None:
        self._free = most
        self._tools = tools
        self._lock = threading.Lock()
        self._coming: deque[threading.Lock] = deque()
        self._returning: deque[threading.Lock] = deque()

    def around(self, work: Callable[..., Result]) -> Callable[..., Result]:
        """The work, done by a thread that is let in for as long as it lasts. A WSGI application, for one."""

        def inside(*args: Any, **options: Any) -> Result:
            self._enter(self._coming)
            _here.gate = self
            try:
                return work(*args, **options)
            finally:
                _here.gate = None
                self._leave()

        return inside

    def _enter(self, line: deque[threading.Lock]) -> None:
        self._wait_in(line)
        try:
            if self._tools:
                self._tools.take()
        except BaseException:
            self._make_room()
            raise

    def _wait_in(self, line: deque[threading.Lock]) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            line.append(turn)
        turn.acquire()

    def _leave(self) -> None:
        try:
            if self._tools:
                self._tools.give_back()
        finally:
            self._make_room()

    def _make_room(self) -> None:
        with self._lock:
            line = self._returning or self._coming
            if line:
                line.popleft().release()
            else:
                self._free += 1

    @contextmanager
    def _outside(self) -> Iterator[None]:
        self._leave()
        try:
            yield
        finally:
            self._enter(self._returning)


@contextmanager
def aside() -> Iterator[None]:
    """Let somebody else work while this thread waits; nothing where it was let in by no gate.

    Never with a transaction open: those who work meanwhile may wait for its locks, and this thread for them.
    """
    gate: Gate | None = getattr(_here, "gate", None)
    if gate is None:
        yield
    else:
        _here.gate = None
        try:
            with gate._outside():
                yield
        finally:
            _here.gate = gate
