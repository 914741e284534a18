"""One event loop per process, in a thread of its own, on which ordinary code fans requests out."""

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Final, TypeVar

import uvloop
from django.conf import settings

from core.gate import aside
from core.http.client import Client, Request
from core.http.outcomes import Response
from core.http.urls import Egress

Result = TypeVar("Result")


class LoopThread:
    """An event loop that runs in a daemon thread, started at first use in each process and so safe to fork."""

    _loop: asyncio.AbstractEventLoop | None
    _thread: threading.Thread | None
    _client: Client | None

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def submit(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Start the coroutine on the loop and return at once. Never to be waited for from the loop itself."""
        return asyncio.run_coroutine_threadsafe(work, self._running())

    def run(self, work: Coroutine[Any, Any, Result], timeout: float | None = None) -> Result:
        """The coroutine's result. Raises TimeoutError after `timeout` seconds, and cancels the work then.

        The thread that waits for it stands aside (`core.gate`).
        """
        future = self.submit(work)
        try:
            with aside():
                return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise

    def client(self) -> Client:
        """This process's client under the operator's egress settings. Only on this loop."""
        if self._client is None:
            self._client = Client(egress())
        return self._client

    def stop(self) -> None:
        """Cancel what is under way, close the connections and end the thread; the next use starts afresh."""
        loop, thread, client = self._loop, self._thread, self._client
        self._forget()
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_end(client), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()

    def _forget(self) -> None:
        self._starting = threading.Lock()
        self._loop = self._thread = self._client = None

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = uvloop.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="http-loop", daemon=True)
                self._thread.start()
            return self._loop


async def _end(client: Client | None) -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=2)
    if client is not None:
        await client.close()


def egress() -> Egress:
    """The operator's policy: EGRESS_ALLOW, and our own names from PUBLIC_URL and ALLOWED_HOSTS."""
    return Egress.of(settings.EGRESS_ALLOW, [settings.PUBLIC_URL, *settings.ALLOWED_HOSTS])


_shared: Final = LoopThread()


def stop() -> None:
    """Close this process's connections and end its loop; the next use starts afresh, with the settings as they are."""
    _shared.stop()


atexit.register(stop)


def submit(work: Coroutine[Any, Any, Result]) -> Future[Result]:
    """Start a coroutine on this process's loop; its future."""
    return _shared.submit(work)


def run(work: Coroutine[Any, Any, Result], timeout: float | None = None) -> Result:
    """Run a coroutine on this process's loop and wait for its result. Raises TimeoutError."""
    return _shared.run(work, timeout)


async def send(request: Request) -> Response:
    """What came of one request over this process's pool, from a coroutine on this process's loop."""
    return await _shared.client().send(request)


def client() -> Client:
    """This process's client. Only from a coroutine on this process's loop."""
    return _shared.client()
