"""Markets of auctions: campaigns of method ping_post whose buyers are the fake ones, opened over the product's API."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.request import urlopen

from bench.posts import SEVERITIES, SOURCE
from bench.world import Api

FASTEST_MS, SLOWEST_MS = 20, 120
PING_TIMEOUT_MS = 300
CENTS = 1000


@dataclass(frozen=True, slots=True)
class Market:
    """A campaign with so many buyers, of whom every second one never answers where it is `hanging`."""

    buyers: int
    hanging: bool = False

    @property
    def slug(self) -> str:
        """Its campaign."""
        return f"auction-{self.buyers}{'-hanging' if self.hanging else ''}"

    def ping_paths(self) -> list[str]:
        """Where each buyer is asked: after which time it answers, and with which bid."""
        span = SLOWEST_MS - FASTEST_MS
        waits = [FASTEST_MS + span * number // (self.buyers - 1) for number in range(self.buyers)]
        return [
            f"/{'hang' if self.hanging and number % 2 == 0 else wait}/{CENTS + number}/{self.slug}-{number}"
            for number, wait in enumerate(waits)
        ]


@contextmanager
def fake_buyers() -> Iterator[int]:
    """The port of fake buyers in a process of their own, which ends with the block."""
    process = subprocess.Popen([sys.executable, "-m", "bench.fake_buyers"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def decided(port: int) -> list[float]:
    """How long each auction since the last call took to decide, in milliseconds: as its buyers saw it."""
    with urlopen(f"http://127.0.0.1:{port}/decided", timeout=10) as answer:
        return list(json.load(answer))


def open_markets(port: int, key: str, markets: list[Market], buyers_port: int) -> None:
    """One lead type, source and funded buyer for each number; a campaign for each market, with one contract each."""
    api = Api(port, key)
    api.post("/v1/lead-types", {"name": "auto_accident", "fields": _fields()})
    api.post("/v1/sources", {"name": "Google Ads", "slug": SOURCE, "payout": {"kind": "fixed", "value": 5.00}})
    buyers = [_open_buyer(api, number) for number in range(max(market.buyers for market in markets))]
    for market in markets:
        campaign = {
            "name": market.slug,
            "slug": market.slug,
            "lead_type": "auto_accident",
            "method": "ping_post",
            "ping_timeout_ms": PING_TIMEOUT_MS,
            "answer_within_ms": 5000,
        }
        api.post("/v1/campaigns", campaign)
        for buyer_id, path in zip(buyers, market.ping_paths(), strict=False):
            api.post("/v1/contracts", _contract(market, buyer_id, f"http://127.0.0.1:{buyers_port}", path))


def _open_buyer(api: Api, number: int) -> str:
    buyer = {"name": f"Buyer {number}", "email": f"b{number}@example.com", "timezone": "America/Chicago"}
    buyer_id = str(api.post("/v1/buyers", buyer)["buyer_id"])
    api.post(f"/v1/buyers/{buyer_id}/wallet/deposits", {"amount": 900_000_000, "reference": "bench"})
    return buyer_id


def _contract(market: Market, buyer_id: str, host: str, path: str) -> dict[str, object]:
    return {
        "buyer_id": buyer_id,
        "campaign_id": market.slug,
        "price": 10.00,
        "filters": {"all": [{"field": "attorney", "op": "eq", "value": False}]},
        "caps": [{"window": "day", "unit": "leads", "limit": 1_000_000}],
        "delivery": {
            "method": "http",
            "preset": "generic_json",
            "ping": {"url": f"{host}{path}"},
            "post": {"url": f"{host}/0{path[path.index('/', 1) :]}/post"},
        },
    }


def _fields() -> list[dict[str, object]]:
    return [
        {"name": "injury_severity", "type": "choice", "choices": [*SEVERITIES], "pingable": True},
        {"name": "accident_date", "type": "date", "pingable": True},
        {"name": "attorney", "type": "boolean", "pingable": True},
    ]
