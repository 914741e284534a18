"""One request to a buyer and the reading of its answer."""

from dataclasses import dataclass
from typing import Literal

from buyers.exchange.answers import Answer
from buyers.exchange.values import Values
from core.http.client import Request
from core.http.outcomes import Response


@dataclass(frozen=True, slots=True)
class Stage:
    """A ping, a post or a loss notice, compiled.

    `timeout_ms` is None for a ping that has only the campaign's own limit. `on_timeout` counts for posts: whether the
    next buyer may be tried (`next`) where an answer is `unknown`, or the sale stays open (`stop`).
    """

    kind: Literal["ping", "post", "loss"]
    timeout_ms: int | None
    on_timeout: Literal["stop", "next"]

    def request(self, values: Values) -> Request:
        """The request. Its `timeout` is the stage's own in seconds, ten where it has none: the caller may shorten it."""
        raise NotImplementedError

    def fields(self, values: Values) -> tuple[str, ...]:
        """The names of the lead's fields and hashes that the request carries, sorted: for the decision record."""
        raise NotImplementedError

    def read(self, response: Response) -> Answer:
        """What came of the request. Never raises: what cannot be read is an answer too. A loss notice is not read."""
        raise NotImplementedError
