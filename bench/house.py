"""The product as operators run it: its own production web command, on a scratch database, port and broker."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from bench.cpu import family

WEB_WORKERS = 2
START_SECONDS = 30
STOP_SECONDS = 15
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class House:
    """A running web server and the live key of its one agency."""

    process: int
    port: int
    key: str
    database_url: str
    environment: dict[str, str]

    def processes(self) -> list[int]:
        """The web server's processes as they are now."""
        return family(self.process)


@contextmanager
def open_house(database_url: str, redis_url: str, folder: Path) -> Iterator[House]:
    """Migrate, make an agency, start the web server with two processes; stop it at the end. Its log is in `folder`."""
    port = _free_port()
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(folder),
        "ENV_FILE": os.devnull,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_WORKERS": str(WEB_WORKERS),
        "RATE_LIMIT_PER_MINUTE": "10000000",  # counted for every post, reached by none
        "PUBLIC_URL": f"http://localhost:{port}",
        "EGRESS_ALLOW": "127.0.0.0/8",  # where fake buyers listen
    }
    _manage(environment, "migrate", "--verbosity", "0")
    made = json.loads(_manage(environment, "create_agency", "--name", "Bench", "--email", "o@example.com", "--json"))
    log = folder / "web.log"
    with log.open("wb") as output:
        web = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "web"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_ready(web, port, log)
        yield House(web.pid, port, made["keys"]["live"], database_url, environment)
    finally:
        _stop(web)


def _manage(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(web: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and web.poll() is None:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
            return
        time.sleep(0.1)
    raise SystemExit(f"The web server did not become ready:\n{log.read_text()[-4000:]}")


def _stop(web: subprocess.Popen[bytes]) -> None:
    """Ask, then insist; no process of its group is left."""
    web.terminate()
    with suppress(subprocess.TimeoutExpired):
        web.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(web.pid, signal.SIGKILL)
    web.wait()
