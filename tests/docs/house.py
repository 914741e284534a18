"""The real house for tests that speak to it as an outsider would: all processes, its own database, broker and port."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg

from tests.processes import ROOT, free_port, spawn, stop, wait_until

A_WHILE = 400.0  # seconds for the start of everything on a machine that may be very busy


@dataclass(frozen=True, slots=True)
class House:
    """Where the running product is reached, and the environment in which its commands see the same data."""

    url: str
    environment: Mapping[str, str]

    def new_agency(self, name: str) -> "Agency":
        """An agency of its own, so that tests do not meet."""
        words = ["create_agency", "--name", name, "--email", f"{name}@example.com", "--json"]
        command = [sys.executable, "manage.py", *words]
        made = subprocess.run(command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True)
        keys = json.loads(made.stdout)["keys"]
        return Agency(f"{self.url}/v1", keys["live"], keys["test"])


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency, spoken to with its own keys."""

    api: str
    live: str
    test: str

    def get(self, path: str) -> Any:
        """The body of an answer that must be a success."""
        return self._ask(Request(f"{self.api}/{path}"))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The same, of a POST."""
        data = json.dumps(body).encode()
        return self._ask(Request(f"{self.api}/{path}", data=data, headers={"Content-Type": "application/json"}))

    def open_market(self, delivery: Mapping[str, Any]) -> Any:
        """A campaign `auto` with one buyer who has money for a thousand leads; the contract, with its secret."""
        self.post("lead-types", {"name": "auto_accident", "fields": []})
        campaign = {"name": "Auto", "slug": "auto", "lead_type": "auto_accident", "method": "waterfall"}
        self.post("campaigns", campaign)
        buyer = self.post("buyers", {"name": "Best Law", "email": "leads@bestlaw.example"})["buyer_id"]
        self.post(f"buyers/{buyer}/wallet/deposits", {"amount": 1000, "reference": "wire 1"})
        contract = {"buyer_id": buyer, "campaign_id": "auto", "name": "All", "price": 1, "delivery": delivery}
        return self.post("contracts", contract)

    def _ask(self, request: Request) -> Any:
        request.add_header("Authorization", f"Bearer {self.live}")
        try:
            with urlopen(request, timeout=30) as response:
                return json.load(response)
        except HTTPError as error:
            raise AssertionError(f"{request.full_url}: {error.code} {error.read()[:2000]!r}") from error


@contextmanager
def running_house(folder: Path, name: str) -> Iterator[House]:
    """Everything that `make run` starts, without the demo, stopped at the end. `name` tells databases apart."""
    port = free_port()
    with _database(name) as database_url:
        environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
        environment |= {"DATABASE_URL": database_url, "DATA_DIR": str(folder), "PORT": str(port), "SEED_DEMO": "0"}
        environment |= {"DJANGO_SETTINGS_MODULE": "leaddistro.settings", "EGRESS_ALLOW": "127.0.0.1/32"}
        with (folder / "house.log").open("wb") as log:
            process = spawn([sys.executable, "manage.py", "up"], env=environment, output=log)
        try:
            wait_until(lambda: process.poll() is not None or _is_ready(port), "the house", A_WHILE)
            assert process.poll() is None, (folder / "house.log").read_text()[-4000:]
            yield House(f"http://127.0.0.1:{port}", environment)
        finally:
            stop(process)


@contextmanager
def _database(name: str) -> Iterator[str]:
    """A database for one house: of its own on the test run's PostgreSQL, or the default file in its folder."""
    if os.environ.get("DB", "sqlite") != "postgres":
        yield ""
        return
    server = os.environ["DATABASE_URL"].removeprefix("postgres://postgres@/").rpartition("/")[0]
    with psycopg.connect(host=server, user="postgres", dbname="postgres", autocommit=True) as session:
        session.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"postgres://postgres@/{server}/{name}"
        finally:
            session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    with suppress(OSError, http.client.HTTPException), closing(connection):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    return False
