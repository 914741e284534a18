"""Posting: once per key, never changed, reversed at most once, and never more given back than was taken."""

from dataclasses import replace
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.charges import charge_sale
from billing.chart import AGENCY_CODES, Code, Side
from billing.entries import Line, Refs
from billing.ledger import AlreadyPosted, AlreadyReversed, GivesBackTooMuch, KeyReused, post_journal, reverse_journal
from billing.models import BuyerBalance, Journal, Transfer
from core.errors import NotFound
from core.ids import new_id
from core.sql import is_postgres
from tests.billing.making import NOW, PAYOUT, PRICE, Book, make_book


def undo(journal_id: UUID) -> UUID:
    return reverse_journal(journal_id=journal_id, now=NOW, actor="test", reason="mistake")


# --- once ----------------------------------------------------------------------------------------------------------


def test_the_same_key_and_payload_gives_the_first_journal_and_posts_nothing(book: Book) -> None:
    entry = book.entry("adjust.credit", (Code.GOODWILL, Code.BUYER, 2500), key="adjust:1")
    first = post_journal(entry)
    again = post_journal(replace(entry, journal_id=new_id(), actor="somebody else"))
    assert (first.created, again.created) == (True, False)
    assert again.journal_id == first.journal_id
    assert Transfer.objects.filter(agency=book.agency).count() == 1
    assert book.wallet.balance == 2500


def test_the_same_key_with_another_amount_is_refused_and_changes_nothing(book: Book) -> None:
    post_journal(book.entry("adjust.credit", (Code.GOODWILL, Code.BUYER, 2500), key="adjust:1"))
    with pytest.raises(KeyReused):
        post_journal(book.entry("adjust.credit", (Code.GOODWILL, Code.BUYER, 2600), key="adjust:1"))
    assert Journal.objects.filter(agency=book.agency).count() == 1
    assert book.wallet.balance == 2500


def test_a_key_is_free_again_in_another_book_of_the_agency(book: Book) -> None:
    trial = Book(book.agency, mode="test")
    for each in (book, trial):
        posted = post_journal(each.entry("adjust.credit", (Code.GOODWILL, Code.BUYER, 2500), key="adjust:1"))
        assert posted.created


def test_a_second_charge_of_a_sale_is_refused_and_changes_nothing(book: Book) -> None:
    book.pay_in(50000)
    terms = book.terms()
    charge_sale(terms)
    with pytest.raises(AlreadyPosted):
        charge_sale(terms)
    assert book.wallet.balance == 32500


def test_a_journal_is_not_posted_on_accounts_of_a_stranger(book: Book) -> None:
    stranger = make_book()
    entry = book.entry("adjust.credit", (Code.GOODWILL, Code.BUYER, 2500))
    stolen = replace(entry, lines=(Line(stranger.buyer, book.buyer, 2500),))
    with pytest.raises(ValueError, match="not of this agency"):
        post_journal(stolen)
    assert not Journal.objects.filter(agency=book.agency).exists()


# --- reversed ------------------------------------------------------------------------------------------------------


def test_a_reversal_swaps_the_sides_and_restores_every_account(book: Book) -> None:
    journal_id = book.pay_in(50000)
    reversal = Journal.objects.get(id=undo(journal_id))
    assert reversal.reverses_id == journal_id
    assert book.trial_balance() == {}
    assert book.wallet.balance == 0


def test_a_journal_is_reversed_at_most_once_whatever_the_reason(book: Book) -> None:
    journal_id = book.pay_in(50000)
    undo(journal_id)
    with pytest.raises(AlreadyReversed):
        undo(journal_id)
    with pytest.raises(AlreadyReversed):
        reverse_journal(journal_id=journal_id, now=NOW, actor="test", reason="another reason")
    assert book.wallet.balance == 0


def test_a_reversed_charge_gives_the_price_back_and_keeps_its_references(book: Book) -> None:
    book.pay_in(50000)
    terms = book.terms()
    charge_sale(terms)
    undo(Journal.objects.get(key=f"charge:{terms.sale_ref}").id)
    assert book.trial_balance() == {Code.CASH_BANK: 50000, Code.BUYER: 50000}
    assert Transfer.objects.filter(campaign_ref=terms.campaign_ref, received_date=terms.received_date).count() == 4


def test_a_reversal_may_itself_be_reversed(book: Book) -> None:
    undo(undo(book.pay_in(50000)))
    assert book.wallet.balance == 50000


def test_reversing_what_is_not_there_is_not_found(book: Book) -> None:
    with pytest.raises(NotFound):
        undo(new_id())


# --- no more given back than taken ---------------------------------------------------------------------------------


@pytest.fixture
def sale(book: Book) -> Refs:
    """A sale that the buyer has paid and the source is owed for."""
    book.pay_in(50000)
    terms = book.terms()
    charge_sale(terms)
    return Refs(sale_ref=terms.sale_ref)


def test_returns_in_parts_stop_at_the_price(book: Book, sale: Refs) -> None:
    for _ in range(2):
        post_journal(book.entry("return.credit", (Code.RETURNS, Code.BUYER, PRICE // 2), refs=sale))
    with pytest.raises(GivesBackTooMuch):
        post_journal(book.entry("return.credit", (Code.RETURNS, Code.BUYER, 1), refs=sale))
    assert book.wallet.balance == 50000


def test_claw_backs_stop_at_the_payout(book: Book, sale: Refs) -> None:
    post_journal(book.entry("clawback", (Code.PAYABLE_PENDING, Code.CLAWBACKS, PAYOUT), refs=sale))
    with pytest.raises(GivesBackTooMuch):
        post_journal(book.entry("clawback", (Code.PAYABLE_PENDING, Code.CLAWBACKS, 1), refs=sale))


def test_a_charge_whose_price_was_returned_cannot_be_reversed_too(book: Book, sale: Refs) -> None:
    post_journal(book.entry("return.credit", (Code.RETURNS, Code.BUYER, PRICE), refs=sale))
    with pytest.raises(GivesBackTooMuch):
        undo(Journal.objects.get(key=f"charge:{sale.sale_ref}").id)
    assert book.wallet.balance == 50000


def test_a_reversed_return_may_be_given_again(book: Book, sale: Refs) -> None:
    returned = post_journal(book.entry("return.credit", (Code.RETURNS, Code.BUYER, PRICE), refs=sale))
    undo(returned.journal_id)
    post_journal(book.entry("return.credit", (Code.RETURNS, Code.BUYER, PRICE), refs=sale))
    assert book.wallet.balance == 50000


# --- what the database itself refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE billing_journal SET reason = 'no'",
        "DELETE FROM billing_journal",
        "UPDATE billing_transfer SET amount = amount + 1",
        "DELETE FROM billing_transfer",
        "UPDATE billing_account SET currency = 'EUR'",
        "DELETE FROM billing_account",
    ],
)
def test_raw_sql_cannot_change_what_was_posted(book: Book, statement: str) -> None:
    book.pay_in(50000)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert book.trial_balance() == {Code.CASH_BANK: 50000, Code.BUYER: 50000}


@pytest.mark.skipif(is_postgres(), reason="only SQLite knows REPLACE, which asks no trigger about the old row")
@pytest.mark.parametrize("table", ["billing_account", "billing_journal", "billing_transfer"])
def test_raw_sql_cannot_replace_what_was_posted(book: Book, table: str) -> None:
    book.pay_in(50000)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"REPLACE INTO {table} SELECT * FROM {table}")
    assert book.trial_balance() == {Code.CASH_BANK: 50000, Code.BUYER: 50000}


@pytest.mark.parametrize("amount", [0, -1])
def test_the_database_refuses_a_transfer_of_nothing_or_less(book: Book, amount: int) -> None:
    transfer = Transfer.objects.get(journal_id=book.pay_in(50000))
    transfer.pk, transfer.amount = None, amount
    with pytest.raises(IntegrityError, match="billing_amount_above_zero"), transaction.atomic():
        transfer.save()


def test_the_database_refuses_a_transfer_within_one_account(book: Book) -> None:
    transfer = Transfer.objects.get(journal_id=book.pay_in(50000))
    transfer.pk, transfer.debit_id = None, transfer.credit_id
    with pytest.raises(IntegrityError, match="billing_two_accounts"), transaction.atomic():
        transfer.save()


def test_the_database_refuses_held_money_below_zero(book: Book) -> None:
    with pytest.raises(IntegrityError, match="billing_held_not_negative"), transaction.atomic():
        BuyerBalance.objects.filter(account_id=book.buyer).update(held=-1)


def test_a_line_of_nothing_or_of_one_account_is_a_bug() -> None:
    for line in ((1, 2, 0), (1, 2, -5), (1, 1, 5)):
        with pytest.raises(ValueError, match="not a transfer"):
            Line(*line)


def test_an_entry_without_lines_is_a_bug(book: Book) -> None:
    with pytest.raises(ValueError, match="no transfers"):
        book.entry("adjust.credit")


# --- the chart -----------------------------------------------------------------------------------------------------


def test_the_chart_has_the_normal_sides_that_accountants_expect() -> None:
    debit = {code for code in Code if code.side is Side.DEBIT}
    assert debit == {1010, 1020, 1030, 4020, 5010, 5030, 5040, 6010, 6020, 6030}


def test_only_buyers_and_sources_own_accounts_beside_the_agency() -> None:
    assert set(Code) - set(AGENCY_CODES) == {Code.BUYER, Code.PAYABLE_PENDING, Code.PAYABLE_AVAILABLE}
