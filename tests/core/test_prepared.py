"""What PostgreSQL keeps prepared gives the same as what it is told for the first time, whatever happened in between."""

import gc
import weakref
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, InternalError, connection, transaction

from core.sql import Statement, is_postgres, run

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not is_postgres(), reason="SQLite prepares by itself"),
]
TIMES = 3
"""As it is, prepared and run, and run again."""


def rows(sql: str, *params: Any) -> Any:
    return run([Statement(sql, params)])[0].rows


def prepared() -> list[str]:
    """What this session keeps prepared."""
    return [text for (text,) in rows("SELECT statement FROM pg_prepared_statements ORDER BY name")]


@pytest.fixture(autouse=True)
def new_connection() -> None:
    connection.close()


def test_a_text_that_comes_again_is_prepared_and_gives_the_same_rows() -> None:
    sql = "SELECT %s::int + 1, 'what' WHERE %s::text <> ''"
    assert [rows(sql, number, "x") for number in (1, 2, 3)] == [[(2, "what")], [(3, "what")], [(4, "what")]]
    assert prepared() == ["PREPARE batch_0 AS SELECT $1::int + 1, 'what' WHERE $2::text <> ''"]


@pytest.mark.parametrize(
    "value",
    [
        UUID("018f6f0a-1111-7222-8333-444455556666"),
        datetime(2026, 5, 12, 16, 30, 0, 123456, tzinfo=UTC),
        date(2026, 2, 28),
        True,
        -5,
        2**62,
        0.1,
        b"",
        b"\x00'\\\xff",
        "",
        'it\'s a \\ "quoted" 50% \U0001f600 %s %%',
        [UUID(int=1), UUID(int=2)],
    ],
    ids=repr,
)
def test_every_value_arrives_as_it_was(value: Any) -> None:
    types: dict[str, str] = {"UUID": "uuid", "datetime": "timestamptz", "int": "int8", "float": "float8"}
    types |= {"bytes": "bytea", "str": "text", "list": "uuid[]"}
    kind = types.get(type(value).__name__, type(value).__name__)
    sql = f"SELECT %s::{kind}, %s::{kind} IS NULL"
    assert [rows(sql, value, None) for _ in range(TIMES)] == [[(value, True)]] * TIMES


def test_a_text_arrives_as_it_was_where_backslashes_escape() -> None:
    rows("SELECT set_config('standard_conforming_strings', 'off', false)")
    connection.connection.__dict__.pop("_batches")  # as if the server were set up so from the start
    value = "it's a \\ and a \\n"
    assert [rows("SELECT %s::text", value) for _ in range(TIMES)] == [[(value,)]] * TIMES


def test_a_doubled_percent_sign_is_one_where_there_are_values_and_two_where_there_are_none() -> None:
    assert [rows("SELECT '5%% of %%s', %s::int", 1) for _ in range(TIMES)] == [[("5% of %s", 1)]] * TIMES
    assert [rows("SELECT '5%% of %%s', '%s'") for _ in range(TIMES)] == [[("5%% of %%s", "%s")]] * TIMES


def test_what_was_prepared_stays_through_a_rollback() -> None:
    for _ in range(TIMES):
        with transaction.atomic():
            assert rows("SELECT %s::int", 7) == [(7,)]
            transaction.set_rollback(True)
    assert rows("SELECT %s::int", 8) == [(8,)]


def test_a_new_connection_prepares_anew() -> None:
    for number in range(TIMES):
        rows("SELECT %s::int", number)
    connection.close()
    assert [rows("SELECT %s::int", number) for number in range(TIMES)] == [[(0,)], [(1,)], [(2,)]]


def test_a_text_that_could_not_be_prepared_is_prepared_later() -> None:
    rows("SELECT %s::int", 1)
    with transaction.atomic():
        with pytest.raises(DataError):
            rows("SELECT 1 / %s::int", 0)
        with pytest.raises(InternalError, match="current transaction is aborted"):
            rows("SELECT %s::int", 2)
        transaction.set_rollback(True)
    assert rows("SELECT %s::int", 3) == [(3,)]


def test_a_value_that_cannot_be_sent_leaves_the_transaction_a_transaction() -> None:
    with transaction.atomic():
        with pytest.raises(DataError):
            rows("SELECT %s::text", "a\x00b")
        rows("CREATE TABLE should_be_undone (id int)")
        transaction.set_rollback(True)
    assert rows("SELECT to_regclass('should_be_undone')::text") == [(None,)]


def test_a_connection_that_was_closed_is_forgotten() -> None:
    rows("SELECT 1")
    gone = weakref.ref(connection.connection)
    connection.close()
    gc.collect()
    assert gone() is None
