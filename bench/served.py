"""What scoring a lead costs inside a web process: alone, in sixteen threads, and while champions change under them.

Everything is the product's: features, the loading of a champion, score with reasons and percentile, the change of who
is in charge. Runs in a process of its own, forked as a web server's is, which has loaded nothing yet.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter, sleep, thread_time
from typing import Any, Final
from uuid import UUID

from bench.past import LEAD_TYPE, leads
from bench.report import percentile
from core.clock import now
from scoring.models import Model, State
from scoring.registry import promote_model
from scoring.scorecard import Scorer
from scoring.serving import load_model, scorers_of

THREADS: Final = 16
PER_SECOND: Final = 20
"""Leads of each thread: 320 together in one process."""
SAMPLE: Final = 400
ALONE: Final = 4_000
CROWDED: Final = 160
"""Leads of each thread: eight seconds."""


@dataclass(slots=True)
class Taken:
    """Milliseconds for each lead, on the wall and of the processor; and answers that were no model's own."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    wrong: int = 0

    def record(self) -> dict[str, Any]:
        """As figures."""
        shares = {"p50": 0.5, "p99": 0.99}
        wall = {f"{name}_ms": round(percentile(self.wall, share), 3) for name, share in shares.items()}
        cpu = {f"{name}_cpu_ms": round(percentile(self.cpu, share), 3) for name, share in shares.items()}
        return {"leads": len(self.wall), **wall, **cpu, "wrong": self.wrong}


class Desk:
    """Where threads find the scorer in charge: to change it is one assignment, as with the configuration's snapshot."""

    def __init__(self, agency_id: UUID) -> None:
        self._agency_id = agency_id
        self._posted = [posted for posted, _ in leads(SAMPLE, seed=99, until=now())]
        self._right: dict[str, list[float]] = {}
        self._scorer = self._read()

    def _read(self) -> Scorer:
        return scorers_of(agency_id=self._agency_id, lead_types=[LEAD_TYPE])[LEAD_TYPE]

    def refresh(self) -> None:
        """The scorer that the database names by now."""
        self._scorer = self._read()

    def learn_right(self, model: Model) -> None:
        """What this model says of every lead, asked alone."""
        scorer = load_model(model)
        self._right[model.public_id] = [scorer.score(posted.features()).log_odds for posted in self._posted]

    def score(self, taken: Taken, place: int) -> None:
        """One lead, from its fields to score, percentile and reasons."""
        posted = self._posted[place % SAMPLE]
        began, spent = perf_counter(), thread_time()
        scored = self._scorer.score(posted.features())
        taken.cpu.append(1000 * (thread_time() - spent))
        taken.wall.append(1000 * (perf_counter() - began))
        right = self._right.get(scored.model)
        taken.wrong += not scored.reasons or right is None or right[place % SAMPLE] != scored.log_odds


def measure(agency_id: UUID, first: UUID, second: UUID) -> dict[str, Any]:
    """All figures. `first` is in charge; `second` takes over and goes again while leads are scored."""
    before, began = _libraries(), perf_counter()
    desk = Desk(agency_id)
    figures = {"libraries_before": before, "loaded_ms": round(1000 * (perf_counter() - began), 1)}
    champion, challenger = Model.objects.get(pk=first), Model.objects.get(pk=second)
    for model in (champion, challenger):
        desk.learn_right(model)
    alone = Taken()
    for place in range(ALONE):
        desk.score(alone, place)
    steady, _ = _crowd(desk, None)
    changing, changes = _crowd(desk, (champion, challenger))
    return {
        **figures,
        "libraries": _libraries(),
        "model_bytes": len(champion.body),
        "rounds": champion.parameters["rounds"],
        "alone": alone.record(),
        "threads": steady.record(),
        "changing": {**changing.record(), "changes": changes},
    }


def _crowd(desk: Desk, rivals: tuple[Model, Model] | None) -> tuple[Taken, int]:
    """Sixteen threads, each with twenty leads a second; how often the champion changed meanwhile."""
    taken = [Taken() for _ in range(THREADS)]
    changes = 0
    with ThreadPoolExecutor(THREADS) as threads:
        busy = [threads.submit(_work, desk, one, number / THREADS) for number, one in enumerate(taken)]
        while rivals is not None and not all(work.done() for work in busy):
            _change(desk, *rivals)
            changes += 1
            sleep(0.25)
        for work in busy:
            work.result()
    together = Taken([], [], sum(one.wrong for one in taken))
    for one in taken:
        together.wall += one.wall
        together.cpu += one.cpu
    return together, changes


def _work(desk: Desk, taken: Taken, late: float) -> None:
    """The leads of one thread, at even distances."""
    begun = perf_counter() + late / PER_SECOND
    for place in range(CROWDED):
        sleep(max(begun + place / PER_SECOND - perf_counter(), 0.0))
        desk.score(taken, place)


def _change(desk: Desk, *rivals: Model) -> None:
    """Whoever of the two waits takes over, and is loaded anew, as in a process that is behind."""
    for model in rivals:
        model.refresh_from_db()
    waiting = next(model for model in rivals if model.state != State.CHAMPION)
    promote_model(model=waiting, actor="bench", now=now())
    load_model(waiting)
    desk.refresh()


def _libraries() -> list[str]:
    return [name for name in ("numpy", "scipy", "xgboost") if name in sys.modules]
