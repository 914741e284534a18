"""What may be read of the money: a wallet, the funds of a market's buyers, journals, and an account's statement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet, Sum

from accounts.principals import Principal
from billing.models import BuyerBalance, Journal, Transfer
from core.errors import NotFound
from core.sql import Statement, any_of

PAGE = 50
DEPOSIT = "deposit.manual"


@dataclass(frozen=True, slots=True)
class Wallet:
    """A buyer's current account at this instant, in minor units. `available` is what new sales may spend."""

    account_id: int
    currency: str
    balance: int
    held: int
    credit_limit: int
    frozen: bool

    @property
    def available(self) -> int:
        """Balance less what is set aside, plus the credit limit; below zero after a charge-back or a lowered limit."""
        return self.balance - self.held + self.credit_limit


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One transfer as its account sees it: `amount` is what it gained (negative: lost), `balance` what it then held."""

    transfer_id: int
    journal_id: UUID
    kind: str
    posted_at: datetime
    amount: int
    balance: int
    currency: str
    lead_ref: UUID | None
    sale_ref: UUID | None
    reason: str
    external_ref: str


def wallet(account_id: int) -> Wallet:
    """The wallet of a buyer's current account. Raises NotFound where the account is none."""
    found = wallets([account_id])
    if account_id not in found:
        raise NotFound
    return found[account_id]


def wallets(account_ids: Iterable[int]) -> dict[int, Wallet]:
    """The wallets of many accounts by account id, in one SELECT; accounts without one are left out."""
    rows = BuyerBalance.objects.filter(account_id__in=list(account_ids)).values_list(
        "account_id", "account__currency", "balance", "held", "credit_limit", "frozen"
    )
    return {row[0]: Wallet(*row) for row in rows}


def funds_statement(account_ids: Iterable[int]) -> Statement:
    """The market's read: one row (account_id, balance, held, credit_limit, frozen) per account, no lock taken."""
    condition, params = any_of("account_id", account_ids)
    sql = f"SELECT account_id, balance, held, credit_limit, frozen FROM billing_buyerbalance WHERE {condition}"
    return Statement(sql, params)


def journals(principal: Principal) -> QuerySet[Journal]:
    """The journals that the principal may see, newest first, their transfers and accounts fetched along."""
    visible = Journal.objects.visible_to(principal).order_by("-posted_at", "-id")
    return visible.prefetch_related("transfers__debit", "transfers__credit")


def deposits(account_id: int) -> QuerySet[Transfer]:
    """What was paid into the account by hand, with its journals; page it by (posted_at, id)."""
    return Transfer.objects.filter(credit_id=account_id, journal__kind=DEPOSIT).select_related("journal")


def statement_lines(account_id: int, *, before: int | None = None, limit: int = PAGE) -> tuple[StatementLine, ...]:
    """A page of the account's statement, newest first; `before` is the last transfer id of the page above it.

    Amounts and balances count the credit side as gain, as a buyer reads its current account.
    """
    page = _page(account_id, before, limit)
    if not page:
        return ()
    balance = _balance_up_to(account_id, page[0].id)
    lines = []
    for transfer in page:
        amount = transfer.amount if transfer.credit_id == account_id else -transfer.amount
        lines.append(_line(transfer, amount, balance))
        balance -= amount
    return tuple(lines)


def _page(account_id: int, before: int | None, limit: int) -> Sequence[Transfer]:
    transfers = Transfer.objects.select_related("journal").order_by("-id")
    if before is not None:
        transfers = transfers.filter(id__lt=before)
    # Two reads, each along its own index, beat one with an OR.
    sides = [*transfers.filter(debit_id=account_id)[:limit], *transfers.filter(credit_id=account_id)[:limit]]
    return sorted(sides, key=lambda transfer: transfer.id, reverse=True)[:limit]


def _balance_up_to(account_id: int, transfer_id: int) -> int:
    transfers = Transfer.objects.filter(id__lte=transfer_id)
    gained = transfers.filter(credit_id=account_id).aggregate(total=Sum(F("amount")))["total"] or 0
    lost = transfers.filter(debit_id=account_id).aggregate(total=Sum(F("amount")))["total"] or 0
    return int(gained) - int(lost)


def _line(transfer: Transfer, amount: int, balance: int) -> StatementLine:
    journal = transfer.journal
    return StatementLine(
        transfer_id=transfer.id,
        journal_id=journal.id,
        kind=journal.kind,
        posted_at=transfer.posted_at,
        amount=amount,
        balance=balance,
        currency=transfer.currency,
        lead_ref=transfer.lead_ref,
        sale_ref=transfer.sale_ref,
        reason=journal.reason,
        external_ref=journal.external_ref,
    )
