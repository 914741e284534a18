"""Writes down what was decided, whole or not at all: lead, decision, sales, money, events, and the counters last.

One round trip on PostgreSQL, with the commit where nothing follows. Counters that all sales of a buyer share are
touched by its last statements (caps in one order everywhere, then balances), so their rows are locked for a moment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from accounts.idempotency import Repeat, insert_statement
from buyers.caps import claim_statements
from buyers.rotation import Served, turn_statements
from core import json
from core.errors import DomainError
from core.sql import Statement, bind, insert, run
from core.trips import commit
from leads.charging import money_statements
from leads.drafts import Draft, Fate, NewSale
from leads.models import Decision, Lead, Sale
from leads.sealed import lead_context, seal_decision
from leads.telling import lead_events, told_sequence
from routing.claims import cap_claims
from routing.types import Decision as Verdicts
from routing.types import Market, Winner
from scoring.statements import score_statements
from webhooks import subscriptions
from webhooks.outbox import event_statements

POST_LEASE: Final = timedelta(seconds=10)
"""How long whoever settles may take until it posts; after that a sweep does."""


class LeadChanged(DomainError):
    """The lead was decided by somebody else meanwhile."""

    code = "lead_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is to be written of one lead. `decided` is the market, its decision and the configuration's id.

    `body` is the answer and `content` its text, which `repeat`, the request that may come again, is to be answered too,
    with this status. `written` is the money of a sale on record whose hold becomes a charge, instead of new sales.
    """

    draft: Draft
    fate: Fate
    now: datetime
    decided: tuple[Market, Verdicts, int] | None = None
    kind: str = Decision.Kind.ROUTE
    repeat: tuple[Repeat, int] | None = None
    written: tuple[list[Statement], list[Statement]] | None = None
    body: dict[str, Any] = field(default_factory=dict)
    content: bytes = b""


def settle(settlements: Sequence[Settlement], *, last: bool = False) -> None:
    """Needs a transaction. Write down what became of these leads, all of one agency and book.

    With `last` the caller has nothing more to do: where the transaction is its own it is committed in the same round
    trip. Raises CapReached, InsufficientFunds, LeadChanged, or accounts.idempotency.Raced where a rival was first; the
    caller rolls back and looks again.
    """
    money, funds = _money(settlements)
    writes = [statement for one in settlements for statement in _writes(one)]
    guards = [*_turns(settlements), *_claims(settlements), *funds]
    if last:
        commit([*writes, *money], guards)
    else:
        run([*writes, *money, *guards])


def _writes(one: Settlement) -> list[Statement]:
    """All but money and what others write too."""
    draft, fate, now, view = one.draft, one.fate, one.now, one.draft.snapshot
    told = subscriptions.load(agency_id=view.agency_id, mode=draft.mode, version=view.version)
    events = lead_events(draft, fate, told, now=now)
    return [
        *_repeat_statements(one),
        *_lead_statements(draft, fate, told_sequence(draft, events), now),
        *_decision_statements(draft, fate, one.decided, one.kind, now),
        *([] if one.written else _sale_statements(draft, fate.sales, now)),
        *draft.beside,
        *event_statements(events, told, now=now),
    ]


def _repeat_statements(one: Settlement) -> list[Statement]:
    if one.repeat is None:
        return []
    named, status = one.repeat
    is_open = any(sale.posted for sale in one.fate.sales)
    return [
        insert_statement(named, status=status, body=one.content, lead_id=one.draft.id, now=one.now, is_open=is_open)
    ]


# --- the lead ----------------------------------------------------------------------------------------------------


def _lead_statements(draft: Draft, fate: Fate, sequence: int, now: datetime) -> list[Statement]:
    outcome = {
        "status": fate.status,
        "reason": fate.reason,
        "routing_decision": fate.routing_decision,
        "duplicate_of": fate.duplicate_of,
        "buyer_id": fate.certain[0].buyer_id if fate.certain else None,
        "price": fate.price,
        "payout": fate.payout,
        "last_sequence": sequence,
        "updated_at": now,
    }
    if draft.stored:
        return [_update_lead(draft, outcome)]
    statements = [insert(Lead, [_lead_row(draft) | outcome])]
    if draft.key_statement is not None:
        statements.insert(0, draft.key_statement)
    return statements + score_statements(
        agency_id=draft.snapshot.agency_id,
        mode=draft.mode,
        lead_ref=draft.id,
        lead_type=draft.campaign.lead_type,
        features=draft.features,
        scored=draft.scored,
        now=now,
    )


def _update_lead(draft: Draft, outcome: dict[str, Any]) -> Statement:
    columns = ", ".join(f'"{name}" = %s' for name in outcome)
    sql = f'UPDATE "{Lead._meta.db_table}" SET {columns} WHERE "id" = %s AND "last_sequence" = %s'
    params = (*(bind(value) for value in outcome.values()), bind(draft.id), draft.sequence)
    return Statement(sql, params, expect=1, refusal=LeadChanged())


def _lead_row(draft: Draft) -> dict[str, Any]:
    fields = draft.data.fields
    return draft.received() | {
        "score": draft.scored.score,
        "state": fields.get("state") or "",
        "zip": fields.get("zip") or "",
        "sealed": draft.sealer.seal(_contents(draft), lead_context(draft.id)),
        "external_id": draft.external_id,
        "created_at": draft.received_at,
    }


def _contents(draft: Draft) -> bytes:
    return json.dumps(
        {
            "fields": dict(draft.data.fields),
            "flags": sorted(draft.data.flags),
            "metadata": dict(draft.metadata),
            "features": dict(draft.features),
        }
    )


# --- the decision ------------------------------------------------------------------------------------------------


def _decision_statements(
    draft: Draft, fate: Fate, decided: tuple[Market, Verdicts, int] | None, kind: str, now: datetime
) -> list[Statement]:
    if decided is None:
        return []
    market, verdicts, config_version_id = decided
    record = {"market": market.to_record(), "decision": verdicts.to_record()}
    row = {
        "id": (decision_id := draft_decision_id(draft)),
        "lead": draft.id,
        "number": draft.number,
        "kind": kind,
        "config_version": config_version_id,
        "outcome": verdicts.outcome,
        "codes": verdicts.codes(),
        "sealed": seal_decision(draft.sealer, decision_id, record),
        "decided_at": now,
    }
    return [insert(Decision, [row])]


def draft_decision_id(draft: Draft) -> UUID:
    """The id of the draft's next decision: the lead's own, moved on by its number, so that no two can meet."""
    return UUID(int=draft.id.int ^ draft.number)


# --- the sales ---------------------------------------------------------------------------------------------------


def _sale_statements(draft: Draft, sales: Sequence[NewSale], now: datetime) -> list[Statement]:
    if not sales:
        return []
    return [insert(Sale, [_sale_row(draft, sale, now) for sale in sales])]


def _sale_row(draft: Draft, sale: NewSale, now: datetime) -> dict[str, Any]:
    pending = sale.state == Sale.State.PENDING
    return {
        "id": sale.id,
        "agency": draft.snapshot.agency_id,
        "mode": draft.mode,
        "lead": draft.id,
        "contract": sale.contract_id,
        "buyer": sale.buyer_id,
        "campaign": draft.campaign.id,
        "source": draft.source.id,
        "state": sale.state,
        "exclusive": sale.exclusive,
        "currency": draft.campaign.currency,
        "price": sale.price,
        "payout": sale.payout,
        "reason": "",
        "sold_at": now,
        "confirm_by": sale.confirm_by,
        "decided_at": None if pending else now,
        "delivered_at": now if sale.state == Sale.State.DELIVERED else None,
        "conversion_value": None,
        "converted_at": None,
        "post": Sale.Post.DUE if sale.posted else Sale.Post.NONE,
        "post_lease": now + POST_LEASE if sale.posted else None,
    }


def _money(settlements: Sequence[Settlement]) -> tuple[list[Statement], list[Statement]]:
    """Journals and holds, and the guards on balances in the order of their accounts."""
    sold = [(one, sale) for one in settlements if one.written is None for sale in one.fate.sales]
    sold.sort(key=lambda pair: pair[1].account_id)
    entries = [
        *(money_statements(one.draft, sale, one.now) for one, sale in sold),
        *(one.written for one in settlements if one.written is not None),
    ]
    return [one for inserts, _ in entries for one in inserts], [one for _, guards in entries for one in guards]


def _claims(settlements: Sequence[Settlement]) -> list[Statement]:
    claims = [
        claim
        for market, winner in _won(settlements)
        for claim in cap_claims(market.terms, market.source, winner, market.now)
    ]
    return claim_statements(mode=settlements[0].draft.mode, claims=claims)


def _turns(settlements: Sequence[Settlement]) -> list[Statement]:
    served = [
        Served(winner.contract_id, winner.ticket, winner.pass_floor, winner.pass_add)
        for _, winner in _won(settlements)
        if winner.ticket or winner.pass_add
    ]
    return turn_statements(mode=settlements[0].draft.mode, served=served)


def _won(settlements: Sequence[Settlement]) -> Iterator[tuple[Market, Winner]]:
    for one in settlements:
        if one.decided is not None:
            market, verdicts, _ = one.decided
            yield from ((market, winner) for winner in verdicts.winners)
