"""Buyers with systems of their own, each at a path of one small server: what they were asked, and what they answer."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from buyers.models import Contract, DeliveryMethod
from tests.leads.world import World

_closing: Final = threading.Event()


@dataclass
class System:
    """One buyer's system in the generic JSON form. `bid` None refuses, for a `reason`.

    `post`: accept, slow, refuse, hang, garbage.
    `notice` is called whenever it is asked something, before it answers.
    """

    name: str
    url: str
    bid: float | None = 40.00
    post: str = "accept"
    delay: float = 0.0
    pings: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    losses: list[dict[str, Any]] = field(default_factory=list)
    notice: Callable[[], object] = bool
    reason: str | None = None

    @property
    def delivery(self) -> dict[str, Any]:
        """The delivery document of a contract with it."""
        return {
            "method": "http",
            "preset": "generic_json",
            "ping": {"url": f"{self.url}/ping"},
            "post": {"url": f"{self.url}/post", "timeout_ms": 300 if self.post == "hang" else 10_000},
            "loss": {"url": f"{self.url}/loss", "body": {"ping_id": "{{ping.id}}", "won_at": "{{auction.price}}"}},
        }

    def hear(self, stage: str, body: dict[str, Any]) -> bytes | None:
        """The answer; None for a buyer that says nothing."""
        {"ping": self.pings, "post": self.posts, "loss": self.losses}[stage].append(body)
        self.notice()
        if stage == "ping":
            time.sleep(self.delay)
            said = {
                "accepted": self.bid is not None,
                "price": self.bid,
                "token": f"t-{self.name}",
                "reason": self.reason,
            }
            return json.dumps(said).encode()
        if self.post == "hang":
            _closing.wait(20)
        if self.post == "slow":
            time.sleep(0.2)
        if self.post == "garbage":
            return b"<html>oops</html>"
        refused = self.post == "refuse"
        return json.dumps({"accepted": not refused, "reason": "no thanks" if refused else None}).encode()


@dataclass
class Market:
    """The systems by name, and the contracts of a world with them."""

    port: int
    systems: dict[str, System] = field(default_factory=dict)

    def system(self, name: str, **values: Any) -> System:
        """A new buyer's system."""
        made = self.systems[name] = System(name, f"http://127.0.0.1:{self.port}/{name}", **values)
        return made

    def contract(
        self, world: World, system: System, *, money: int = 1_000_00, delivery: Any = None, **values: Any
    ) -> Contract:
        """A contract of a new buyer with this system."""
        buyer = world.buyer(system.name, money=money)
        contract = Contract.objects.create(
            agency=world.agency, buyer=buyer, campaign=world.campaign, name=system.name, **{"price": 30_00, **values}
        )
        config = {**system.delivery, **(delivery or {})}
        DeliveryMethod.objects.create(contract=contract, method="http", config=json.dumps(config))
        return contract


@contextmanager
def trading() -> Iterator[Market]:
    """A running server of buyers' systems."""
    market = Market(0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            _, name, stage = self.path.split("/")
            answer = market.systems[name].hear(stage, json.loads(body or b"{}"))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer or b"")))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):  # who asked waits no longer
                self.wfile.write(answer or b"")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    market.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _closing.clear()
    try:
        yield market
    finally:
        _closing.set()
        server.shutdown()
        server.server_close()
