"""Threads of a web process share as many connections as work at once, and each has one to itself while it works."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from core.gate import Gate, aside
from core.shared_connections import SharedConnections

PATIENCE = 30
Result = TypeVar("Result")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shared() -> Iterator[SharedConnections]:
    shared = SharedConnections()
    yield shared
    while shared._idle:
        shared._idle.pop().close()


def test_one_thread_after_another_uses_one_connection(shared: SharedConnections) -> None:
    gated = Gate(4, shared).around(_session)
    assert len({_in_a_new_thread(gated) for _ in range(5)}) == 1


def test_threads_that_work_at_once_have_a_connection_each(shared: SharedConnections) -> None:
    together = threading.Barrier(3)

    def work() -> int:
        session = _session()
        together.wait(PATIENCE)
        return session

    gated = Gate(3, shared).around(work)
    with ThreadPoolExecutor(3) as threads:
        sessions = [threads.submit(gated) for _ in range(3)]
        assert len({session.result(PATIENCE) for session in sessions}) == 3


def test_many_waiting_threads_need_no_more_connections_than_work_at_once(shared: SharedConnections) -> None:
    all_wait = threading.Barrier(12)

    def work() -> set[int]:
        before = _session()
        with aside():
            all_wait.wait(PATIENCE)
        return {before, _session()}

    gated = Gate(2, shared).around(work)
    with ThreadPoolExecutor(12) as threads:
        seen = [threads.submit(gated) for _ in range(12)]
        assert len(set().union(*(one.result(PATIENCE) for one in seen))) <= 2


def test_a_transaction_left_open_is_undone_and_reaches_nobody_else(shared: SharedConnections) -> None:
    abandoned = transaction.atomic()

    def leaves_it_open() -> int:
        abandoned.__enter__()
        return _session()

    gate = Gate(1, shared)
    _in_a_new_thread(gate.around(leaves_it_open))
    assert not shared._idle
    assert _in_a_new_thread(gate.around(lambda: connection.in_atomic_block)) is False


def test_a_connection_that_failed_or_is_too_old_is_closed_when_it_is_given_back(shared: SharedConnections) -> None:
    def works_on_it_when_it_is_too_old() -> int:
        session = _session()
        connection.close_at = 0.0
        return session

    gated = Gate(1, shared)
    _in_a_new_thread(gated.around(works_on_it_when_it_is_too_old))
    (idle,) = shared._idle
    assert idle.connection is None
    assert _in_a_new_thread(gated.around(lambda: connection.introspection.table_names() != [])) is True


def _session() -> int:
    """The connection of this thread, which is opened where it has none."""
    connection.ensure_connection()
    return id(connections[DEFAULT_DB_ALIAS])


def _in_a_new_thread(work: Callable[[], Result]) -> Result:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result(PATIENCE)
