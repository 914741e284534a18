"""The two round trips of a transaction that has no time to lose: one that locks and reads, one that writes and commits.

On PostgreSQL each is one message of few statements, since every statement costs both sides more than the row it is
about. Elsewhere, and inside a transaction that somebody else will end, the same statements run one after the other.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import orjson
from django.db import connection
from django.db.utils import DatabaseError
from psycopg import Connection
from psycopg.pq.abc import PGresult

from core import prepared
from core.sql import Params, Statement, is_postgres, run

UNMET: Final = "LD001"
"""The SQLSTATE of `require_rows`, which `core.requirement.RequireRows` creates."""


def read(locks: Sequence[Statement], statements: Mapping[str, Statement]) -> dict[str, list[Params]]:
    """Needs a transaction. Take the locks, then read; the rows of each statement by its name.

    Values may come as JSON has them (ids and instants as text, bytes in hexadecimal): read them by `core.sql.as_*`.
    """
    if not is_postgres():
        results = run([*locks, *statements.values()])[len(locks) :]
        return dict(zip(statements, (result.rows for result in results), strict=True))
    text = _send([*_as_one_lock(locks), _as_one_read(list(statements.values()))]).get_value(0, 0)
    tables = orjson.loads(text or b"[]")
    return {name: [tuple(row.values()) for row in rows or ()] for name, rows in zip(statements, tables, strict=True)}


def _as_one_lock(locks: Sequence[Statement]) -> list[prepared.Text]:
    """The locks as one SELECT, which takes them in the order of its columns; a reading in it would see too early."""
    if not locks:
        return []
    columns = ", ".join(lock.sql.removeprefix("SELECT ") for lock in locks)
    return [(f"SELECT {columns}", [value for lock in locks for value in lock.params])]


def _as_one_read(statements: Sequence[Statement]) -> prepared.Text:
    tables = ", ".join(f"(SELECT json_agg(t) FROM ({statement.sql}) t)" for statement in statements)
    params = [value for statement in statements for value in statement.params]
    return f"SELECT json_build_array({tables})::text", params


def commit(writes: Sequence[Statement], guards: Sequence[Statement]) -> None:
    """Ends the transaction, which must be the outermost and have nothing left to do: write everything and commit.

    `writes` touch no row that others write; `guards` do, and run after them, one by one, in their order. Raises the
    `refusal` of the first statement that does not touch as many rows as it must: nothing is written then. Within
    another transaction all but the commit is done.
    """
    if not is_postgres() or connection.savepoint_ids:
        run([*writes, *guards])
        return
    texts = [_as_one_write(writes), *(_guarded(place, guard) for place, guard in enumerate(guards, len(writes)))]
    try:
        _send(texts, b"COMMIT")
    except DatabaseError as error:
        raise _refusal(error, [*writes, *guards]) or error from error


def _as_one_write(writes: Sequence[Statement]) -> prepared.Text:
    """All of them as one statement: data-modifying members of a WITH. Only what may meet a rival is counted."""
    members: list[str] = []
    params: list[Any] = []
    counts: list[str] = []
    places: list[Any] = []
    for place, write in enumerate(writes):
        contested = write.refusal is not None
        members.append(f"w{place} AS ({write.sql}{' RETURNING 1' if contested else ''})")
        params += write.params
        if contested:
            counts.append(f"require_rows(%s, %s, (SELECT count(*) FROM w{place}))")
            places += [place, write.expect]
    return f"WITH {', '.join(members)} SELECT {', '.join(counts) or '1'}", [*params, *places]


def _guarded(place: int, guard: Statement) -> prepared.Text:
    if guard.expect is None:
        return guard.sql, guard.params
    sql = f"WITH g AS ({guard.sql} RETURNING 1) SELECT require_rows(%s, %s, (SELECT count(*) FROM g))"
    return sql, [*guard.params, place, guard.expect]


def _send(texts: Sequence[prepared.Text], *ending: bytes) -> PGresult:
    connection.ensure_connection()
    raw = cast("Connection[Any]", connection.connection)
    with connection.wrap_database_errors:
        opening, statements = prepared.message(raw, texts)
        return prepared.run_for_last(raw, [*opening, *statements, *ending])


def _refusal(error: DatabaseError, statements: Sequence[Statement]) -> Exception | None:
    """What it means that the statement named in the error found other rows than it must."""
    cause: Any = error.__cause__
    if getattr(cause, "sqlstate", None) != UNMET:
        return None
    return statements[int(cause.diag.message_primary)].refusal
