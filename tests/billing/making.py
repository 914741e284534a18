"""A small book for the tests of billing: an agency, a buyer with a wallet, a source; price 175.00, payout 90.00."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from accounts.models import Agency
from billing.accounts import agency_accounts, open_account
from billing.charges import ChargeTerms, HoldTerms
from billing.chart import Code
from billing.deposits import deposit
from billing.entries import Entry, Line, Refs
from billing.models import Transfer
from billing.queries import Wallet, wallet
from core.ids import new_id

NOW = datetime(2026, 5, 12, 14, 30, tzinfo=UTC)
TODAY = date(2026, 5, 12)
PRICE, PAYOUT = 17500, 9000


@dataclass
class Book:
    """The accounts of one agency in one mode, with short ways to charge, hold and post on them."""

    agency: Agency
    mode: str = "live"
    currency: str = "USD"
    buyer_id: UUID = field(default_factory=new_id)
    source_id: UUID = field(default_factory=new_id)

    @cached_property
    def own(self) -> dict[int, int]:
        return agency_accounts(self.agency.id, self.mode, self.currency)

    @cached_property
    def buyer(self) -> int:
        return self._open(Code.BUYER, self.buyer_id)

    def account(self, code: Code) -> int:
        """The account of the code: the agency's, the buyer's or the source's."""
        if code is Code.BUYER:
            return self.buyer
        return self.own[code] if code in self.own else self._open(code, self.source_id)

    def _open(self, code: Code, owner_id: UUID) -> int:
        return open_account(
            agency_id=self.agency.id, mode=self.mode, code=code, owner_id=owner_id, currency=self.currency
        )

    @property
    def wallet(self) -> Wallet:
        return wallet(self.buyer)

    def pay_in(self, amount: int) -> UUID:
        paid = deposit(account_id=self.buyer, deposit_id=new_id(), amount=amount, now=NOW, actor="test")
        return paid.journal_id

    def terms(self, sale_ref: UUID | None = None, *, price: int = PRICE, payout: int = PAYOUT) -> ChargeTerms:
        return ChargeTerms(
            agency_id=self.agency.id,
            mode=self.mode,
            currency=self.currency,
            sale_ref=sale_ref or new_id(),
            lead_ref=new_id(),
            campaign_ref=new_id(),
            source_ref=self.source_id,
            buyer_ref=self.buyer_id,
            price=price,
            payout=payout,
            buyer_account_id=self.buyer,
            revenue_account_id=self.account(Code.LEAD_REVENUE),
            payout_expense_id=self.account(Code.SOURCE_PAYOUTS),
            source_payable_id=self.account(Code.PAYABLE_PENDING),
            now=NOW,
            posted_date=TODAY,
            received_date=TODAY,
            actor="test",
        )

    def hold_terms(self, sale_ref: UUID | None = None, *, amount: int = PRICE, seconds: int = 60) -> HoldTerms:
        return HoldTerms(
            account_id=self.buyer,
            sale_ref=sale_ref or new_id(),
            amount=amount,
            now=NOW,
            expires_at=NOW + timedelta(seconds=seconds),
        )

    def entry(self, kind: str, *moves: tuple[Code, Code, int], key: str = "", **more: Any) -> Entry:
        """An entry of (debit, credit, amount) moves between accounts named by their codes."""
        defaults: dict[str, Any] = {"posted_at": NOW, "posted_date": TODAY, "actor": "test", "refs": Refs()}
        return Entry(
            agency_id=self.agency.id,
            mode=self.mode,
            kind=kind,
            key=key or f"{kind}:{new_id()}",
            currency=self.currency,
            lines=tuple(Line(self.account(debit), self.account(credit), amount) for debit, credit, amount in moves),
            **(defaults | more),
        )

    def trial_balance(self) -> dict[Code, int]:
        """What each account stands at on its normal side, by code; accounts at zero are left out."""
        standing: dict[int, int] = {}
        codes = Transfer.objects.filter(agency=self.agency).values_list("debit__code", "credit__code", "amount")
        for debit, credit, amount in codes:
            standing[debit] = standing.get(debit, 0) - amount
            standing[credit] = standing.get(credit, 0) + amount
        return {
            code: -standing[code] if code.side == "debit" else standing[code] for code in Code if standing.get(code)
        }


def make_agency(name: str = "Acme", **more: Any) -> Agency:
    return Agency.objects.create(name=name, slug=f"agency-{new_id()}", **more)


def make_book(**more: Any) -> Book:
    """A live book in US dollars of a new agency, its buyer's wallet open and empty."""
    book = Book(make_agency(), **more)
    assert book.buyer
    return book
