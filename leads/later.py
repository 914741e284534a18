"""Work that goes on after the source has its answer: a few threads of this process, which wait for nobody."""

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.db import connections

log = logging.getLogger(__name__)
_THREADS: Final = 2


class _Later:
    """The threads. None runs before there is work, and a fork has its own: it is safe to fork."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, "later")

    def submit(self, work: Callable[[], object]) -> None:
        """Have the work done soon. What fails is logged: its lease ends, and a sweep finds it."""
        self._pool.submit(self._run, work)

    @staticmethod
    def _run(work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception("what was left for later failed")
        finally:
            connections.close_all()


submit: Final = _Later().submit
"""Have work done soon that opens transactions of its own."""
