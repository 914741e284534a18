"""Many questions at once, one deadline for all: whoever has not answered by then has not answered.

Everything happens on the process's one loop thread: no thread and no database connection waits for a single answer.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.http import loop
from core.http.client import Client, Request
from core.http.outcomes import Response


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

    `deadline` is a time of `time.monotonic()`. Never raises for what the others do; what has not answered by then is
    cancelled and its connection closed. Only on this process's loop.
    """
    begun = time.monotonic()
    client = loop.client()
    questions = [_Question(ask) for ask in asks]
    tasks = [asyncio.create_task(question.put(client)) for question in questions]
    if tasks:
        _, left = await asyncio.wait(tasks, timeout=max(0.0, deadline - time.monotonic()))
        if left:
            await _read_what_has_come()
        _abandon(task for task in left if not task.done())
        for task in tasks:
            if task.done():
                task.result()  # an error in there is ours
    return [question.told(begun, deadline) for question in questions]


def fan_out(asks: Sequence[Ask], *, within_ms: float) -> list[Told]:
    """`ask_all` from ordinary code, its deadline `within_ms` from now. Holds the calling thread, no other."""
    deadline = time.monotonic() + within_ms / 1000
    return loop.run(ask_all(asks, deadline=deadline))


class _Question:
    """A question on its way, and when it was put and answered."""

    __slots__ = ("_answered", "_ask", "_response", "_started")

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
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
            self._response = await client.send(request)
        self._answered = time.monotonic()

    def told(self, begun: float, deadline: float) -> Told:
        """Answered by the deadline, or late: a moment behind it counts as never."""
        late = not self._answered or self._answered > deadline
        return Told(
            response=None if late else self._response,
            late=late,
            started_ms=(self._started - begun) * 1000 if self._started else None,
            answered_ms=(self._answered - begun) * 1000 if self._answered else None,
        )


_abandoned: Final[set[asyncio.Task[Any]]] = set()


async def _read_what_has_come() -> None:
    """Let the loop see what the kernel has for it, resume who waits for that, and let them finish."""
    for _ in range(3):
        await asyncio.sleep(0)


def _abandon(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel them without waiting for their end; they are held until then, since a loop only knows its tasks weakly."""
    for task in tasks:
        task.cancel()
        _abandoned.add(task)
        task.add_done_callback(_abandoned.discard)
