"""A buyer's receiver as a program of its own: writes down what it is sent, then answers, though not always.

`python -m tests.chaos.receiver FILE` listens on a free port, whose number is the first line of FILE; then one line of
JSON per webhook. Of every twenty it answers one with 500, leaves one without an answer, and takes its time over one.
"""

import json
import sys
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Lock
from typing import IO

REFUSED, UNANSWERED, SLOW, OF = 3, 9, 15, 20


@dataclass(frozen=True)
class Got:
    """One webhook as it arrived, and the status it was answered with (0: none)."""

    headers: dict[str, str]
    body: str
    answered: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def lead_id(self) -> str:
        return str(json.loads(self.body)["lead_id"])

    @property
    def buyer_id(self) -> str:
        return str(json.loads(self.body)["buyer_id"])

    @property
    def sent_at(self) -> int:
        return int(self.headers["webhook-timestamp"])


def received(file: Path) -> list[Got]:
    """What the receiver that writes to `file` was sent so far."""
    lines = file.read_text().splitlines(keepends=True)[1:] if file.exists() else []
    return [Got(**json.loads(line)) for line in lines if line.endswith("\n")]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, file: IO[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.numbers = count()
        self._file, self._writing = file, Lock()

    def write(self, line: str) -> None:
        with self._writing:
            self._file.write(f"{line}\n")
            self._file.flush()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        place = next(self.server.numbers) % OF
        status = {REFUSED: 500, UNANSWERED: 0}.get(place, 200)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.write(json.dumps({"headers": headers, "body": body, "answered": status}))
        if place == SLOW:
            time.sleep(0.5)
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what there is to know is in the file."""


def main(path: str) -> None:
    """Receive until killed."""
    with Path(path).open("w") as file:
        server = _Server(file)
        server.write(str(server.server_port))
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
