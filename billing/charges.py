"""Taking a buyer's money for a sale: at once, or in two steps with a hold until the buyer has answered.

The `*_statements` functions give `(inserts, guards)` for a batch that the caller runs in its own transaction: all that
touches no contended row first, the conditional UPDATE of the buyer's balance last. The verbs run such a batch alone.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from billing.balances import HoldNotPending, give_back, set_aside, settle_hold, spend
from billing.entries import Entry, Line, Refs
from billing.ledger import journal_statements
from billing.models import Hold
from core.ids import new_id
from core.sql import Statement, insert, run

Batch = tuple[list[Statement], list[Statement]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeTerms:
    """All that a charge needs to know. Amounts in minor units; dates are days in the agency's time zone."""

    agency_id: UUID
    mode: str
    currency: str
    sale_ref: UUID
    lead_ref: UUID
    campaign_ref: UUID
    source_ref: UUID
    buyer_ref: UUID
    price: int
    payout: int
    buyer_account_id: int
    revenue_account_id: int
    payout_expense_id: int
    source_payable_id: int
    now: datetime
    posted_date: date
    received_date: date
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTerms:
    """Money to set aside for a sale: `amount` minor units of the buyer's account until `expires_at`."""

    account_id: int
    sale_ref: UUID
    amount: int
    now: datetime
    expires_at: datetime


# --- for a batch ---------------------------------------------------------------------------------------------------


def charge_statements(terms: ChargeTerms) -> Batch:
    """Charge the price and accrue the payout. Refused with InsufficientFunds by the guard."""
    return _charge_journal(terms), [spend(terms.buyer_account_id, terms.price)]


def hold_statements(terms: HoldTerms) -> Batch:
    """Set the amount aside. Refused with InsufficientFunds by the guard."""
    row = {
        "id": new_id(),
        "account": terms.account_id,
        "sale_ref": terms.sale_ref,
        "amount": terms.amount,
        "state": Hold.State.PENDING.value,
        "expires_at": terms.expires_at,
        "created_at": terms.now,
        "settled_at": None,
    }
    return [insert(Hold, [row])], [set_aside(terms.account_id, terms.amount)]


def capture_statements(terms: ChargeTerms) -> Batch:
    """Charge the price out of the sale's hold; what the hold had above the price is free again.

    Refused with HoldNotPending by the first statement. A freeze since the hold does not stop it.
    """
    claim = settle_hold(
        terms.sale_ref, Hold.State.CAPTURED, terms.now, account_id=terms.buyer_account_id, price=terms.price
    )
    return [claim, *_charge_journal(terms)], [give_back(terms.sale_ref, spend=terms.price)]


def release_statements(sale_ref: UUID, now: datetime, state: Hold.State = Hold.State.RELEASED) -> Batch:
    """Free the sale's hold without a charge (`state` released or expired). Refused with HoldNotPending."""
    return [settle_hold(sale_ref, state, now)], [give_back(sale_ref)]


def _charge_journal(terms: ChargeTerms) -> list[Statement]:
    lines = _charge_lines(terms)
    if not lines:  # a free lead of an unpaid source moves no money
        return []
    entry = Entry(
        agency_id=terms.agency_id,
        mode=terms.mode,
        kind="charge",
        key=f"charge:{terms.sale_ref}",
        currency=terms.currency,
        lines=lines,
        posted_at=terms.now,
        posted_date=terms.posted_date,
        actor=terms.actor,
        refs=Refs(
            campaign_ref=terms.campaign_ref,
            source_ref=terms.source_ref,
            buyer_ref=terms.buyer_ref,
            lead_ref=terms.lead_ref,
            sale_ref=terms.sale_ref,
            received_date=terms.received_date,
        ),
    )
    return journal_statements(entry)


def _charge_lines(terms: ChargeTerms) -> tuple[Line, ...]:
    moves = (
        (terms.buyer_account_id, terms.revenue_account_id, terms.price),
        (terms.payout_expense_id, terms.source_payable_id, terms.payout),
    )
    return tuple(Line(debit, credit, amount) for debit, credit, amount in moves if amount > 0)


# --- verbs ---------------------------------------------------------------------------------------------------------


def charge_sale(terms: ChargeTerms) -> None:
    """Opens a transaction. Charge the sale at once. Raises InsufficientFunds; AlreadyPosted for a second charge."""
    _run_alone(charge_statements(terms))


def hold_funds(terms: HoldTerms) -> None:
    """Opens a transaction. Set money aside for the sale. Raises InsufficientFunds."""
    _run_alone(hold_statements(terms))


def capture_hold(terms: ChargeTerms) -> None:
    """Opens a transaction. Turn the sale's hold into its charge, exactly once. Raises HoldNotPending."""
    _run_alone(capture_statements(terms))


def release_hold(*, sale_ref: UUID, now: datetime) -> None:
    """Opens a transaction. Free the sale's hold, exactly once. Raises HoldNotPending."""
    _run_alone(release_statements(sale_ref, now))


def expire_holds(*, now: datetime, limit: int = 500) -> tuple[UUID, ...]:
    """Opens a transaction per hold. Free pending holds past their time; gives the sales of those this call freed."""
    due = Hold.objects.filter(state=Hold.State.PENDING, expires_at__lte=now).order_by("expires_at", "id")
    sale_refs = list(due.values_list("sale_ref", flat=True)[:limit])
    return tuple(sale_ref for sale_ref in sale_refs if _expire_hold(sale_ref, now))


def _expire_hold(sale_ref: UUID, now: datetime) -> bool:
    try:
        _run_alone(release_statements(sale_ref, now, Hold.State.EXPIRED))
    except HoldNotPending:  # another process settled it first
        return False
    return True


def _run_alone(batch: Batch) -> None:
    inserts, guards = batch
    with transaction.atomic():
        run([*inserts, *guards])
