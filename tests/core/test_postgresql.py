"""A session that the server ended costs nobody a request: the next one sees it on the socket and connects anew."""

import pytest
from django.db import OperationalError, close_old_connections, connection, transaction

from core.sql import Statement, is_postgres, run
from core.trips import commit, read
from tests.accounts.asking import Api, make_agency
from tests.processes import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not is_postgres(), reason="SQLite has no sessions"),
]


def session() -> int:
    """The server's process behind this connection."""
    return int(run([Statement("SELECT pg_backend_pid()")])[0].rows[0][0])


def end(pid: int) -> None:
    """Let another connection end the session, and return when it is gone."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        wait_until(lambda: not _lives(cursor, pid), "the end of the session")
    other.close()


def _lives(cursor: object, pid: int) -> bool:
    cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid])  # type: ignore[attr-defined]
    return bool(cursor.fetchall())  # type: ignore[attr-defined]


def test_the_next_request_gets_a_fresh_connection_and_succeeds() -> None:
    key = make_agency().live.text
    ended = session()
    end(ended)
    close_old_connections()  # a request begins
    assert Api(key).get("/v1/keys").status_code == 200
    assert session() != ended


def test_a_connection_that_stands_is_kept_without_a_word_to_the_server() -> None:
    standing = session()
    raw = connection.connection
    close_old_connections()
    raw.pgconn.exec_(b"SELECT 42 AS last_words")
    assert connection.is_usable()
    statements = "SELECT query FROM pg_stat_activity WHERE pid = %s"
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute(statements, [standing])
        assert cursor.fetchall() == [("SELECT 42 AS last_words",)]
    other.close()
    assert session() == standing


def test_a_session_that_ends_between_look_and_commit_fails_that_trip_alone() -> None:
    one = Statement("SELECT 1")
    with pytest.raises(OperationalError), transaction.atomic():
        look_and_commit(one, ended=True)
    with transaction.atomic():
        look_and_commit(one, ended=False)


def look_and_commit(one: Statement, *, ended: bool) -> None:
    assert read([], [{"one": one}]) == [{"one": [(1,)]}]
    if ended:
        end(connection.connection.info.backend_pid)
    commit([], [one])
