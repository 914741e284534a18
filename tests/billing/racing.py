"""Real processes racing on the test's own database. Tests that race need `transaction=True`."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from django.db import connections

WORKERS = 8


def race(task: Callable[..., Any], *arguments: Sequence[Any], watch: Callable[[], object] | None = None) -> list[Any]:
    """Run `task` in eight processes, one set of arguments each, and give their results in order.

    `watch` is called over and over in this process while they run. Connections are closed first: a fork must not share
    its parent's.
    """
    connections.close_all()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("fork")) as pool:
        racers: list[Future[Any]] = [pool.submit(task, *each) for each in zip(*arguments, strict=True)]
        while watch and not all(racer.done() for racer in racers):
            watch()
        return [racer.result() for racer in racers]
