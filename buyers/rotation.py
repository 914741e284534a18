"""Whose turn it is: each contract's ticket and pass, written by settle and read for the market."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from buyers.models import Rotation
from core.sql import Params, Statement, any_of, as_uuid, bind

_TABLE = Rotation._meta.db_table


@dataclass(frozen=True, slots=True)
class Served:
    """What being served does to a contract's place: its new ticket, the pass it is lifted to first, and what is added.

    `lifted` brings back a contract that was away, so that it does not take every lead until it has caught up.
    """

    contract_id: UUID
    ticket: int
    lifted: int
    added: int


@dataclass(frozen=True, slots=True)
class Place:
    """A contract's place in the rotation."""

    contract_id: UUID
    ticket: int
    pass_value: int


def turn_statements(*, mode: str, served: Iterable[Served]) -> list[Statement]:
    """Upserts of the places of those who were served, locked in the order of their ids.

    The addition happens in the database, so turns taken at the same instant are all counted.
    """
    return [_turn(mode, turn) for turn in sorted(served, key=lambda turn: turn.contract_id.bytes)]


def _turn(mode: str, turn: Served) -> Statement:
    sql = (
        f'INSERT INTO "{_TABLE}" ("contract_id", "mode", "ticket", "pass_value") VALUES (%s, %s, %s, %s) '
        'ON CONFLICT ("contract_id", "mode") DO UPDATE SET "ticket" = CASE WHEN excluded."ticket" > '
        f'"{_TABLE}"."ticket" THEN excluded."ticket" ELSE "{_TABLE}"."ticket" END, "pass_value" = '
        f'CASE WHEN "{_TABLE}"."pass_value" > %s THEN "{_TABLE}"."pass_value" ELSE %s END + %s'
    )
    first_pass = max(turn.lifted, 0) + turn.added
    params = (bind(turn.contract_id), mode, turn.ticket, first_pass, turn.lifted, turn.lifted, turn.added)
    return Statement(sql, params, expect=1)


def places_statement(*, mode: str, contract_ids: Iterable[UUID]) -> Statement:
    """One SELECT of the places of these contracts; read its rows with `places`. Whoever never had a turn has no row."""
    of_contract, params = any_of('"contract_id"', contract_ids)
    return Statement(
        f'SELECT "contract_id", "ticket", "pass_value" FROM "{_TABLE}" WHERE "mode" = %s AND {of_contract}',
        (mode, *params),
    )


def places(rows: Iterable[Params]) -> list[Place]:
    """The rows of `places_statement`, with ids as Python knows them on either database."""
    return [Place(cast(UUID, as_uuid(contract_id)), ticket, passed) for contract_id, ticket, passed in rows]
