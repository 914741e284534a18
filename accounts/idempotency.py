"""The same request twice has one effect and one answer: the Idempotency-Key header, kept in the database.

The row is written in the transaction of the effect, so neither exists without the other. Only answers of success are
kept; what was refused changed nothing and may be tried again under the same key. Bodies are sealed: they may name
people.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from accounts.models import IdempotencyRecord
from accounts.principals import Principal
from core.errors import DomainError
from core.ids import new_id
from core.json import canonical, loads
from core.sealing import root
from core.sql import Params, Statement, as_bytes, as_uuid, bind, insert, run

LIFETIME = timedelta(hours=24)
OPEN, DONE = "open", "done"
_TABLE = IdempotencyRecord._meta.db_table
_SANE = re.compile(r"[\x21-\x7e]{1,255}")


class BadIdempotencyKey(DomainError):
    """Idempotency-Key takes 1 to 255 visible ASCII characters."""

    code = "bad_idempotency_key"
    status = 400


class KeyReused(DomainError):
    """This Idempotency-Key was used for another request. Make a new key for each new request."""

    code = "idempotency_key_reused"
    status = 422


class Raced(DomainError):
    """The same Idempotency-Key is being answered right now."""

    code = "in_flight"
    status = 409
    headers = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A request that may come again: its key, whose it is, and the fingerprint of what it asks."""

    agency_id: UUID
    mode: str
    owner: UUID
    route: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """The first answer to a request, byte for byte. While `open`, what it tells of is not over yet."""

    fingerprint: bytes
    status: int
    body: bytes
    lead_id: UUID | None
    open: bool = False


def check_key(text: str) -> str:
    """The header's value; quotes around it are allowed. Raises BadIdempotencyKey."""
    key = text[1:-1] if len(text) > 2 and text[0] == text[-1] == '"' else text
    if not _SANE.fullmatch(key):
        raise BadIdempotencyKey
    return key


def repeat_of(principal: Principal, key: str, *, method: str, path: str, query: str = "", body: bytes) -> Repeat:
    """What this Idempotency-Key stands for, of this principal, on this request. Raises BadIdempotencyKey."""
    route = f"{method} {path}"
    return Repeat(
        agency_id=principal.agency_id,
        mode=principal.mode,
        owner=principal.owner,
        route=route[:200],
        key=check_key(key),
        fingerprint=fingerprint_of(f"{route}?{query}", body),  # with its query: a dry run is another request
    )


def fingerprint_of(route: str, body: bytes) -> bytes:
    """What two requests must share to be the same: the route and the meaning of the body.

    The order of members and white space do not count in JSON, nor the order of pairs in a form.
    """
    return sha256(route.encode() + b"\0" + _meaning(body)).digest()


def _meaning(body: bytes) -> bytes:
    try:
        return canonical(loads(body))
    except (ValueError, TypeError):  # no JSON, or nested too deep to be written again
        return b"&".join(sorted(body.split(b"&")))


def lock_name(repeat: Repeat) -> str:
    """The name under which requests with one key wait for one another."""
    return _context(repeat)


def find_statement(repeat: Repeat) -> Statement:
    """The SELECT of the first answer, if there was one; read its row with `stored`."""
    sql = (
        f'SELECT "fingerprint", "status", "body", "lead_id", "state" FROM "{_TABLE}" WHERE "agency_id" = %s '
        'AND "mode" = %s AND "owner" = %s AND "route" = %s AND "key" = %s'
    )
    return Statement(sql, (bind(repeat.agency_id), repeat.mode, bind(repeat.owner), repeat.route, repeat.key))


def find_answer(repeat: Repeat) -> Stored | None:
    """The first answer to this request, if there was one; one statement. Raises KeyReused."""
    found = run([find_statement(repeat)])[-1]
    return stored(repeat, found.rows[0]) if found.rows else None


def stored(repeat: Repeat, row: Params) -> Stored:
    """The answer in a row of `find_statement`. Raises KeyReused where the key stood for another request."""
    fingerprint, status, body, lead_id, state = row
    if as_bytes(fingerprint) != repeat.fingerprint:
        raise KeyReused
    opened = root("answers").open(as_bytes(body), _context(repeat))
    return Stored(repeat.fingerprint, status, opened, as_uuid(lead_id), open=state == OPEN)


def insert_statement(
    repeat: Repeat, *, status: int, body: bytes, now: datetime, lead_id: UUID | None = None, is_open: bool = False
) -> Statement:
    """The INSERT of an answer, for the batch of its effect; Raced where a rival with the same key was first.

    PostgreSQL waits for the rival's commit before it says so: looking again then finds the answer. An answer that
    `is_open` will be replaced by `replace_statement`.
    """
    row = {
        "id": new_id(),
        "agency_id": repeat.agency_id,
        "mode": repeat.mode,
        "owner": repeat.owner,
        "route": repeat.route,
        "key": repeat.key,
        "fingerprint": repeat.fingerprint,
        "state": OPEN if is_open else DONE,
        "lease_until": now,
        "status": status,
        "body": root("answers").seal(body, _context(repeat)),
        "lead_id": lead_id,
        "created_at": now,
    }
    return insert(IdempotencyRecord, [row], conflict="ON CONFLICT DO NOTHING", refusal=Raced())


def replace_statement(repeat: Repeat, *, status: int, body: bytes) -> Statement:
    """The UPDATE by which an open answer becomes the one that repeats are given from now on."""
    sql = (
        f'UPDATE "{_TABLE}" SET "state" = %s, "status" = %s, "body" = %s WHERE "agency_id" = %s AND "mode" = %s '
        'AND "owner" = %s AND "route" = %s AND "key" = %s AND "state" = %s'
    )
    sealed = root("answers").seal(body, _context(repeat))
    named = (bind(repeat.agency_id), repeat.mode, bind(repeat.owner), repeat.route, repeat.key)
    return Statement(sql, (DONE, status, sealed, *named, OPEN))


def prune_answers(*, now: datetime) -> int:
    """Forget answers that nobody may ask for again; how many."""
    return IdempotencyRecord.objects.filter(created_at__lt=now - LIFETIME).delete()[0]


def _context(repeat: Repeat) -> str:
    return f"accounts.idempotency/{repeat.agency_id}/{repeat.mode}/{repeat.owner}/{repeat.route}/{repeat.key}"
