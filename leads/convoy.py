"""Leads that arrive together travel together: one look, one settlement and one commit for all that wait meanwhile.

Whoever comes while nobody is on the way leads: it takes along those that wait, up to a number, and the next of the
rest leads after it. A lead that is alone goes alone at once. What a trip costs the database (a transaction, a flush of
its log) and the rows that all leads of a buyer write are shared by those who ride along.

Who posts one lead after the other is back a moment after each answer. Without patience they would split into those who
are under way and those who wait, and every convoy would be half as long as it could be.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST: Final = 16


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Item, Result]):
    item: Item
    marks: frozenset[str]
    woken: threading.Lock = field(default_factory=threading.Lock)
    result: Result | None = None
    error: BaseException | None = None
    done: bool = False


class Convoy(Generic[Item, Result]):
    """One line of items. `carry` gives their results in their order, or raises for all of them.

    After a convoy of several the next one is held, for `patience` seconds at most, until as many are there as were in
    the line when the last one arrived.
    """

    def __init__(self, carry: Callable[[Sequence[Item]], Sequence[Result]], *, patience: float = 0.0) -> None:
        self._carry = carry
        self._patience = patience
        self._waiting: deque[_Ticket[Item, Result]] = deque()
        self._lock = threading.Lock()
        self._complete = threading.Condition(self._lock)
        self._expected, self._until = 0, 0.0
        self._under_way = False

    def ride(self, item: Item, marks: frozenset[str] = frozenset()) -> Result:
        """The item's result. Raises what `carry` raised.

        Items that share a mark never ride together and keep their order.
        """
        ticket: _Ticket[Item, Result] = _Ticket(item, marks)
        ticket.woken.acquire()  # whoever wakes it lets go of it
        with self._lock:
            self._waiting.append(ticket)
            leads, self._under_way = not self._under_way, True
            if len(self._waiting) == self._expected:
                self._complete.notify()
        if not leads:
            ticket.woken.acquire()
        if not ticket.done:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[return-value]  # it is one by now

    def _lead(self) -> None:
        with self._lock:
            self._gather()
            riders = self._board()
        try:
            results = self._carry([rider.item for rider in riders])
            for rider, result in zip(riders, results, strict=True):
                rider.result = result
        except BaseException as error:
            for rider in riders:
                rider.error = error
        finally:
            self._arrive(riders)

    def _gather(self) -> None:
        """Hold the convoy for those who are expected back."""
        if (patience := self._until - time.monotonic()) > 0:
            self._complete.wait_for(lambda: len(self._waiting) >= self._expected, patience)

    def _board(self) -> list[_Ticket[Item, Result]]:
        """The first that waits, and those behind it that fit."""
        riders: list[_Ticket[Item, Result]] = []
        left: deque[_Ticket[Item, Result]] = deque()
        marks: set[str] = set()
        for ticket in self._waiting:
            if len(riders) < MOST and marks.isdisjoint(ticket.marks):
                riders.append(ticket)
            else:
                left.append(ticket)
            marks |= ticket.marks  # of those left too: whoever shares a mark with them stays behind them
        self._waiting = left
        return riders

    def _arrive(self, riders: Sequence[_Ticket[Item, Result]]) -> None:
        for rider in riders:
            rider.done = True
            rider.woken.release()
        with self._lock:
            self._expect(len(riders) + len(self._waiting))
            if self._waiting:
                self._waiting[0].woken.release()
            else:
                self._under_way = False

    def _expect(self, in_line: int) -> None:
        self._expected = min(in_line, MOST)
        self._until = time.monotonic() + self._patience if self._patience and in_line > 1 else 0.0
