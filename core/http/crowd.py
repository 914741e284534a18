"""How many questions a process may have open at once: of more than it can read in time, all would be late.

Groups are let in whole and in the order in which they came, so that each finds its own time untouched by the wait. How
many fit in is learned: nobody knows how fast the machine is, and what else it has to do. A loop that comes late to its
own deadline has too much to read, and is given less; while it comes in time it is given more, step by step.
"""

import asyncio
from collections import deque
from typing import Final

_LATE: Final = 0.02  # seconds behind its deadline at which a loop is too busy
_LESS: Final = 0.7  # of the room is left then; half a second passes until that shows
_UNTIL_SHOWN: Final = 0.5
_SMALLEST: Final = 0.1  # of all the room that there may be


class Crowd:
    """Room for at most `most`. A larger group enters alone. Belongs to one event loop."""

    def __init__(self, most: int) -> None:
        self._most = self._room = float(most)
        self._shrunk_at = -_UNTIL_SHOWN
        self._inside = 0
        self._line: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def enter(self, group: int) -> None:
        """Wait until all of the group fit in. Whoever has entered, and nobody else, leaves."""
        turn = asyncio.get_running_loop().create_future()
        self._line.append((group, turn))
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(group)
            raise

    def leave(self, group: int, *, late_by: float = 0.0) -> None:
        """Make room for those that have waited longest; `late_by` seconds the loop came after the group's deadline."""
        self._inside -= group
        self._learn(late_by)
        self._let_in()

    def _learn(self, late_by: float) -> None:
        if late_by < _LATE:
            self._room = min(self._most, self._room + 1)
        elif (now := asyncio.get_running_loop().time()) > self._shrunk_at + _UNTIL_SHOWN:
            self._room = max(self._most * _SMALLEST, self._room * _LESS)
            self._shrunk_at = now

    def _let_in(self) -> None:
        while self._line and self._fits(self._line[0][0]):
            group, turn = self._line.popleft()
            if not turn.cancelled():
                self._inside += group
                turn.set_result(None)

    def _fits(self, group: int) -> bool:
        return not self._inside or self._inside + group <= self._room
