"""A receiver that can be told to misbehave: one small threaded server on sockets, so that it may break every rule."""

import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Script = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Got:
    """One request as it arrived."""

    head: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What was received, and what the next requests will be answered with (the last script stays)."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    scripts: list[Script] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def answer_with(self, *scripts: Script) -> None:
        self.scripts = list(scripts)

    def next_script(self) -> Script:
        return self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]


# --- scripts -----------------------------------------------------------------------------------------------------


def status(code: int, body: bytes = b"", *headers: str, delay: float = 0) -> Script:
    """An orderly answer, perhaps a slow one."""

    def play(connection: socket.socket) -> None:
        time.sleep(delay)
        lines = [f"HTTP/1.1 {code} Whatever", f"Content-Length: {len(body)}", "Connection: close", *headers]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    return play


def raw(answer: bytes) -> Script:
    """Exactly these bytes, then the end."""
    return lambda connection: connection.sendall(answer)


def drip(start: bytes, piece: bytes, seconds: float, every: float = 0.05) -> Script:
    """The start at once and then, for so many seconds, one small piece after the other."""

    def play(connection: socket.socket) -> None:
        connection.sendall(start)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            connection.sendall(piece)
            time.sleep(every)

    return play


def flood(megabytes: int) -> Script:
    """A body that does not want to end."""

    def play(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(megabytes):
            connection.sendall(bytes(1024 * 1024))

    return play


def bomb() -> Script:
    """Ten megabytes of nothing, packed into ten kilobytes."""
    return status(200, gzip.compress(bytes(10 * 1024 * 1024)), "Content-Encoding: gzip")


def reset(connection: socket.socket) -> None:
    """Hang up the hard way after reading the request."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silence(seconds: float) -> Script:
    """Read the request and say nothing."""
    return lambda _: time.sleep(seconds)


# --- the server --------------------------------------------------------------------------------------------------


def _read_request(connection: socket.socket) -> Got | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    return Got(first, headers, body)


def _serve(receiver: Receiver, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
    try:
        with tls.wrap_socket(connection, server_side=True) if tls else connection as stream:
            stream.settimeout(15)
            request = _read_request(stream)
            if request is None:
                return
            with receiver.lock:
                receiver.got.append(request)
                receiver.running += 1
                receiver.most_running = max(receiver.most_running, receiver.running)
                script = receiver.next_script()
            try:
                script(stream)
            finally:
                with receiver.lock:
                    receiver.running -= 1
    except OSError:
        pass  # the other side hung up: that is what half of these tests are about


@contextmanager
def receiving(*scripts: Script, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a free port of the loopback; 200 unless told otherwise."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        receiver = Receiver(port=server.getsockname()[1], scripts=list(scripts) or [status(200)])
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                worker = threading.Thread(target=_serve, args=(receiver, connection, tls), daemon=True)
                threads.append(worker)
                worker.start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        yield receiver
        server.shutdown(socket.SHUT_RDWR)
        acceptor.join(5)
        for worker in threads:
            worker.join(0.5)
