"""schemathesis asks the running server everything that its description allows, and much that it forbids.

A few examples, always the same, here; `make fuzz` sets FUZZ_EXAMPLES and leaves the rest to chance. What is broken by
its schema value by value ("coverage") is asked there only: that is thousands of requests.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from django.db import connection

from accounts.scopes import ALL_SCOPES
from tests.buyers.making import House, a_house
from tests.fuzz.seeds import Dictionaries, seed
from tests.processes import ROOT, free_port, spawn, stop, wait_until

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "2")
LONG = ["--generation-database", "none"]
SHORT = ["--generation-deterministic", "--phases", "examples,fuzzing,stateful"]
LEFT_OUT = "^/v1/keys/.*/(rotate|revoke)$"  # they would end the key that asks
A_WHILE = 120.0

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(0)]


@dataclass(frozen=True)
class Server:
    """The product's own web server on the database of this test."""

    house: House
    found: Dictionaries
    url: str
    log: Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    house = a_house()
    found = seed(house)
    port = free_port()
    log = tmp_path / "web.log"
    with log.open("wb") as output:
        web = spawn([sys.executable, "manage.py", "serve", "web"], env=_environment(port), output=output)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: web.poll() is not None or _answers(f"{url}/readyz"), "the web server", A_WHILE)
        assert web.poll() is None, log.read_text()
        yield Server(house, found, url, log)
    finally:
        stop(web)


def test_no_request_makes_the_server_fail_or_answer_outside_its_description(server: Server, tmp_path: Path) -> None:
    outcome = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("st")), "--config-file", str(_config(tmp_path, server.found))),
            *("run", f"{server.url}/v1/openapi.json", "--header", f"Authorization: Bearer {server.house.api.key}"),
            *(
                "--exclude-path-regex",
                LEFT_OUT,
                "--max-examples",
                EXAMPLES,
                *(LONG if "FUZZ_EXAMPLES" in os.environ else SHORT),
            ),
            *("--no-color", "--warnings", "off"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, f"{outcome.stdout}\n{outcome.stderr}\n{server.log.read_text()[-4000:]}"
    # Asked of the server, which has the key's limit of requests high enough for all of these.
    current = Request(f"{server.url}/v1/keys/current", headers={"Authorization": f"Bearer {server.house.api.key}"})
    with urlopen(current, timeout=10) as answer:
        kept = json.loads(answer.read())
    assert kept["scopes"] == list(ALL_SCOPES)  # or most of the requests were refused at the door


def _environment(port: int) -> dict[str, str]:
    name = str(connection.settings_dict["NAME"])
    database = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        database = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "leaddistro.settings",
        "DATABASE_URL": database,
        "HOST": "127.0.0.1",
        "LOG_LEVEL": "warning",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "RATE_LIMIT_PER_MINUTE": "10000000",
        "SEED_DEMO": "0",
        "WEB_WORKERS": "1",
    }


def _config(folder: Path, found: Dictionaries) -> Path:
    text = (ROOT / "tests" / "fuzz" / "schemathesis.toml").read_text()
    lines = [f"[dictionaries.{name}]\nvalues = {json.dumps(values)}" for name, values in found.items()]
    path = folder / "schemathesis.toml"
    path.write_text("\n".join([text, *lines, ""]))
    return path


def _answers(url: str) -> bool:
    with suppress(OSError), urlopen(url, timeout=2):
        return True
    return False
