"""The run: a scratch house and a scratch yardstick, measured in turns on one PostgreSQL, then one table."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench import posts, report, trips, yardstick
from bench.cpu import backends, spent, used
from bench.house import House, open_house
from bench.load import Load, drive
from bench.report import Figures, Round
from bench.scratch import database, redis_url
from bench.world import open_market

CONCURRENT = 16
MOST_PER_SECOND = 2_500  # leads prepared for each second of a round; no run of two processes can use them up


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the run takes: rounds, and seconds of load on each side of a round."""

    rounds: int
    seconds: float


FULL, QUICK = Pace(5, 6.0), Pace(2, 3.0)


def main() -> int:
    """Measure and print. 1 where an answer was not an accepted lead, else 0."""
    options = _options()
    server = os.environ.get("BENCH_DATABASE_URL", "postgres://localhost")
    broker = os.environ.get("BENCH_REDIS_URL", "redis://localhost")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leaddistro-bench-")))
        product = stack.enter_context(database(server, "product"))
        limit = stack.enter_context(database(server, "limit"))
        house = stack.enter_context(open_house(product, stack.enter_context(redis_url(broker)), folder))
        figures = _measure(house, limit, QUICK if options.quick else FULL)
    print(json.dumps(report.record(figures), indent=2) if options.json else report.table(figures))
    return 1 if figures.refused else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two short rounds")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    return parser.parse_args()


def _measure(house: House, limit: str, pace: Pace) -> Figures:
    open_market(house.port, house.key)
    yardstick.prepare(limit)
    numbers = count()
    _post(house, numbers, 1.0)  # every process reads its snapshot, opens its counters and its connections
    rounds = [_round(house, limit, numbers, pace.seconds) for _ in range(pace.rounds)]
    return Figures(rounds, trips.count(house, numbers))


def _post(house: House, numbers: Iterator[int], seconds: float) -> Load:
    requests = posts.requests(house.port, house.key, numbers, int(seconds * MOST_PER_SECOND))
    return drive(house.port, requests, concurrent=CONCURRENT, seconds=seconds)


def _round(house: House, limit: str, numbers: Iterator[int], seconds: float) -> Round:
    web, database = used(house.processes()), used(backends(house.database_url))
    load = _post(house, numbers, seconds)
    web_spent = spent(web, used(house.processes()))
    database_spent = spent(database, used(backends(house.database_url)))
    return Round(load, yardstick.measure(limit, seconds), web_spent, database_spent)


if __name__ == "__main__":
    sys.exit(main())
