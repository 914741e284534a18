"""Explicit SQL for the hot path: several statements in one round trip, each with the row count it must have.

On PostgreSQL a batch travels as one message; on SQLite, which lives in the process, its statements run one after the
other. Both leave identical rows. Parameters are bound by the driver, never pasted into the text.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import connection, models

from core import json, prepared
from core.rows import Rows, documents, head

Params = tuple[Any, ...]


class Statement(NamedTuple):
    """One SQL text with its parameters; where `expect` rows are not met, `refusal` is raised.

    `rows` are made into parameters when they are sent: two statements of the same text may then be one with the rows of
    both.
    """

    sql: str
    params: Params = ()
    expect: int | None = None
    refusal: Exception | None = None
    rows: Rows | None = None

    @property
    def values(self) -> Params:
        """The parameters as they are sent."""
        return self.params if self.rows is None else self.rows.params()


@dataclass(frozen=True, slots=True)
class Result:
    """What a statement gave: its rows (empty for a write without RETURNING) and how many it touched."""

    rows: list[Params]
    count: int


@cache
def is_postgres() -> bool:
    """Whether the default database is PostgreSQL; a process never changes it, and asks hundreds of times per lead."""
    return connection.vendor == "postgresql"


def run(statements: Sequence[Statement]) -> list[Result]:
    """Run the statements in order: one round trip on PostgreSQL.

    Writes need a transaction opened by the caller, so that a refusal undoes the batch. Raises the `refusal` of the
    first statement whose count differs from its `expect`.
    """
    if not statements:
        return []
    return _run_together(statements) if is_postgres() else [_run_one(statement) for statement in statements]


def _run_together(statements: Sequence[Statement]) -> list[Result]:
    results = []
    with connection.cursor() as cursor:
        raw = cast(Any, cursor).cursor  # psycopg's own: Django's wrapper has no nextset
        batch = [(statement.sql, statement.values) for statement in statements]
        with connection.wrap_database_errors:
            opening, texts = prepared.message(raw.connection, batch)
        cast(Any, cursor.execute)(b";".join([*opening, *texts]))
        for _ in opening:
            raw.nextset()
        for statement in statements:
            results.append(_checked(statement, raw.fetchall() if raw.pgresult.nfields else [], raw.rowcount))
            raw.nextset()
    return results


def _run_one(statement: Statement) -> Result:
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params or None)
        rows = cursor.fetchall() if cursor.description else []
        return _checked(statement, rows, len(rows) if cursor.description else cursor.rowcount)


def _checked(statement: Statement, rows: Sequence[Params], count: int) -> Result:
    if statement.expect is not None and count != statement.expect:
        raise statement.refusal or RuntimeError(f"{count} rows instead of {statement.expect}: {statement.sql[:80]}")
    return Result(list(rows), count)


# --- values ------------------------------------------------------------------------------------------------------


def bind(value: Any) -> Any:
    """The value in the form the database's driver stores, the same form that the ORM writes.

    Lists and dicts become JSON text. Instants become UTC; SQLite keeps them, ids and bytes as Django does.
    """
    if isinstance(value, dict | list | tuple):
        return json.dumps(value).decode()
    if isinstance(value, UUID):
        return value if is_postgres() else value.hex
    if isinstance(value, datetime):
        return value if is_postgres() else str(value.astimezone(UTC).replace(tzinfo=None))
    return value


def as_uuid(value: Any) -> UUID | None:
    """A UUID read back from either database."""
    return value if value is None or isinstance(value, UUID) else UUID(value)


def as_instant(value: Any) -> datetime | None:
    """An aware UTC instant read back from either database; SQLite gives a naive one, or text out of expressions."""
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else cast(datetime, value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def as_bytes(value: Any) -> bytes:
    """Bytes read back from either database, or in PostgreSQL's hexadecimal out of JSON."""
    return bytes.fromhex(value[2:]) if isinstance(value, str) else bytes(value)


def any_of(column: str, values: Iterable[UUID | datetime | int]) -> tuple[str, Params]:
    """A condition that the column holds one of the values, and its parameters; false for no values.

    On PostgreSQL they travel as one array, so that the text is the same however many there are: its literal is made
    here, since the driver looks at each of its values for longer than PostgreSQL does.
    """
    found = list(values)
    if not found:
        return "1 = 0", ()
    if is_postgres():
        elements = ",".join(map(_element, found))
        return f"{column} = ANY(%s)", (f"{{{elements}}}",)
    return f"{column} IN ({', '.join(['%s'] * len(found))})", tuple(map(bind, found))


def _element(value: UUID | datetime | int) -> str:
    """How an array's literal names a value; none of these has a sign that means anything in one."""
    if isinstance(value, UUID):
        return value.hex
    return value.isoformat() if isinstance(value, datetime) else str(int(value))


# --- inserts -----------------------------------------------------------------------------------------------------


def insert(
    model: type[models.Model],
    rows: Sequence[Mapping[str, Any]],
    *,
    conflict: str = "",
    refusal: Exception | None = None,
) -> Statement:
    """One INSERT of all rows (at least one, same keys), named by model fields; foreign keys take the key itself.

    With `conflict` (an ON CONFLICT clause) fewer rows may be written; a `refusal` then says what that means.
    Column defaults of the model do not apply: every column that has none in the database must be named, or be null.
    """
    names = tuple(rows[0])
    expect = len(rows) if not conflict or refusal else None
    if is_postgres():
        listed = Rows(model, names, rows)
        return Statement(listed.text(conflict), (), expect, refusal, listed)
    known = documents(model, names)
    params = tuple(_document(row[name]) if name in known else bind(row[name]) for row in rows for name in names)
    return Statement(_insert_values(model, names, len(rows), conflict), params, expect, refusal)


@lru_cache(maxsize=256)
def _insert_values(model: type[models.Model], names: tuple[str, ...], amount: int, conflict: str) -> str:
    group = f"({', '.join(['%s'] * len(names))})"
    return f"{head(model, names)} VALUES {', '.join([group] * amount)} {conflict}".rstrip()


def _document(value: Any) -> str | None:
    return None if value is None else json.dumps(value).decode()


# --- locks -------------------------------------------------------------------------------------------------------


def _lock_number(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)


def lock(*names: str) -> list[Statement]:
    """Statements that hold the names exclusively until the transaction ends, taken in one order everywhere.

    PostgreSQL takes advisory locks. On SQLite the list is empty: an IMMEDIATE transaction is alone already.
    """
    if not is_postgres():
        return []
    return [
        Statement("SELECT pg_advisory_xact_lock(%s)", (number,)) for number in sorted(map(_lock_number, set(names)))
    ]


def lock_shared(*names: str) -> list[Statement]:
    """As `lock`, but holders of the shared lock do not exclude one another."""
    if not is_postgres():
        return []
    numbers = sorted(map(_lock_number, set(names)))
    return [Statement("SELECT pg_advisory_xact_lock_shared(%s)", (number,)) for number in numbers]
