"""How many questions may be open to one party at once: its own trouble fills its own lane and nobody else's."""

from asyncio import Semaphore


class Lanes:
    """A limit for each lane. Belongs to one event loop; a lane that nobody uses is forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._places: dict[str, Semaphore] = {}
        self._users: dict[str, int] = {}

    async def enter(self, name: str) -> None:
        """Take a place in the lane; wait for one while it is full. Whoever has entered, and nobody else, leaves."""
        places = self._places.get(name)
        if places is None:
            places = self._places[name] = Semaphore(self._most)
        self._users[name] = self._users.get(name, 0) + 1
        try:
            await places.acquire()
        except BaseException:
            self._forget(name)
            raise

    def leave(self, name: str) -> None:
        """Give the place to the one that has waited longest."""
        self._places[name].release()
        self._forget(name)

    def __len__(self) -> int:
        """How many lanes are in use."""
        return len(self._places)

    def _forget(self, name: str) -> None:
        self._users[name] -= 1
        if not self._users[name]:
            del self._users[name], self._places[name]
