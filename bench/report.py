"""What the run says, as a table for people and as JSON for programs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any

from bench.load import Load

RATIO_MARK = 0.12
P99_MARK_MS = 100.0
TRIPS_MARK = 8


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of each side: the load, the yardstick's transactions per second, CPU seconds spent on the load."""

    load: Load
    yardstick: float
    web: float
    database: float

    @property
    def ratio(self) -> float:
        """The product's leads per second as a share of the yardstick's."""
        return self.load.per_second / self.yardstick


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything measured: medians of the rounds, latencies and CPU over all of them."""

    rounds: Sequence[Round]
    trips: int

    @property
    def refused(self) -> list[str]:
        """Answers that were no accepted lead."""
        return [line for turn in self.rounds for line in turn.load.refused]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(turn.ratio for turn in self.rounds)

    def latency_ms(self, share: float) -> float:
        """The latency that this share of all leads did not exceed."""
        return 1000 * percentile([seconds for turn in self.rounds for seconds in turn.load.latencies], share)

    def cpu_ms(self, part: Callable[[Round], float]) -> float:
        """Milliseconds of CPU per lead of one part of the rounds."""
        leads = sum(len(turn.load.latencies) for turn in self.rounds)
        return 1000 * sum(map(part, self.rounds)) / leads


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed."""
    return sorted(values)[max(ceil(share * len(values)) - 1, 0)]


def record(figures: Figures) -> dict[str, Any]:
    """The figures by name; `marks` says which goals were reached."""
    p99 = figures.latency_ms(0.99)
    return {
        "leads_per_second": round(median(turn.load.per_second for turn in figures.rounds), 1),
        "yardstick_per_second": round(median(turn.yardstick for turn in figures.rounds), 1),
        "ratio": round(figures.ratio, 3),
        "p50_ms": round(figures.latency_ms(0.5), 2),
        "p99_ms": round(p99, 2),
        "web_cpu_ms_per_lead": round(figures.cpu_ms(lambda turn: turn.web), 3),
        "database_cpu_ms_per_lead": round(figures.cpu_ms(lambda turn: turn.database), 3),
        "round_trips_per_lead": figures.trips,
        "rounds": [round(turn.ratio, 3) for turn in figures.rounds],
        "refused": len(figures.refused),
        "marks": {
            "ratio": figures.ratio >= RATIO_MARK,
            "p99": p99 < P99_MARK_MS,
            "round_trips": figures.trips <= TRIPS_MARK,
        },
    }


def table(figures: Figures) -> str:
    """One table, then what went wrong if anything did."""
    found = record(figures)
    marks = {name: "reached" if reached else "missed" for name, reached in found["marks"].items()}
    rows = [
        ("accepted leads per second", found["leads_per_second"], ""),
        ("yardstick, transactions per second", found["yardstick_per_second"], ""),
        ("ratio to the yardstick", found["ratio"], f"at least {RATIO_MARK}: {marks['ratio']}"),
        ("p50, ms", found["p50_ms"], ""),
        ("p99, ms", found["p99_ms"], f"below {P99_MARK_MS:.0f}: {marks['p99']}"),
        ("CPU per lead, web, ms", found["web_cpu_ms_per_lead"], ""),
        ("CPU per lead, PostgreSQL, ms", found["database_cpu_ms_per_lead"], ""),
        ("SQL round trips per lead", found["round_trips_per_lead"], f"at most {TRIPS_MARK}: {marks['round_trips']}"),
        ("ratio of each round", " ".join(map(str, found["rounds"])), ""),
    ]
    lines = [f"{name:<36}{value!s:>10}  {mark}".rstrip() for name, value, mark in rows]
    refused = [f"not accepted ({found['refused']}): {line}" for line in figures.refused[:3]]
    return "\n".join([*lines, *refused])
