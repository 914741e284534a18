"""Many questions at once, one deadline for all: whoever has not answered by then has not answered.

Everything happens on the process's one loop thread: no thread and no database connection waits for a single answer.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from core.http import loop
from core.http.client import Request
from core.http.outcomes import Response


@dataclass(frozen=True, slots=True)
class Scripted:
    """An answer known beforehand, given `delay` seconds after it was asked for, without any network."""

    response: Response
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. Its own time limit is the request's; `lane` names whom it shares a limit of open questions with.

    Without a lane that is everybody who asks the same scheme, host and port.
    """

    request: Request | Scripted
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one question. Times are milliseconds since the fan-out began.

    `late`: the deadline passed without an answer, and `response` is None. `started_ms` is None where the question was
    never sent, since too many others were open in its lane; `answered_ms` is None where nothing came in time.
    """

    response: Response | None
    late: bool
    started_ms: float | None
    answered_ms: float | None


async def ask_all(asks: Sequence[Ask], *, deadline: float) -> list[Told]:
    """What was told to each question, in their order, once all have answered or the deadline has come.

    `deadline` is a time of `time.monotonic()`, also that of the loop. Never raises for what the others do; what has
    not answered is cancelled and its connection closed. Only on this process's loop.
    """
    raise NotImplementedError


def fan_out(asks: Sequence[Ask], *, within_ms: float) -> list[Told]:
    """`ask_all` from ordinary code, its deadline `within_ms` from now. Holds the calling thread, no other."""
    deadline = time.monotonic() + within_ms / 1000
    return loop.run(ask_all(asks, deadline=deadline))
