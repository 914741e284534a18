"""The proof of the books: it holds for honest books and names every planted difference."""

import json
import logging
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F

from billing.charges import capture_hold, charge_sale, hold_funds
from billing.chart import Code
from billing.check import check_ledger
from billing.entries import Refs
from billing.ledger import post_journal, reverse_journal
from billing.models import BuyerBalance, Hold, Journal, Transfer
from billing.tasks import BooksDoNotProve, check_ledger_nightly
from core.ids import new_id
from core.sql import is_postgres
from tests.billing.making import NOW, PAYOUT, PRICE, TODAY, Book, make_book

A_LONG_TIME = 50 * 365 * 86400


@pytest.fixture
def busy(book: Book) -> Book:
    """A book in which something of each kind has happened."""
    book.pay_in(10 * PRICE)
    terms = book.terms()
    charge_sale(terms)
    refs = Refs(sale_ref=terms.sale_ref)
    post_journal(book.entry("return.credit", (Code.RETURNS, Code.BUYER, PRICE), refs=refs))
    post_journal(book.entry("clawback", (Code.PAYABLE_PENDING, Code.CLAWBACKS, PAYOUT), refs=refs))
    reverse_journal(journal_id=book.pay_in(100), now=NOW, actor="test", reason="mistake")
    captured = book.hold_terms()
    hold_funds(captured)
    capture_hold(book.terms(captured.sale_ref))
    hold_funds(book.hold_terms(seconds=A_LONG_TIME))
    assert Book(book.agency, mode="test").wallet.balance
    return book


def found(book: Book) -> set[str]:
    """The names of the promises that the book breaks."""
    return {difference.check for difference in check_ledger(now=NOW, agency_id=book.agency.id).differences}


def plant_transfer(book: Book, debit: int, credit: int, **more: object) -> None:
    """Put a transfer into the book's first journal behind the ledger's back."""
    journal = Journal.objects.filter(agency=book.agency, mode=book.mode).earliest("id")
    facts = {"agency": book.agency, "journal": journal, "debit_id": debit, "credit_id": credit, "amount": 5}
    dates = {"currency": book.currency, "posted_at": NOW, "posted_date": TODAY}
    Transfer.objects.create(**facts | dates | more)


def test_honest_books_prove(busy: Book) -> None:
    proof = check_ledger(now=NOW)
    assert proof.differences == ()
    assert [(total.mode, total.currency) for total in proof.totals] == [("live", "USD"), ("test", "USD")]
    live = proof.totals[0]
    assert live.transfers == Transfer.objects.filter(agency=busy.agency).count() - 1
    assert live.turnover == 10 * PRICE + 2 * (PRICE + PAYOUT) + PRICE + PAYOUT + 2 * 100


def test_a_transfer_into_another_agency_unbalances_both(busy: Book) -> None:
    other = make_book()
    plant_transfer(busy, busy.own[Code.CASH_BANK], other.own[Code.GOODWILL])
    assert {"trial_balance", "transfer_accounts", "payload"} <= found(busy)
    assert "trial_balance" in found(other)


def test_a_transfer_in_another_currency_is_found(busy: Book) -> None:
    plant_transfer(busy, busy.own[Code.CASH_BANK], busy.own[Code.GOODWILL], currency="EUR")
    assert found(busy) == {"transfer_accounts", "payload"}


def test_a_transfer_to_no_account_at_all_is_found(busy: Book) -> None:
    plant_transfer(busy, busy.own[Code.CASH_BANK], 999_999_999)
    assert "transfer_accounts" in found(busy)


def test_a_transfer_added_to_a_journal_later_is_found(busy: Book) -> None:
    plant_transfer(busy, busy.own[Code.CASH_BANK], busy.own[Code.GOODWILL])
    assert found(busy) == {"payload"}


def test_a_balance_that_differs_from_its_transfers_is_found(busy: Book) -> None:
    BuyerBalance.objects.filter(account_id=busy.buyer).update(balance=F("balance") + 1)
    (difference,) = check_ledger(now=NOW).differences
    balance = busy.wallet.balance
    assert (difference.check, difference.subject) == ("buyer_balance", str(busy.buyer))
    assert (difference.expected, difference.found) == (str(balance - 1), str(balance))


def test_a_buyers_account_without_a_balance_is_found(book: Book) -> None:
    BuyerBalance.objects.filter(account_id=book.buyer).delete()
    assert found(book) == {"buyer_balance"}


def test_a_balance_on_an_account_that_is_no_buyers_is_found(book: Book) -> None:
    BuyerBalance.objects.create(account_id=book.own[Code.CASH_BANK])
    assert found(book) == {"buyer_balance"}


def test_held_money_without_its_hold_is_found(busy: Book) -> None:
    BuyerBalance.objects.filter(account_id=busy.buyer).update(held=F("held") + 1)
    assert found(busy) == {"held"}


def test_a_hold_an_hour_past_its_time_is_stuck(busy: Book) -> None:
    hold = Hold.objects.get(state=Hold.State.PENDING)
    on_time = hold.expires_at + timedelta(hours=1)
    assert check_ledger(now=on_time).holds
    (difference,) = check_ledger(now=on_time + timedelta(seconds=1)).differences
    assert difference.check == "stuck_hold"


def test_a_captured_hold_without_its_charge_is_found(book: Book) -> None:
    Hold.objects.create(
        account_id=book.buyer,
        sale_ref=new_id(),
        amount=PRICE,
        state=Hold.State.CAPTURED,
        expires_at=NOW,
        created_at=NOW,
        settled_at=NOW,
    )
    assert found(book) == {"captured_hold"}


def test_a_journal_without_transfers_is_found(book: Book) -> None:
    Journal.objects.create(
        agency=book.agency, mode="live", kind="x", key="x", payload_hash=b"", posted_at=NOW, posted_date=TODAY
    )
    assert found(book) == {"empty_journal"}


def test_more_given_back_than_taken_is_found(busy: Book) -> None:
    sale_ref = Journal.objects.get(agency=busy.agency, kind="return.credit").sale_ref
    plant_transfer(busy, busy.own[Code.RETURNS], busy.own[Code.GOODWILL], sale_ref=sale_ref)
    assert found(busy) == {"given_back", "payload", "transfer_journal"}


_SOLD = "(SELECT id FROM billing_journal WHERE kind = 'charge' ORDER BY id LIMIT 1)"
_PAYOUT = f"(SELECT MAX(id) FROM billing_transfer WHERE journal_id = {_SOLD})"
_OTHER = "'01a20835-4ea8-7f78-a569-907e118ba8ab'" if is_postgres() else "'01a208354ea87f78a569907e118ba8ab'"


@pytest.mark.parametrize(
    ("tampering", "checks"),
    [
        (f"UPDATE billing_transfer SET amount = amount + 1 WHERE id = {_PAYOUT}", {"payload"}),
        (f"UPDATE billing_transfer SET source_ref = {_OTHER} WHERE id = {_PAYOUT}", {"payload"}),
        (f"UPDATE billing_transfer SET campaign_ref = NULL WHERE id = {_PAYOUT}", {"payload"}),
        (f"UPDATE billing_transfer SET received_date = '2026-05-13' WHERE id = {_PAYOUT}", {"payload"}),
        (f"UPDATE billing_transfer SET credit_id = debit_id + 1 WHERE id = {_PAYOUT}", {"payload"}),
        (f"UPDATE billing_transfer SET posted_date = '2026-05-13' WHERE id = {_PAYOUT}", {"transfer_journal"}),
        (f"UPDATE billing_transfer SET posted_at = '2026-05-13T00:00:00Z' WHERE id = {_PAYOUT}", {"transfer_journal"}),
        (
            f"UPDATE billing_transfer SET sale_ref = {_OTHER} WHERE id = {_PAYOUT}",
            {"payload", "transfer_journal", "given_back"},
        ),
        (f"UPDATE billing_journal SET sale_ref = {_OTHER} WHERE id = {_SOLD}", {"transfer_journal"}),
        (f"UPDATE billing_journal SET lead_ref = NULL WHERE id = {_SOLD}", {"transfer_journal"}),
        (f"UPDATE billing_journal SET reason = 'other' WHERE id = {_SOLD}", {"payload"}),
        (f"UPDATE billing_journal SET kind = 'other' WHERE id = {_SOLD}", {"payload"}),
        (f"DELETE FROM billing_transfer WHERE journal_id = {_SOLD}", {"buyer_balance", "empty_journal", "given_back"}),
        (f"DELETE FROM billing_transfer WHERE id = {_PAYOUT}", {"payload", "given_back"}),
        ("UPDATE billing_hold SET amount = amount + 1 WHERE state = 'pending'", {"held"}),
        (
            "UPDATE billing_hold SET state = 'pending', settled_at = NULL WHERE state = 'captured'",
            {"held", "stuck_hold"},
        ),
        ("DELETE FROM billing_hold WHERE state = 'pending'", {"held"}),
    ],
)
def test_what_was_changed_behind_the_triggers_is_found(busy: Book, tampering: str, checks: set[str]) -> None:
    tamper(tampering)
    later = NOW + timedelta(hours=2)
    assert {found.check for found in check_ledger(now=later, agency_id=busy.agency.id).differences} == checks


def tamper(sql: str) -> None:
    """Run a statement with the triggers of the ledger out of the way, as who owns the database could."""
    with connection.cursor() as cursor:
        for table in ("billing_journal", "billing_transfer"):
            if is_postgres():
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            else:
                cursor.execute(f"DROP TRIGGER {table}_refuse_update")
                cursor.execute(f"DROP TRIGGER {table}_refuse_delete")
        cursor.execute(sql)


def test_a_difference_of_one_agency_is_not_anothers(busy: Book) -> None:
    other = make_book()
    BuyerBalance.objects.filter(account_id=other.buyer).update(balance=1)
    assert found(busy) == set()
    assert found(other) == {"buyer_balance"}


# --- the command and the nightly task ------------------------------------------------------------------------------


def test_the_command_prints_totals_and_exits_with_nothing(busy: Book) -> None:
    out = StringIO()
    call_command("check_ledger", stdout=out)
    lines = out.getvalue().splitlines()
    assert f"{busy.agency.public_id} test: 1 transfers, debits = credits = 1000000.00 USD" in lines
    assert lines[-1] == "The books prove."


def test_the_command_names_every_difference_and_exits_with_one(busy: Book) -> None:
    BuyerBalance.objects.filter(account_id=busy.buyer).update(balance=F("balance") + 1, held=F("held") + 1)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("check_ledger", "--json", "--agency", busy.agency.public_id, stdout=out)
    document = json.loads(out.getvalue())
    assert ended.value.code == 1
    assert document["ok"] is False
    assert [difference["check"] for difference in document["differences"]] == ["buyer_balance", "held"]
    assert {difference["agency_id"] for difference in document["differences"]} == {busy.agency.public_id}


@pytest.mark.django_db
def test_the_command_refuses_an_id_that_is_no_agency() -> None:
    with pytest.raises(CommandError):
        call_command("check_ledger", "--agency", "nonsense")


def test_the_nightly_task_fails_loudly_and_logs_each_difference(busy: Book, caplog: pytest.LogCaptureFixture) -> None:
    check_ledger_nightly()
    BuyerBalance.objects.filter(account_id=busy.buyer).update(balance=F("balance") + 1)
    with caplog.at_level(logging.CRITICAL), pytest.raises(BooksDoNotProve):
        check_ledger_nightly()
    assert "buyer_balance" in caplog.text
