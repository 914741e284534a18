"""Statements that PostgreSQL keeps parsed and planned: what is run again costs it a look-up instead of a plan.

The wire protocol prepares and binds one statement per message. SQL's own PREPARE and EXECUTE do the same in text, so a
whole batch of prepared statements still travels as one message. What a connection has prepared is gone with it, and
stays through a rollback. A pooler between us and PostgreSQL must therefore lend whole sessions, not transactions.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

from psycopg import Connection
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

MOST: Final = 500
"""Texts prepared per connection; any beyond it run as they are."""

Text = tuple[str, Sequence[Any]]
"""A statement with its parameters."""

_PLACE = re.compile("%[s%]")
_FAILED = frozenset((ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE))


def message(connection: "Connection[Any]", batch: Sequence[Text]) -> tuple[list[bytes], list[bytes]]:
    """What opens the batch, and its statements, each with its values in it: join all of them by semicolons.

    Values are made into literals by the driver, in the form it knows the connection to read. Texts that came before are
    prepared first, in a message of their own. A transaction that was opened and nothing was sent in yet begins with
    this message (`BEGIN`), instead of with one of the driver's before it.
    """
    session = _sessions.get(connection)
    if session is None:
        session = _sessions[connection] = _Session(connection)
    if news := session.news(batch):
        run_for_last(connection, news)
    opening = []
    if not connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
        connection.autocommit = True  # only keeps the driver from beginning too: commit and rollback end what is open
        opening = [b"BEGIN"]
    return opening, list(session.texts(batch))


def run_for_last(connection: "Connection[Any]", statements: Sequence[bytes]) -> PGresult:
    """Run the statements as one message past the driver's cursors, which would look at every result; the last one.

    Raises psycopg's error for the first that fails; none after it was run.
    """
    result = connection.pgconn.exec_(b";".join(statements))
    if result.status in _FAILED:
        raise error_from_result(result)
    return result


class _Session:
    """What one connection has seen once, and what it keeps prepared since it saw it twice."""

    def __init__(self, connection: "Connection[Any]") -> None:
        self._literal = Transformer(connection).as_literal
        self._seen: set[str] = set()
        self._names: dict[str, bytes] = {}

    def news(self, batch: Sequence[Text]) -> list[bytes]:
        """The PREPARE of each text that comes again and is not prepared yet."""
        again = {sql: None for sql, _ in batch if sql not in self._names and sql in self._seen}
        if len(self._seen) < MOST:
            self._seen.update(sql for sql, _ in batch)
        return [b"PREPARE %s AS %s" % (self._name(sql), _numbered(sql).encode()) for sql in again]

    def _name(self, sql: str) -> bytes:
        name = self._names[sql] = b"batch_%d" % len(self._names)
        return name

    def texts(self, batch: Sequence[Text]) -> Iterator[bytes]:
        for sql, params in batch:
            literals = tuple([self._literal(value) for value in params])
            if (name := self._names.get(sql)) is not None:
                yield b"EXECUTE %s(%s)" % (name, b",".join(literals)) if literals else b"EXECUTE " + name
            else:
                yield sql.encode().replace(b"%s", b"%b") % literals if literals else sql.encode()


_sessions: WeakKeyDictionary["Connection[Any]", _Session] = WeakKeyDictionary()


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
