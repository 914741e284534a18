"""The load: a fixed number of keep-alive connections, each posting its next lead as soon as the last is answered.

Raw asyncio protocols, since the generator shares the machine with what it measures.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

ANSWER_SECONDS = 30
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Load:
    """What came back: seconds that each accepted lead took, and the first lines of what was something else."""

    latencies: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Accepted leads per second of the load."""
        return len(self.latencies) / self.seconds


def drive(port: int, requests: Sequence[bytes], *, concurrent: int, seconds: float) -> Load:
    """Post the requests over `concurrent` connections until the time is over or they are used up."""
    return asyncio.run(_drive(port, iter(requests), concurrent, seconds))


async def _drive(port: int, requests: Iterator[bytes], concurrent: int, seconds: float) -> Load:
    load, loop = Load(), asyncio.get_running_loop()
    begun = time.perf_counter()
    lines = [_Line(requests, load, begun + seconds, loop.create_future()) for _ in range(concurrent)]
    for line in lines:
        await loop.create_connection(lambda line=line: line, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.wait_for(asyncio.gather(*(line.done for line in lines)), seconds + ANSWER_SECONDS)
    load.seconds = time.perf_counter() - begun
    return load


class _Line(asyncio.Protocol):
    """One connection: at most one request on its way."""

    def __init__(self, requests: Iterator[bytes], load: Load, until: float, done: "asyncio.Future[None]") -> None:
        self._requests, self._load, self._until, self.done = requests, load, until, done
        self._answer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if end and len(body) >= content_length(head):
            self._record(head, body)
            self._answer = b""
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self._load.refused.append(f"connection lost: {error}")
            self.done.set_result(None)

    def _record(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"HTTP/1.1 201") and b'"status":"accepted"' in body:
            self._load.latencies.append(time.perf_counter() - self._sent)
        else:
            status = head.partition(b"\r")[0].decode()
            self._load.refused.append(f"{status} {body[:300].decode()}")

    def _next(self) -> None:
        self._sent = time.perf_counter()
        request = next(self._requests, None) if self._sent < self._until else None
        if request is not None:
            self._transport.write(request)
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()


def content_length(head: bytes) -> int:
    """The length that the head of an answer declares."""
    line = next(line for line in head.lower().split(b"\r\n") if line.startswith(_LENGTH))
    return int(line.removeprefix(_LENGTH))
