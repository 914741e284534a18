"""What an operator does to a wallet by hand, and what can be read of it."""

from datetime import UTC, datetime

import pytest

from accounts.principals import AgencyFacts, Principal
from billing.accounts import agency_accounts, open_account
from billing.charges import charge_sale, hold_funds
from billing.chart import AGENCY_CODES, Code
from billing.deposits import deposit, freeze_account, set_credit_limit
from billing.ledger import KeyReused
from billing.models import Journal
from billing.queries import Wallet, funds_statement, journals, statement_lines, wallet, wallets
from core.errors import FieldProblems, NotFound
from core.ids import new_id
from core.sql import run
from tests.billing.making import NOW, PRICE, Book, make_agency, make_book

# --- deposits ------------------------------------------------------------------------------------------------------


def test_a_deposit_is_in_the_wallet_at_once_and_named_by_its_reference(book: Book) -> None:
    paid = deposit(
        account_id=book.buyer, deposit_id=new_id(), amount=50000, now=NOW, actor="user:ann", reference="wire 12"
    )
    journal = Journal.objects.get(id=paid.journal_id)
    assert (paid.amount, paid.balance, paid.currency) == (50000, 50000, "USD")
    assert (journal.kind, journal.external_ref, journal.actor) == ("deposit.manual", "wire 12", "user:ann")


def test_a_deposit_sent_again_is_credited_once(book: Book) -> None:
    deposit_id = new_id()
    first, again = (
        deposit(account_id=book.buyer, deposit_id=deposit_id, amount=50000, now=NOW, actor="test") for _ in range(2)
    )
    assert first == again
    with pytest.raises(KeyReused):
        deposit(account_id=book.buyer, deposit_id=deposit_id, amount=60000, now=NOW, actor="test")
    assert book.wallet.balance == 50000


@pytest.mark.parametrize("amount", [0, -1])
def test_a_deposit_of_nothing_is_refused(book: Book, amount: int) -> None:
    with pytest.raises(FieldProblems):
        deposit(account_id=book.buyer, deposit_id=new_id(), amount=amount, now=NOW, actor="test")


def test_only_a_buyers_current_account_takes_deposits(book: Book) -> None:
    with pytest.raises(NotFound):
        deposit(account_id=book.own[Code.CASH_BANK], deposit_id=new_id(), amount=1, now=NOW, actor="test")


@pytest.mark.django_db
def test_money_is_posted_on_the_agencys_own_calendar_day() -> None:
    book = Book(make_agency(timezone="America/Los_Angeles"))
    late = datetime(2026, 5, 13, 6, 59, tzinfo=UTC)
    paid = deposit(account_id=book.buyer, deposit_id=new_id(), amount=1, now=late, actor="test")
    assert str(Journal.objects.get(id=paid.journal_id).posted_date) == "2026-05-12"


# --- the wallet ----------------------------------------------------------------------------------------------------


def test_a_credit_limit_adds_to_what_is_available(book: Book) -> None:
    book.pay_in(50000)
    after = set_credit_limit(account_id=book.buyer, credit_limit=10000)
    assert after == Wallet(book.buyer, "USD", balance=50000, held=0, credit_limit=10000, frozen=False)
    assert after.available == 60000


def test_a_credit_limit_below_zero_is_refused(book: Book) -> None:
    with pytest.raises(FieldProblems):
        set_credit_limit(account_id=book.buyer, credit_limit=-1)


def test_a_frozen_wallet_says_so(book: Book) -> None:
    assert freeze_account(account_id=book.buyer).frozen


def test_an_account_without_a_wallet_is_not_found(book: Book) -> None:
    with pytest.raises(NotFound):
        wallet(book.own[Code.CASH_BANK])
    with pytest.raises(NotFound):
        freeze_account(account_id=0)


def test_many_wallets_are_read_at_once(book: Book) -> None:
    other = make_book()
    found = wallets([book.buyer, other.buyer, book.own[Code.CASH_BANK]])
    assert set(found) == {book.buyer, other.buyer}


def test_the_market_reads_the_funds_of_its_buyers(book: Book) -> None:
    book.pay_in(50000)
    hold_funds(book.hold_terms())
    (result,) = run([funds_statement([book.buyer, 0])])
    assert [(*row[:4], bool(row[4])) for row in result.rows] == [(book.buyer, 50000, PRICE, 0, False)]
    (nothing,) = run([funds_statement([])])
    assert nothing.rows == []


# --- accounts ------------------------------------------------------------------------------------------------------


def test_an_agency_has_one_account_of_each_of_its_codes(book: Book) -> None:
    first = agency_accounts(book.agency.id, "live", "USD")
    assert set(first) == set(AGENCY_CODES)
    assert agency_accounts(book.agency.id, "live", "USD") == first
    assert not set(agency_accounts(book.agency.id, "test", "USD").values()) & set(first.values())


def test_a_buyers_account_is_not_opened_for_the_agency_itself(book: Book) -> None:
    with pytest.raises(ValueError, match="belongs to a buyer"):
        open_account(agency_id=book.agency.id, mode="live", code=Code.BUYER, owner_id=book.agency.id, currency="USD")


# --- statements and journals ---------------------------------------------------------------------------------------


def test_a_statement_runs_a_balance_from_line_to_line_newest_first(book: Book) -> None:
    book.pay_in(50000)
    charge_sale(book.terms())
    book.pay_in(100)
    lines = statement_lines(book.buyer)
    assert [(line.kind, line.amount, line.balance) for line in lines] == [
        ("deposit.manual", 100, 32600),
        ("charge", -17500, 32500),
        ("deposit.manual", 50000, 50000),
    ]


def test_a_statement_goes_on_where_the_page_above_ended(book: Book) -> None:
    for _ in range(5):
        book.pay_in(100)
    pages = []
    before = None
    while page := statement_lines(book.buyer, before=before, limit=2):
        pages.append([line.balance for line in page])
        before = page[-1].transfer_id
    assert pages == [[500, 400], [300, 200], [100]]


def test_a_buyers_statement_never_shows_the_payout(book: Book) -> None:
    book.pay_in(50000)
    charge_sale(book.terms())
    assert {line.amount for line in statement_lines(book.buyer)} == {50000, -17500}


def principal_of(book: Book, **bound: object) -> Principal:
    """A key of the book's agency."""
    agency = AgencyFacts(book.agency.id, "USD", "UTC", "active")
    facts = {"kind": "key", "agency": agency, "mode": "live", "scopes": frozenset(), "actor": "key:test", "version": 1}
    return Principal(**facts | bound)  # type: ignore[arg-type]


def test_journals_are_the_agencys_own_business_and_stay_in_their_book(book: Book) -> None:
    book.pay_in(50000)
    make_book().pay_in(1)
    assert Book(book.agency, mode="test").wallet.balance
    assert [journal.kind for journal in journals(principal_of(book))] == ["deposit.manual"]
    assert [journal.kind for journal in journals(principal_of(book, mode="test"))] == ["test.opening"]
    assert not journals(principal_of(book, buyer_id=book.buyer_id))
    assert not journals(principal_of(book, source_id=book.source_id))


def test_a_listed_journal_brings_its_transfers_along(
    book: Book, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    for _ in range(3):
        book.pay_in(100)
    with django_assert_num_queries(4):  # type: ignore[operator]
        amounts = [t.amount for journal in journals(principal_of(book)) for t in journal.transfers.all()]
    assert amounts == [100, 100, 100]
