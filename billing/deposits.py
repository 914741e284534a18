"""What an operator does to a buyer's wallet by hand: pay in, set the credit limit, freeze and unfreeze."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing.accounts import agency_accounts
from billing.chart import Code
from billing.entries import Entry, Line, Refs
from billing.ledger import post_journal
from billing.models import Account, BuyerBalance, Journal
from billing.queries import DEPOSIT, Wallet, wallet
from core.clock import local_date
from core.errors import FieldError, FieldProblems, NotFound

_KEY = "deposit:manual:"


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money paid in: `amount` and the `balance` after it, in minor units of the currency."""

    id: UUID
    journal_id: UUID
    account_id: int
    currency: str
    amount: int
    balance: int


def deposit(
    *, account_id: int, deposit_id: UUID, amount: int, now: datetime, actor: str, reference: str = ""
) -> Deposit:
    """Opens a transaction. Credit a wire or cheque to a buyer's current account, once per `deposit_id`.

    The same id again gives the first journal and the balance of today. Raises FieldProblems for an amount that is not
    above zero, KeyReused for the id with another amount or reference, NotFound for an account that is no buyer's.
    """
    if amount <= 0:
        raise FieldProblems([FieldError("amount", "min", "must be above zero")])
    account = Account.objects.select_related("agency").filter(id=account_id, code=Code.BUYER).first()
    if account is None:
        raise NotFound
    with transaction.atomic():
        posted = post_journal(_deposit_entry(account, deposit_id, amount, now, actor, reference))
        balance = wallet(account_id).balance
    return Deposit(deposit_id, posted.journal_id, account_id, account.currency, amount, balance)


def deposit_id_of(journal: Journal) -> UUID:
    """The id under which this deposit was paid in."""
    return UUID(journal.key.removeprefix(_KEY))


def _deposit_entry(account: Account, deposit_id: UUID, amount: int, now: datetime, actor: str, reference: str) -> Entry:
    bank = agency_accounts(account.agency_id, account.mode, account.currency)[Code.CASH_BANK]
    return Entry(
        agency_id=account.agency_id,
        mode=account.mode,
        kind=DEPOSIT,
        key=f"{_KEY}{deposit_id}",
        currency=account.currency,
        lines=(Line(bank, account.id, amount),),
        posted_at=now,
        posted_date=local_date(now, account.agency.timezone),
        actor=actor,
        external_ref=reference,
        refs=Refs(buyer_ref=account.owner_id),
    )


def set_credit_limit(*, account_id: int, credit_limit: int) -> Wallet:
    """Opens a transaction. Let the balance fall to minus `credit_limit` minor units; sales already held stand.

    Raises FieldProblems for a limit below zero, NotFound.
    """
    if credit_limit < 0:
        raise FieldProblems([FieldError("credit_limit", "min", "must not be below zero")])
    return _change_wallet(account_id, credit_limit=credit_limit)


def freeze_account(*, account_id: int) -> Wallet:
    """Opens a transaction. Refuse every new charge and hold; holds already taken may still be captured. NotFound."""
    return _change_wallet(account_id, frozen=True)


def unfreeze_account(*, account_id: int) -> Wallet:
    """Opens a transaction. Let the account spend again. Raises NotFound."""
    return _change_wallet(account_id, frozen=False)


def _change_wallet(account_id: int, **changes: int | bool) -> Wallet:
    with transaction.atomic():
        if not BuyerBalance.objects.filter(account_id=account_id).update(**changes):
            raise NotFound
        return wallet(account_id)
