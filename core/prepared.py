"""Statements that PostgreSQL keeps parsed and planned: what is run again costs it a look-up instead of a plan.

The wire protocol prepares and binds one statement per message. SQL's own PREPARE and EXECUTE do the same in text, so a
whole batch of prepared statements still travels as one message. What a connection has prepared is gone with it, and
stays through a rollback. A pooler between us and PostgreSQL must therefore lend whole sessions, not transactions.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from django.db.backends.utils import CursorWrapper
from psycopg import Connection
from psycopg.adapt import Transformer

MOST: Final = 500
"""Texts prepared per connection; any beyond it run as they are."""

_PLACE = re.compile("%[s%]")
_Batch = Sequence[tuple[str, Sequence[Any]]]


class _Session:
    """What one connection has seen once, and what it keeps prepared since it saw it twice."""

    def __init__(self, connection: "Connection[Any]") -> None:
        self._literal = Transformer(connection).as_literal
        self._seen: set[str] = set()
        self._names: dict[str, bytes] = {}

    def unknown(self, batch: _Batch) -> list[bytes]:
        """The PREPARE of each text that comes again and is not prepared yet."""
        again = {sql: None for sql, _ in batch if sql in self._seen and sql not in self._names}
        if len(self._seen) < MOST:
            self._seen.update(sql for sql, _ in batch)
        made = []
        for sql in again:
            name = self._names[sql] = b"batch_%d" % len(self._names)
            made.append(b"PREPARE %s AS %s" % (name, _numbered(sql).encode()))
        return made

    def text(self, batch: _Batch) -> bytes:
        """The batch as one message."""
        return b";".join(self._one(sql, params) for sql, params in batch)

    def _one(self, sql: str, params: Sequence[Any]) -> bytes:
        literals = tuple(map(self._literal, params))
        if (name := self._names.get(sql)) is None:
            return sql.encode().replace(b"%s", b"%b") % literals if params else sql.encode()
        return b"EXECUTE %s(%s)" % (name, b",".join(literals)) if literals else b"EXECUTE " + name


_sessions: WeakKeyDictionary["Connection[Any]", _Session] = WeakKeyDictionary()


def text_of(cursor: CursorWrapper, batch: _Batch) -> bytes:
    """The batch as one message for this cursor; texts that came before are prepared first, in a message of their own.

    Values are made into literals by the driver, in the form it knows the connection to read.
    """
    raw = cast(Any, cursor).connection
    session = _sessions.get(raw)
    if session is None:
        session = _sessions[raw] = _Session(raw)
    if unknown := session.unknown(batch):
        cursor.execute(b";".join(unknown))
    return session.text(batch)


def _numbered(sql: str) -> str:
    """The text with the numbered places of PREPARE."""
    number = 0

    def place(found: re.Match[str]) -> str:
        nonlocal number
        if found[0] == "%%":
            return "%"
        number += 1
        return f"${number}"

    return _PLACE.sub(place, sql)
