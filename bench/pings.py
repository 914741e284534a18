"""Auctions per second, and what the product adds to the slowest buyer that answers: beside a bare client, in turns.

`python -m bench.pings [--quick] [--json]`. Fake buyers answer in a process of their own after 20 to 120 ms.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from bench import posts
from bench.auctions import PING_TIMEOUT_MS, SLOWEST_MS, Market, decided, fake_buyers, open_markets
from bench.bare import drive_bare
from bench.cpu import spent, used
from bench.house import House, open_house
from bench.load import Load, drive
from bench.report import percentile
from bench.scratch import database, redis_url

OVERHEAD_MARK_MS = 25.0
LATE_MARK_MS = 50
RATIO_MARK = 0.35
WHOLE_MARK_MS = 500.0
_TEN, _FIFTY, _HANGING = Market(10), Market(50), Market(10, hanging=True)


@dataclass(frozen=True, slots=True)
class Case:
    """So many auctions at once in a market."""

    market: Market
    concurrent: int

    @property
    def awaited_ms(self) -> int:
        """When the last buyer that is waited for has answered, or the deadline comes."""
        return PING_TIMEOUT_MS if self.market.hanging else SLOWEST_MS


CASES = (*(Case(market, concurrent) for market in (_TEN, _FIFTY) for concurrent in (1, 10, 50)), Case(_HANGING, 10))


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of both sides of a case: `decided` in milliseconds; CPU seconds that the web processes spent."""

    product: Load
    decided: list[float]
    bare: Load
    cpu: float


def main() -> int:
    """Measure and print. 1 where an answer was not an accepted lead, else 0."""
    options = _options()
    server = os.environ.get("BENCH_DATABASE_URL", "postgres://localhost")
    broker = os.environ.get("BENCH_REDIS_URL", "redis://localhost")
    rounds, seconds = (1, 3.0) if options.quick else (3, 6.0)
    cases = [case for case in CASES if not options.only or f"{case.market.slug}x{case.concurrent}" in options.only]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leaddistro-bench-")))
        product = stack.enter_context(database(server, "pings"))
        house = stack.enter_context(open_house(product, stack.enter_context(redis_url(broker)), folder))
        buyers = stack.enter_context(fake_buyers())
        open_markets(house.port, house.key, [_TEN, _FIFTY, _HANGING], buyers)
        numbers = count()
        found = [(case, [_turn(case, house, buyers, numbers, seconds) for _ in range(rounds)]) for case in cases]
    rows = [_row(case, turns) for case, turns in found]
    print(json.dumps(rows, indent=2) if options.json else _table(rows))
    return 1 if any(row["refused"] for row in rows) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pings", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--only", nargs="*", help="cases such as auction-50x10")
    return parser.parse_args()


def _turn(case: Case, house: House, buyers: int, numbers: Iterator[int], seconds: float) -> Turn:
    _post(case, house, numbers, 1.0)  # every process opens its connections
    decided(buyers)
    before = used(house.processes())
    product = _post(case, house, numbers, seconds)
    cpu = spent(before, used(house.processes()))
    took = decided(buyers)
    bare = drive_bare(
        f"http://127.0.0.1:{buyers}", case.market.ping_paths(), concurrent=case.concurrent, seconds=seconds
    )
    return Turn(product, took, bare, cpu)


def _post(case: Case, house: House, numbers: Iterator[int], seconds: float) -> Load:
    most = int(case.concurrent * seconds * 1000 / SLOWEST_MS) + case.concurrent
    requests = posts.requests(house.port, house.key, numbers, most, case.market.slug)
    return drive(house.port, requests, concurrent=case.concurrent, seconds=seconds)


def _row(case: Case, turns: Sequence[Turn]) -> dict[str, Any]:
    """The figures of a case: medians of the turns' rates, latencies over all of them."""
    ours = [1000 * seconds for turn in turns for seconds in turn.product.latencies] or [float("nan")]
    bare = [1000 * seconds for turn in turns for seconds in turn.bare.latencies]
    refused = [line for turn in turns for line in turn.product.refused]
    took = [milliseconds for turn in turns for milliseconds in turn.decided] or [float("nan")]
    whole, decision, awaited = percentile(ours, 0.99), percentile(took, 0.99), case.awaited_ms
    return {
        "buyers": case.market.buyers,
        "at_once": case.concurrent,
        "half_hang": case.market.hanging,
        "overhead_p50_ms": round(percentile(ours, 0.5) - awaited, 1),
        "overhead_p99_ms": round(whole - awaited, 1),
        "bare_p50_ms": round(percentile(bare, 0.5) - awaited, 1),
        "bare_p99_ms": round(percentile(bare, 0.99) - awaited, 1),
        "whole_p99_ms": round(whole, 1),
        "decided_p99_ms": round(decision, 1),
        "auctions_per_second": round(median(turn.product.per_second for turn in turns), 1),
        "bare_per_second": round(median(turn.bare.per_second for turn in turns), 1),
        "ratio": round(median(turn.product.per_second / turn.bare.per_second for turn in turns), 3),
        "web_cpu_ms": round(1000 * sum(turn.cpu for turn in turns) / len(ours), 2),
        "refused": len(refused),
        "first_refused": refused[:2],
        "marks": _marks(
            case, whole, decision, median(turn.product.per_second / turn.bare.per_second for turn in turns)
        ),
    }


def _marks(case: Case, whole: float, decision: float, ratio: float) -> dict[str, bool]:
    """The goals that this case has, and whether they were reached."""
    marks = {"ratio": ratio >= RATIO_MARK}
    if case.market == _FIFTY and case.concurrent == 1:
        marks |= {"overhead": whole - SLOWEST_MS <= OVERHEAD_MARK_MS, "whole": whole < WHOLE_MARK_MS}
    if case.market.hanging:
        marks["in_time"] = decision <= PING_TIMEOUT_MS + LATE_MARK_MS
    return marks


_COLUMNS = {
    "buyers": "buyers",
    "at_once": "at once",
    "overhead_p50_ms": "over p50",
    "overhead_p99_ms": "over p99",
    "decided_p99_ms": "decided",
    "bare_p50_ms": "bare p50",
    "bare_p99_ms": "bare p99",
    "auctions_per_second": "per s",
    "bare_per_second": "bare/s",
    "ratio": "ratio",
    "web_cpu_ms": "CPU ms",
}


def _table(rows: Sequence[dict[str, Any]]) -> str:
    """A line for each case: milliseconds over the slowest buyer (over the deadline where half of them hang)."""
    lines = ["".join(f"{title:>10}" for title in _COLUMNS.values())]
    for row in rows:
        marks = ", ".join(f"{name} {'reached' if reached else 'MISSED'}" for name, reached in row["marks"].items())
        hang = " (half hang)" if row["half_hang"] else ""
        lines.append("".join(f"{row[name]!s:>10}" for name in _COLUMNS) + f"  {marks}{hang}")
        lines += [f"    not accepted ({row['refused']}): {line}" for line in row["first_refused"]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
