"""How many questions a process may have open at once: of more than it can read in time, all would be late.

Groups are let in whole and in the order in which they came, so that each finds its own time untouched by the wait.
"""

import asyncio
from collections import deque


class Crowd:
    """Room for `most`. A larger group enters alone. Belongs to one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
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

    def leave(self, group: int) -> None:
        """Make room for those that have waited longest."""
        self._inside -= group
        self._let_in()

    def _let_in(self) -> None:
        while self._line and self._fits(self._line[0][0]):
            group, turn = self._line.popleft()
            if not turn.cancelled():
                self._inside += group
                turn.set_result(None)

    def _fits(self, group: int) -> bool:
        return not self._inside or self._inside + group <= self._most
