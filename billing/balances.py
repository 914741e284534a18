"""Every statement that writes a buyer's counters, and the one guard on spending.

Each is a single conditional UPDATE. PostgreSQL waits for the row and then looks at its newest committed state, so two
spenders can never both pass; run last before the commit, the row is locked for one statement and the flush only.
"""

from datetime import datetime
from uuid import UUID

from core.errors import DomainError
from core.sql import Params, Statement, bind

_CAN_SPEND = "NOT frozen AND balance - held + credit_limit >= %s"
_HOLD_AMOUNT = "(SELECT amount FROM billing_hold WHERE sale_ref = %s)"


class InsufficientFunds(DomainError):
    """The buyer's available funds do not cover the amount, or the account is frozen."""

    code = "insufficient_funds"

    def __init__(self, account_id: int) -> None:
        super().__init__()
        self.account_id = account_id


class HoldNotPending(DomainError):
    """The hold has been captured, released or expired already, or covers less than the price."""

    code = "not_pending"

    def __init__(self, sale_ref: UUID) -> None:
        super().__init__()
        self.sale_ref = sale_ref


def change_balance(account_id: int, amount: int) -> Statement:
    """Add `amount` minor units (negative: take), unguarded."""
    sql = "UPDATE billing_buyerbalance SET balance = balance + %s WHERE account_id = %s"
    return Statement(sql, (amount, account_id), expect=1)


def spend(account_id: int, amount: int) -> Statement:
    """Take `amount` where it is available and the account is not frozen, else InsufficientFunds."""
    sql = f"UPDATE billing_buyerbalance SET balance = balance - %s WHERE account_id = %s AND {_CAN_SPEND}"
    return Statement(sql, (amount, account_id, amount), expect=1, refusal=InsufficientFunds(account_id))


def set_aside(account_id: int, amount: int) -> Statement:
    """Hold `amount` where it is available and the account is not frozen, else InsufficientFunds."""
    sql = f"UPDATE billing_buyerbalance SET held = held + %s WHERE account_id = %s AND {_CAN_SPEND}"
    return Statement(sql, (amount, account_id, amount), expect=1, refusal=InsufficientFunds(account_id))


def settle_hold(
    sale_ref: UUID, state: str, now: datetime, *, account_id: int | None = None, price: int = 0
) -> Statement:
    """Move the sale's hold out of `pending`, else HoldNotPending. A capture names its account and its price too."""
    sql = (
        "UPDATE billing_hold SET state = %s, settled_at = %s WHERE sale_ref = %s AND state = 'pending' AND amount >= %s"
    )
    params: Params = (state, bind(now), bind(sale_ref), price)
    if account_id is not None:
        sql, params = f"{sql} AND account_id = %s", (*params, account_id)
    return Statement(sql, params, expect=1, refusal=HoldNotPending(sale_ref))


def give_back(sale_ref: UUID, *, spend: int = 0) -> Statement:
    """Lower `held` by the sale's hold and the balance by what was spent of it. Follows `settle_hold` in its batch.

    The money was guarded when it was set aside, so neither funds nor a freeze are looked at again. No row: where the
    hold was not pending (whose refusal comes first) or the books are broken.
    """
    sql = (
        f"UPDATE billing_buyerbalance SET balance = balance - %s, held = held - {_HOLD_AMOUNT} "
        f"WHERE account_id = (SELECT account_id FROM billing_hold WHERE sale_ref = %s) AND held >= {_HOLD_AMOUNT}"
    )
    sale = bind(sale_ref)
    return Statement(sql, (spend, sale, sale, sale), expect=1)
