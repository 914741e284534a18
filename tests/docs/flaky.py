"""A way to the house that fails as asked: what networks and busy servers do to a client, in a known order."""

import http.client
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

DROPPED = "the connection is closed before the house hears of the request"
LOST = "the house answers, and the connection is closed before the client hears of it"
TORN = "half of the house's answer arrives"

_PASSED_ON = ("Content-Type", "Retry-After", "Idempotent-Replayed")


@dataclass(frozen=True, slots=True)
class Instead:
    """An answer given instead of the house's."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"<html>Not now.</html>"


Fault = str | Instead


@dataclass
class Way:
    """Where clients should post; and what has passed: each Idempotency-Key, and each answer of the house."""

    url: str
    faults: list[Fault]
    keys: list[str | None] = field(default_factory=list)
    answers: list[Instead] = field(default_factory=list)


@contextmanager
def flaky_way(house_url: str, faults: Sequence[Fault]) -> Iterator[Way]:
    """A proxy to the house whose first requests meet the `faults`, one each, in order; later ones pass."""
    way = Way("", list(faults))
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(way, house_url)) as server:
        way.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield way
        finally:
            server.shutdown()
            thread.join()


def _handler(way: Way, house_url: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            way.keys.append(self.headers.get("Idempotency-Key"))
            body = self.rfile.read(int(self.headers["Content-Length"]))
            fault = way.faults.pop(0) if way.faults else None
            if isinstance(fault, Instead):
                return self._answer(fault)
            if fault != DROPPED:
                answer = _ask_house(house_url, self.path, dict(self.headers.items()), body)
                way.answers.append(answer)
                if fault != LOST:
                    self._answer(answer, torn=fault == TORN)
            return None

        def _answer(self, answer: Instead, *, torn: bool = False) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) // 2] if torn else answer.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _ask_house(house_url: str, path: str, headers: dict[str, str], body: bytes) -> Instead:
    parts = urlsplit(house_url)
    with closing(http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)) as connection:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        told = {name: value for name in _PASSED_ON if (value := response.getheader(name)) is not None}
        return Instead(response.status, told, response.read())
