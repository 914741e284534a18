"""Real processes for the races of this folder: each a fork with connections of its own."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from django.db import connections

from core import redis


def in_processes(count: int, task: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What `task` gives in each of `count` processes that run at once. Needs a test with `transaction=True`."""
    connections.close_all()
    redis.client().close()
    with ProcessPoolExecutor(count, mp_context=get_context("fork")) as pool:
        return [future.result() for future in [pool.submit(task, *arguments) for _ in range(count)]]
