"""Statements that PostgreSQL keeps parsed and planned: what is run again costs it a look-up instead of a plan.

The wire protocol prepares and binds one statement per message. SQL's own PREPARE and EXECUTE do the same in text, so a
whole batch of prepared statements still travels as one message. What a connection has prepared is gone with it, and
stays through a rollback. A pooler between us and PostgreSQL must therefore lend whole sessions, not transactions.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final
from uuid import UUID

from psycopg import Connection, OperationalError
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

MOST: Final = 500
"""Texts prepared per connection; any beyond it run as they are."""

Text = tuple[str, Sequence[Any]]
"""A statement with its parameters."""

_KEPT: Final = "_batches"
_PLACE = re.compile("%[s%]")
_FAILED = frozenset((ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE))


def message(connection: "Connection[Any]", batch: Sequence[Text]) -> tuple[list[bytes], list[bytes]]:
    """What opens the batch, and its statements, each with its values in it: join all of them by semicolons.

    Values are made into literals by the driver, in the form it knows the connection to read. Texts that came before are
    prepared first, in a message of their own. A transaction that was opened and nothing was sent in yet begins with
    this message (`BEGIN`), instead of with one of the driver's before it.
    """
    session = _session(connection)
    session.prepare(batch)
    texts = list(session.texts(batch))  # before anything is begun: a value may be refused
    opening = []
    if not connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
        connection.autocommit = True  # only keeps the driver from beginning too: commit and rollback end what is open
        opening = [b"BEGIN"]
    return opening, texts


def run_for_last(connection: "Connection[Any]", statements: Sequence[bytes]) -> PGresult:
    """Run the statements as one message past the driver's cursors, which would look at every result; the last one.

    Raises psycopg's error for the first that fails; none after it was run. OperationalError where the session is gone.
    """
    result = connection.pgconn.exec_(b";".join(statements))
    if connection.closed:
        raise OperationalError(result.get_error_message())
    if result.status in _FAILED:
        raise error_from_result(result)
    return result


class _Session:
    """What one connection has seen once, and what it keeps prepared since it saw it twice."""

    def __init__(self, connection: "Connection[Any]") -> None:
        self._connection = connection
        self._driver_literal = Transformer(connection).as_literal
        self._plain = connection.info.parameter_status("standard_conforming_strings") == "on"
        self._seen: set[str] = set()
        self._names: dict[str, bytes] = {}
        self._numbers = count()

    def prepare(self, batch: Sequence[Text]) -> None:
        """Prepare each text that comes again and is not prepared yet; where that fails they stay as they are."""
        again = {sql: bool(params) for sql, params in batch if sql not in self._names and sql in self._seen}
        if len(self._seen) < MOST:
            self._seen.update(sql for sql, _ in batch)
        if again:
            names = {sql: b"batch_%d" % next(self._numbers) for sql in again}
            texts = {sql: _numbered(sql) if filled else sql for sql, filled in again.items()}
            run_for_last(self._connection, [b"PREPARE %s AS %s" % (names[sql], texts[sql].encode()) for sql in again])
            self._names |= names

    def texts(self, batch: Sequence[Text]) -> Iterator[bytes]:
        for sql, params in batch:
            literals = tuple([self._literal(value) for value in params])
            if (name := self._names.get(sql)) is not None:
                yield b"EXECUTE %s(%s)" % (name, b",".join(literals)) if literals else b"EXECUTE " + name
            else:
                yield _with_bytes(sql).encode() % literals if literals else sql.encode()

    def _literal(self, value: Any) -> bytes:
        """As the driver makes it, which reads long texts sign by sign; what most values are is made here."""
        if type(value) is str and self._plain and "\0" not in value:
            return b"'%b'" % value.encode().replace(b"'", b"''")
        if type(value) is UUID:
            return b"'%b'::uuid" % value.hex.encode()
        return self._driver_literal(value)


def _session(connection: "Connection[Any]") -> _Session:
    """Kept on the connection itself, so that both go together."""
    known: _Session | None = vars(connection).get(_KEPT)
    if known is None:
        known = vars(connection)[_KEPT] = _Session(connection)
    return known


def _with_bytes(sql: str) -> str:
    """The text with the places of a format of bytes."""
    return _PLACE.sub(lambda found: "%%" if found[0] == "%%" else "%b", sql)


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
