"""Many questions at once, one deadline for all: whoever has not answered by then has not answered.

Everything happens on the process's one loop thread: no thread and no database connection waits for a single answer.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from core.http import loop
from core.http.client import Client, Request
from core.http.outcomes import Response

GRACE: Final = 0.5
_TOGETHER: Final = 4  # questions that leave at once: one alone costs the loop a turn of its own
_SAME: Final = 0.01  # seconds: two limits no further apart are one
Meaning = TypeVar("Meaning")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Scripted:
    """An answer known beforehand, given `delay` seconds after it was asked for, without any network."""

    response: Response
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one question. Times are milliseconds since the fan-out began.

    `late`: the deadline passed without an answer, and `response` is None. `started_ms` is None where the question was
    never sent, since too many others were open in its lane. `answered_ms` is None where nothing came; one that is late
    has it where its answer lay there already, but we came too late to read it: that is not the other's fault.
    """

    response: Response | None
    late: bool
    started_ms: float | None
    answered_ms: float | None


@dataclass(frozen=True, slots=True)
class Ask(Generic[Meaning]):
    """One question. Its own time limit is the request's.

    `read` makes something of what was told: on the loop, while others are still waited for, so it is quick and raises
    nothing. Questions of one `lane`, whoever asks them, share a limit of open ones (client.OPEN_PER_LANE): name it
    after the party asked. Without a name there is no limit.
    """

    request: Request | Scripted
    read: Callable[[Told], Meaning]
    lane: str = ""

    def then(self, more: Callable[[Meaning], Other]) -> "Ask[Other]":
        """The same question, whose meaning is taken further."""
        read = self.read
        return Ask(self.request, lambda told: more(read(told)), self.lane)


async def ask_all(asks: Iterable[Ask[Meaning]], *, deadline: float) -> list[Meaning]:
    """What every question came to, in their order, once all have answered or the deadline has come.

    A few are on their way before the next ones are made, and each is read when it is answered: neither adds to the
    waiting. `deadline` is a time of `time.monotonic()`. Never raises for what the others do. Whoever is late is
    listened to for GRACE seconds more, in vain but for the connection: closing it would make the next answer later
    still. Only on this process's loop.
    """
    begun, client = time.monotonic(), loop.client()
    questions: dict[asyncio.Task[None], _Question[Meaning]] = {}
    try:
        for ask in asks:
            question = _Question(ask, begun, deadline)
            questions[asyncio.create_task(question.put(client))] = question
            if not len(questions) % _TOGETHER:
                await asyncio.sleep(0)
        if questions:
            await _wait(questions, deadline)
    finally:
        for task, question in questions.items():
            if not task.done():
                _leave(task, cancel=not question.is_sent)
    return [question.meaning() for question in questions.values()]


def fan_out(asks: Iterable[Ask[Meaning]], *, size: int, within_ms: float) -> list[Meaning]:
    """`ask_all` of `size` questions from ordinary code. Holds the calling thread, no other; they are made on the loop.

    Its deadline is `within_ms` from when there is room for its questions: a process that has too many open lets a
    fan-out wait for its turn (core.http.crowd), and times are counted from then on.
    """
    return loop.run(_in_turn(asks, size, within_ms))


async def _in_turn(asks: Iterable[Ask[Meaning]], size: int, within_ms: float) -> list[Meaning]:
    crowd = loop.client().crowd
    await crowd.enter(size)
    deadline = time.monotonic() + within_ms / 1000
    try:
        return await ask_all(asks, deadline=deadline)
    finally:
        crowd.leave(size, late_by=time.monotonic() - deadline)


class _Question(Generic[Meaning]):
    """A question on its way: when it was put and answered, and what that means."""

    __slots__ = ("_answered", "_ask", "_begun", "_deadline", "_meaning", "_response", "_started")

    def __init__(self, ask: Ask[Meaning], begun: float, deadline: float) -> None:
        self._ask, self._begun, self._deadline = ask, begun, deadline
        self._response: Response | None = None
        self._started = self._answered = 0.0
        self._meaning: list[Meaning] = []

    async def put(self, client: Client) -> None:
        """Wait for a place in the lane, then for the answer."""
        lane = self._ask.lane
        if not lane:
            return await self._put(client)
        await client.lanes.enter(lane)
        try:
            await self._put(client)
        finally:
            client.lanes.leave(lane)

    async def _put(self, client: Client) -> None:
        self._started = time.monotonic()
        request = self._ask.request
        if isinstance(request, Scripted):
            await asyncio.sleep(request.delay)
            self._response = request.response
        else:
            self._response = await client.send(request, timeout=self._limit(request))
        self._answered = time.monotonic()
        if not self._is_late():
            self.meaning()

    @property
    def is_sent(self) -> bool:
        """Whether an answer may still come over the wire."""
        return bool(self._started) and not isinstance(self._ask.request, Scripted)

    def _limit(self, request: Request) -> float:
        """The request's own where that is the shorter one; else the deadline with the grace."""
        left = self._deadline - self._started
        return request.timeout if request.timeout < left - _SAME else left + GRACE

    def meaning(self) -> Meaning:
        """What it came to, which is final once it was asked for."""
        if not self._meaning:
            self._meaning.append(self._ask.read(self._told()))
        return self._meaning[0]

    def _is_late(self) -> bool:
        """Not answered by the deadline: a moment behind it counts as never."""
        return not self._answered or self._answered > self._deadline

    def _told(self) -> Told:
        late = self._is_late()
        return Told(
            response=None if late else self._response,
            late=late,
            started_ms=(self._started - self._begun) * 1000 if self._started else None,
            answered_ms=(self._answered - self._begun) * 1000 if self._answered else None,
        )


async def _wait(tasks: Collection[asyncio.Task[None]], deadline: float) -> None:
    _, left = await asyncio.wait(tasks, timeout=max(0.0, deadline - time.monotonic()))
    if left:
        await _read_what_has_come()
    for task in tasks:
        if task.done():
            task.result()  # an error in there is ours


async def _read_what_has_come() -> None:
    """Let the loop see what the kernel has for it, resume who waits for that, and let them finish."""
    for _ in range(3):
        await asyncio.sleep(0)


def _leave(task: asyncio.Task[None], *, cancel: bool) -> None:
    """Let it end by itself, or now. It is held until then, since a loop knows its tasks only weakly."""
    if cancel:
        task.cancel()
    _left.add(task)
    task.add_done_callback(_left.discard)


_left: Final[set[asyncio.Task[None]]] = set()
