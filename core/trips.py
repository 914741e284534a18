"""The two round trips of a transaction that has no time to lose: one that locks and reads, one that writes and commits.

On PostgreSQL each is one message of few statements, since every statement costs both sides more than the row it is
about. Elsewhere, and inside a transaction that somebody else will end, the same statements run one after the other.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import Any, Final, cast
from uuid import UUID

import orjson
from django.db import connection
from django.db.utils import DatabaseError
from psycopg import Connection
from psycopg.pq.abc import PGresult

from core import prepared
from core.rows import hexadecimal
from core.sql import Params, Statement, is_postgres, run

UNMET: Final = "LD001"
"""The SQLSTATE of `require_rows`, which `core.requirement.RequireRows` creates."""


_GOING: Final = ("08", "57")
"""Classes of SQLSTATE: connection exceptions, and what operators or a shutdown intervened in."""

Rows = dict[str, list[Params]]

_TYPES: Final[Mapping[type, str]] = {
    str: "text",
    int: "bigint",
    UUID: "uuid",
    bytes: "bytea",
    memoryview: "bytea",
    datetime: "timestamptz",
}


def read(locks: Sequence[Statement], groups: Sequence[Mapping[str, Statement]]) -> list[Rows]:
    """Needs a transaction. Take the locks, then read; for each group the rows of its statements by their names.

    Values may come as JSON has them (ids and instants as text, bytes in hexadecimal): read them by `core.sql.as_*`.
    Groups of the same texts are read by one statement; what they ask by must be of the kinds in `_TYPES`.
    """
    if not is_postgres():
        run(locks)
        return [{name: run([statement])[0].rows for name, statement in group.items()} for group in groups]
    alike = _alike(groups)
    with connection.cursor() as cursor:
        raw = cast(Any, cursor).cursor
        with connection.wrap_database_errors:
            batch = [*_as_one_lock(locks), *(_as_one_read(texts, asking) for texts, asking in alike.items())]
            opening, texts = prepared.message(raw.connection, batch)
        cast(Any, cursor.execute)(b";".join([*opening, *texts]))
        for _ in range(len(opening) + len(texts) - len(alike)):
            raw.nextset()
        found = [iter(_rows(asking, raw)) for asking in alike.values()]
    answers = dict(zip(alike, found, strict=True))
    return [next(answers[_texts(group)]) for group in groups]


def _texts(group: Mapping[str, Statement]) -> tuple[str, ...]:
    return tuple([statement.sql for statement in group.values()])


def _alike(groups: Sequence[Mapping[str, Statement]]) -> dict[tuple[str, ...], list[Mapping[str, Statement]]]:
    """The groups by the texts of their statements."""
    found: dict[tuple[str, ...], list[Mapping[str, Statement]]] = {}
    for group in groups:
        found.setdefault(_texts(group), []).append(group)
    return found


def _rows(groups: Sequence[Mapping[str, Statement]], raw: Any) -> list[Rows]:
    """What one statement read for each of the groups; the raw cursor moves on to the next."""
    answers = orjson.loads(raw.fetchone()[0])
    raw.nextset()
    return [
        {name: [tuple(row.values()) for row in rows or ()] for name, rows in zip(group, tables, strict=True)}
        for group, tables in zip(groups, answers, strict=True)
    ]


def _as_one_lock(locks: Sequence[Statement]) -> list[prepared.Text]:
    """The locks as one SELECT, which takes them in the order of its columns; a reading in it would see too early."""
    if not locks:
        return []
    columns = ", ".join(lock.sql.removeprefix("SELECT ") for lock in locks)
    return [(f"SELECT {columns}", [value for lock in locks for value in lock.params])]


def _as_one_read(texts: tuple[str, ...], groups: Sequence[Mapping[str, Statement]]) -> prepared.Text:
    """What several groups ask by travels as one list, so that there is one text for any number of them."""
    params = [[value for statement in group.values() for value in statement.params] for group in groups]
    if len(groups) == 1:
        return _read_sql(texts), params[0]
    types = tuple([_TYPES.get(type(value)) or _type_of_a_kind(value) for value in params[0]])
    asked = [{str(place): value for place, value in enumerate([number, *row])} for number, row in enumerate(params)]
    return _read_all_sql(texts, types), [orjson.dumps(asked, default=hexadecimal).decode()]


def _type_of_a_kind(value: Any) -> str:
    """The type of a value of a class of its own, such as a choice, which is a text."""
    return next(name for kind, name in _TYPES.items() if isinstance(value, kind))


@lru_cache(maxsize=256)
def _read_sql(texts: tuple[str, ...]) -> str:
    return f"SELECT json_build_array({_tables(texts)})::text"


@lru_cache(maxsize=256)
def _read_all_sql(texts: tuple[str, ...], types: tuple[str, ...]) -> str:
    places = count(1)
    tables = re.sub("%s", lambda _: f'asked."{next(places)}"', _tables(texts))
    columns = ", ".join(f'"{place}" {kind}' for place, kind in enumerate(["int", *types]))
    rows = f"json_to_recordset(%s) AS asked({columns})"
    return f'SELECT json_agg({tables} ORDER BY asked."0")::text FROM {rows}'


def _tables(texts: tuple[str, ...]) -> str:
    return f"json_build_array({', '.join(f'(SELECT json_agg(t) FROM ({text}) t)' for text in texts)})"


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


def is_undone(error: Exception) -> bool:
    """Whether an error of a trip proves that nothing was written: the database said so itself, and is still there.

    A connection that breaks off may have done so after the commit, and a server that stops says so even then.
    """
    state: str | None = getattr(error.__cause__, "sqlstate", None)
    if state is not None:
        return not state.startswith(_GOING)
    return hasattr(error.__cause__, "sqlite_errorcode")


def _joined(writes: Sequence[Statement]) -> list[Statement]:
    """The same with one INSERT per table, however many leads they are of."""
    groups: dict[str, list[Statement]] = {}
    for place, write in enumerate(writes):
        groups.setdefault(str(place) if write.rows is None else write.sql, []).append(write)
    return [_together(group) if len(group) > 1 else group[0] for group in groups.values()]


def _together(group: Sequence[Statement]) -> Statement:
    tables = [one.rows for one in group if one.rows is not None]
    rows = tables[0]._replace(rows=[row for table in tables for row in table.rows])
    expect = None if group[0].expect is None else sum(one.expect or 0 for one in group)
    return group[0]._replace(rows=rows, expect=expect)


def _as_one_write(writes: Sequence[Statement]) -> list[prepared.Text]:
    """All of them as one statement: data-modifying members of a WITH. Only what may meet a rival is counted."""
    if not writes:
        return []
    params = [value for write in writes for value in write.values]
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
