"""Runs each language's receiver as a process of its own, as its reader would, and looks into its inbox."""

import base64
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote
from urllib.request import Request, urlopen

from tests.docs.posting import CLIENTS
from tests.processes import free_port, spawn, stop, wait_until


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver that listens; `inbox` reads what it has kept, by Webhook-Id."""

    url: str
    inbox: Callable[[], Mapping[str, bytes]]

    def send(self, body: bytes, headers: Mapping[str, str]) -> int:
        """The status that it answers."""
        request = Request(self.url, data=body, headers={"Content-Type": "application/json", **headers})
        try:
            with urlopen(request, timeout=30) as response:
                status: int = response.status
                return status
        except HTTPError as error:
            with error:
                return error.code


@contextmanager
def listening(language: str, secrets: Sequence[str], folder: Path, port: int | None = None) -> Iterator[Receiver]:
    """The receiver in this language, given these secrets, on `port` or a free one; its inbox is kept in `folder`."""
    port = port or free_port()
    command, inbox, read = _RECEIVERS[language]
    path = folder / inbox
    surroundings = {"WEBHOOK_SECRETS": " ".join(secrets), "INBOX": str(path), "PORT": str(port)}
    process = spawn(command, env=os.environ | surroundings)
    try:
        wait_until(lambda: _listens(process, port), f"the receiver in {language}")
        yield Receiver(f"http://127.0.0.1:{port}/hooks", lambda: read(path))
    finally:
        stop(process)


def _listens(process: "subprocess.Popen[bytes]", port: int) -> bool:
    assert process.poll() is None, "the receiver has ended"
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        return True
    return False


def _in_database(path: Path) -> Mapping[str, bytes]:
    with closing(sqlite3.connect(path)) as database:
        return dict(database.execute("SELECT id, body FROM inbox"))


def _in_folder(path: Path) -> Mapping[str, bytes]:
    return {unquote(file.stem): file.read_bytes() for file in path.glob("*.json")}


_RECEIVERS = {
    "python": ([sys.executable, str(CLIENTS / "receive_webhook.py")], "inbox.sqlite3", _in_database),
    "node": (["node", str(CLIENTS / "receive_webhook.mjs")], "inbox", _in_folder),
}


def new_secret(filler: bytes) -> str:
    """A secret made of this byte, as the product shows one."""
    return "whsec_" + base64.b64encode(filler * 32).decode()
