"""The two round trips of a transaction that has no time to lose: one that locks and reads, one that writes and commits.

On PostgreSQL each is one message of few statements, since every statement costs both sides more than the row it is
about. Elsewhere, and inside a transaction that somebody else will end, the same statements run one after the other.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
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


Rows = dict[str, list[Params]]


def read(locks: Sequence[Statement], groups: Sequence[Mapping[str, Statement]]) -> list[Rows]:
    """Needs a transaction. Take the locks, then read; for each group the rows of its statements by their names.

    Values may come as JSON has them (ids and instants as text, bytes in hexadecimal): read them by `core.sql.as_*`.
    """
    if not is_postgres():
        run(locks)
        return [{name: run([statement])[0].rows for name, statement in group.items()} for group in groups]
    with connection.cursor() as cursor:
        raw = cast(Any, cursor).cursor
        with connection.wrap_database_errors:
            opening, texts = prepared.message(raw.connection, [*_as_one_lock(locks), *map(_as_one_read, groups)])
        cast(Any, cursor.execute)(b";".join([*opening, *texts]))
        for _ in range(len(opening) + len(texts) - len(groups)):
            raw.nextset()
        return [_rows(group, raw) for group in groups]


def _rows(group: Mapping[str, Statement], raw: Any) -> Rows:
    """What one group read; the raw cursor moves on to the next."""
    tables = orjson.loads(raw.fetchone()[0])
    raw.nextset()
    return {name: [tuple(row.values()) for row in rows or ()] for name, rows in zip(group, tables, strict=True)}


def _as_one_lock(locks: Sequence[Statement]) -> list[prepared.Text]:
    """The locks as one SELECT, which takes them in the order of its columns; a reading in it would see too early."""
    if not locks:
        return []
    columns = ", ".join(lock.sql.removeprefix("SELECT ") for lock in locks)
    return [(f"SELECT {columns}", [value for lock in locks for value in lock.params])]


def _as_one_read(group: Mapping[str, Statement]) -> prepared.Text:
    params = [value for statement in group.values() for value in statement.params]
    return _read_sql(tuple([statement.sql for statement in group.values()])), params


@lru_cache(maxsize=256)
def _read_sql(texts: tuple[str, ...]) -> str:
    tables = ", ".join(f"(SELECT json_agg(t) FROM ({text}) t)" for text in texts)
    return f"SELECT json_build_array({tables})::text"


def commit(writes: Sequence[Statement], guards: Sequence[Statement]) -> None:
    """Ends the transaction, which must be the outermost and have nothing left to do: write everything and commit.

    `writes` touch no row that others write; `guards` do, and run after them, one by one, in their order. Raises the
    `refusal` of the first statement that does not touch as many rows as it must: nothing is written then. Within
    another transaction all but the commit is done.
    """
    if not is_postgres() or connection.savepoint_ids:
        run([*writes, *guards])
        return
    writes = _joined(writes)
    texts = [*_as_one_write(writes), *(_guarded(place, guard) for place, guard in enumerate(guards, len(writes)))]
    try:
        _send(texts, b"COMMIT")
    except DatabaseError as error:
        if (refusal := _refusal(error, [*writes, *guards])) is None:
            raise
        raise refusal from error


def _joined(writes: Sequence[Statement]) -> list[Statement]:
    """The same with one INSERT per table, however many leads they are of."""
    groups: dict[str, list[Statement]] = {}
    for place, write in enumerate(writes):
        groups.setdefault(write.sql if write.listed else str(place), []).append(write)
    return [_together(group) if len(group) > 1 else group[0] for group in groups.values()]


def _together(group: Sequence[Statement]) -> Statement:
    rows = ",".join([one.params[0][1:-1] for one in group])
    expect = None if group[0].expect is None else sum(one.expect or 0 for one in group)
    return group[0]._replace(params=(f"[{rows}]",), expect=expect)


def _as_one_write(writes: Sequence[Statement]) -> list[prepared.Text]:
    """All of them as one statement: data-modifying members of a WITH. Only what may meet a rival is counted."""
    if not writes:
        return []
    params = [value for write in writes for value in write.params]
    for place, write in enumerate(writes):
        if write.refusal is not None:
            params += [place, write.expect]
    return [(_write_sql(tuple([(write.sql, write.refusal is not None) for write in writes])), params)]


@lru_cache(maxsize=256)
def _write_sql(texts: tuple[tuple[str, bool], ...]) -> str:
    members, counts = [], []
    for place, (text, contested) in enumerate(texts):
        members.append(f"w{place} AS ({text}{' RETURNING 1' if contested else ''})")
        if contested:
            counts.append(f"require_rows(%s, %s, (SELECT count(*) FROM w{place}))")
    return f"WITH {', '.join(members)} SELECT {', '.join(counts) or '1'}"


def _guarded(place: int, guard: Statement) -> prepared.Text:
    if guard.expect is None:
        return guard.sql, guard.params
    return _guard_sql(guard.sql), [*guard.params, place, guard.expect]


@lru_cache(maxsize=256)
def _guard_sql(text: str) -> str:
    return f"WITH g AS ({text} RETURNING 1) SELECT require_rows(%s, %s, (SELECT count(*) FROM g))"


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
