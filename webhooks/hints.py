"""The nudge that makes a worker look at the table now instead of at its next sweep. Losing one costs a second."""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Final

from celery import current_app

GAP: Final = 0.2  # seconds between two nudges of one process
DELIVER: Final = "webhooks.deliver_due"

log = logging.getLogger(__name__)


class Hinter:
    """Calls `publish` from a thread of its own, at most once per gap, however often it is asked to.

    Asking costs microseconds, never waits and never raises. The thread starts at the first call in each process, so
    it survives a web server that forks after import.
    """

    def __init__(self, publish: Callable[[], object], gap: float = GAP) -> None:
        self._publish = publish
        self._gap = gap
        self._process: int | None = None
        self._starting = threading.Lock()
        self._wanted = threading.Event()
        self._failing = False
        os.register_at_fork(after_in_child=self._forget)

    def __call__(self) -> None:
        """Ask for a nudge."""
        if self._process is None:
            self._start()
        self._wanted.set()

    def _forget(self) -> None:
        self._process, self._starting, self._wanted = None, threading.Lock(), threading.Event()

    def _start(self) -> None:
        with self._starting:
            if self._process is None:
                threading.Thread(target=self._run, name="webhook-hints", daemon=True).start()
                self._process = os.getpid()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            self._nudge()
            time.sleep(self._gap)

    def _nudge(self) -> None:
        try:
            self._publish()
        except Exception as error:
            if not self._failing:  # one line per outage: the sweep delivers all the same
                log.warning("no hint to the workers: %s", type(error).__name__)
            self._failing = True
        else:
            self._failing = False


def _send() -> None:
    if not current_app.conf.task_always_eager:
        current_app.send_task(DELIVER, retry=False, ignore_result=True, expires=30)


hint: Final = Hinter(_send)
"""Call after a commit that made messages due."""
