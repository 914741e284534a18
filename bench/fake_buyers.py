"""Buyers that answer pings, in a process of their own: raw asyncio, since they share the machine with what is measured.

`python -m bench.fake_buyers` listens on a free port of the loopback and prints it. The path says how one answers:
`/80/4250/...` after 80 ms with a bid of 42.50; `/hang/...` never. `/decided` tells how long auctions took to decide,
from the first ping that came of each to the post, and forgets it: a list of milliseconds.
"""

import asyncio
import time

_HANG = b"hang"
_PING_ID = b'"ping_id":"'
_begun: dict[bytes, float] = {}
_decided: list[float] = []


class Buyer(asyncio.Protocol):
    """One connection of one buyer: a request, a wait, an answer."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._received = b""
        path = head.split(b" ", 2)[1].split(b"/")
        if path[1] == b"decided":
            self._tell()
            return
        _note(body, posted=path[-1] == b"post")
        if path[1] != _HANG:
            asyncio.get_running_loop().call_later(int(path[1]) / 1000, self._answer, int(path[2]))

    def _tell(self) -> None:
        self._send(b"[%s]" % b",".join(b"%.1f" % milliseconds for milliseconds in _decided))
        _decided.clear()

    def _answer(self, bid: int) -> None:
        self._send(b'{"accepted":true,"price":%d.%02d,"token":"t-%d","reason":null}' % (bid // 100, bid % 100, bid))

    def _send(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._transport.write(head + body)


def _note(body: bytes, *, posted: bool) -> None:
    """When the auction of this ping or post began, or that it is decided."""
    ping_id = body.partition(_PING_ID)[2].partition(b'"')[0]
    if not posted:
        _begun.setdefault(ping_id, time.monotonic())
    elif (begun := _begun.pop(ping_id, None)) is not None:
        _decided.append(1000 * (time.monotonic() - begun))


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r", 1)[0]) if at >= 0 else 0


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Buyer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
