"""Many questions at once, one deadline for all: whoever has not answered by then has not answered.

Everything happens on the process's one loop thread: no thread and no database connection waits for a single answer.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.http import loop
from core.http.client import Client, Request
from core.http.outcomes import Response

GRACE: Final = 0.5
_SAME: Final = 0.01  # seconds: two limits no further apart are one


@dataclass(frozen=True, slots=True)
class Scripted:
    """An answer known beforehand, given `delay` seconds after it was asked for, without any network."""

    response: Response
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. Its own time limit is the request's.

    Questions of one `lane`, whoever asks them, share a limit of open ones (client.OPEN_PER_LANE): name it after the
    party asked. Without a name there is no limit.
    """

    request: Request | Scripted
    lane: str = ""


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


async def ask_all(asks: Sequence[Ask], *, deadline: float) -> list[Told]:
    """What was told to each question, in their order, once all have answered or the deadline has come.

    `deadline` is a time of `time.monotonic()`. Never raises for what the others do. Whoever is late is listened to for
    GRACE seconds more, in vain but for the connection: closing it would make the next answer later still. Only on this
    process's loop.
    """
    begun = time.monotonic()
    client = loop.client()
    questions = [_Question(ask, deadline) for ask in asks]
    tasks = [asyncio.create_task(question.put(client)) for question in questions]
    if tasks:
        _, left = await asyncio.wait(tasks, timeout=max(0.0, deadline - time.monotonic()))
        if left:
            await _read_what_has_come()
    for question, task in zip(questions, tasks, strict=True):
        if task.done():
            task.result()  # an error in there is ours
        else:
            _leave(task, cancel=not question.is_sent)
    return [question.told(begun) for question in questions]


def fan_out(asks: Sequence[Ask], *, within_ms: float) -> list[Told]:
    """`ask_all` from ordinary code. Holds the calling thread, no other.

    Its deadline is `within_ms` from when there is room for its questions: a process that has too many open lets a
    fan-out wait for its turn (client.MOST_OPEN), and times are counted from then on.
    """
    return loop.run(_in_turn(asks, within_ms))


async def _in_turn(asks: Sequence[Ask], within_ms: float) -> list[Told]:
    crowd = loop.client().crowd
    await crowd.enter(len(asks))
    try:
        return await ask_all(asks, deadline=time.monotonic() + within_ms / 1000)
    finally:
        crowd.leave(len(asks))


class _Question:
    """A question on its way, and when it was put and answered."""

    __slots__ = ("_answered", "_ask", "_deadline", "_response", "_started")

    def __init__(self, ask: Ask, deadline: float) -> None:
        self._ask, self._deadline = ask, deadline
        self._response: Response | None = None
        self._started = self._answered = 0.0

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

    @property
    def is_sent(self) -> bool:
        """Whether an answer may still come over the wire."""
        return bool(self._started) and not isinstance(self._ask.request, Scripted)

    def _limit(self, request: Request) -> float:
        """The request's own where that is the shorter one; else the deadline with the grace."""
        left = self._deadline - self._started
        return request.timeout if request.timeout < left - _SAME else left + GRACE

    def told(self, begun: float) -> Told:
        """Answered by the deadline, or late: a moment behind it counts as never."""
        late = not self._answered or self._answered > self._deadline
        return Told(
            response=None if late else self._response,
            late=late,
            started_ms=(self._started - begun) * 1000 if self._started else None,
            answered_ms=(self._answered - begun) * 1000 if self._answered else None,
        )


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
