"""Eight processes at once: the money is exact whoever comes first, at every instant that can be read."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest

from billing.balances import HoldNotPending, InsufficientFunds
from billing.charges import ChargeTerms, capture_hold, charge_sale, expire_holds, hold_funds, release_hold
from billing.chart import Code
from billing.check import check_ledger
from billing.deposits import deposit
from billing.entries import Entry, Line, Refs
from billing.ledger import GivesBackTooMuch, KeyReused, post_journal
from billing.models import Hold, Journal
from core.ids import new_id
from tests.billing.making import NOW, PAYOUT, PRICE, Book, make_book
from tests.billing.racing import WORKERS, race

pytestmark = pytest.mark.django_db(transaction=True)


def expect_a_whole_snapshot(book: Book) -> None:
    """What any reader may count on at any instant: the books prove and nobody has spent what it did not have."""
    assert check_ledger(now=NOW).differences == ()
    assert book.wallet.available >= 0


# --- spending ------------------------------------------------------------------------------------------------------


def charge_all(sales: list[ChargeTerms]) -> int:
    """How many of the sales this process could charge."""
    return sum(_charged(sale) for sale in sales)


def _charged(sale: ChargeTerms) -> bool:
    try:
        charge_sale(sale)
    except InsufficientFunds:
        return False
    return True


def test_money_for_forty_leads_buys_exactly_forty() -> None:
    book = make_book()
    book.pay_in(40 * PRICE)
    sales = [[book.terms() for _ in range(15)] for _ in range(WORKERS)]
    charged = race(charge_all, sales, watch=lambda: expect_a_whole_snapshot(book))
    assert sum(charged) == 40
    assert (book.wallet.balance, book.wallet.available) == (0, 0)
    assert Journal.objects.filter(kind="charge").count() == 40


def hold_and_capture_all(book: Book, sales: list[ChargeTerms]) -> int:
    """How many of the sales this process could hold and then capture."""
    return sum(_held_and_captured(book, sale) for sale in sales)


def _held_and_captured(book: Book, sale: ChargeTerms) -> bool:
    try:
        hold_funds(book.hold_terms(sale.sale_ref))
    except InsufficientFunds:
        return False
    capture_hold(sale)
    return True


def test_money_for_twenty_holds_captures_exactly_twenty() -> None:
    book = make_book()
    book.pay_in(20 * PRICE)
    sales = [[book.terms() for _ in range(10)] for _ in range(WORKERS)]
    captured = race(hold_and_capture_all, [book] * WORKERS, sales, watch=lambda: expect_a_whole_snapshot(book))
    assert sum(captured) == 20
    assert (book.wallet.balance, book.wallet.held) == (0, 0)


# --- settling ------------------------------------------------------------------------------------------------------


def settle_all(number: int, sales: list[ChargeTerms]) -> list[UUID]:
    """The sales whose holds this process settled: by capture, release or expiry, as its number says."""
    if number % 3 == 0:
        return list(expire_holds(now=NOW))
    order = sales if number % 2 else sales[::-1]
    return [sale.sale_ref for sale in order if _settled(number, sale)]


def _settled(number: int, sale: ChargeTerms) -> bool:
    try:
        if number % 3 == 1:
            capture_hold(sale)
        else:
            release_hold(sale_ref=sale.sale_ref, now=NOW)
    except HoldNotPending:
        return False
    return True


def test_a_hold_is_settled_exactly_once_by_whoever_comes_first() -> None:
    book = make_book()
    book.pay_in(30 * PRICE)
    sales = [book.terms() for _ in range(30)]
    for sale in sales:
        hold_funds(book.hold_terms(sale.sale_ref, seconds=0))
    settled = race(settle_all, range(WORKERS), [sales] * WORKERS, watch=lambda: expect_a_whole_snapshot(book))
    assert Counter(sale for each in settled for sale in each) == Counter(sale.sale_ref for sale in sales)
    captured = Hold.objects.filter(state=Hold.State.CAPTURED).count()
    assert Journal.objects.filter(kind="charge").count() == captured
    assert (book.wallet.held, book.wallet.balance) == (0, (30 - captured) * PRICE)


# --- posting once --------------------------------------------------------------------------------------------------


def pay_in_all(account_id: int, deposit_ids: list[UUID]) -> list[UUID]:
    """The journals of the deposits, whichever process posted them."""
    return [
        deposit(account_id=account_id, deposit_id=each, amount=100, now=NOW, actor="test").journal_id
        for each in deposit_ids
    ]


def test_a_deposit_sent_eight_times_at_once_is_credited_once() -> None:
    book = make_book()
    deposits = [new_id() for _ in range(20)]
    journals = race(pay_in_all, [book.buyer] * WORKERS, [deposits] * WORKERS)
    assert all(each == journals[0] for each in journals)
    assert book.wallet.balance == 20 * 100


def adjust_by(entry: Entry) -> bool:
    """Whether this process's payload won the key."""
    try:
        return post_journal(entry).created
    except KeyReused:
        return False


def test_of_eight_payloads_under_one_key_one_is_posted() -> None:
    book = make_book()
    entries = [
        book.entry("adjust.credit", (Code.GOODWILL, Code.BUYER, 100 + number), key="adjust:1")
        for number in range(WORKERS)
    ]
    won = race(adjust_by, entries)
    assert won.count(True) == 1
    assert book.wallet.balance == 100 + won.index(True)


def give_back_all(entries: list[Entry]) -> int:
    """How many of the returns or claw-backs this process could post."""
    return sum(_given_back(entry) for entry in entries)


def _given_back(entry: Entry) -> bool:
    try:
        return post_journal(entry).created
    except GivesBackTooMuch:
        return False


@pytest.mark.parametrize(
    ("kind", "move"),
    [
        ("return.credit", (Code.RETURNS, Code.BUYER, PRICE)),
        ("clawback", (Code.PAYABLE_PENDING, Code.CLAWBACKS, PAYOUT)),
    ],
)
def test_each_sale_is_given_back_once_though_eight_try(kind: str, move: tuple[Code, Code, int]) -> None:
    book = make_book()
    book.pay_in(25 * PRICE)
    sales = [book.terms() for _ in range(25)]
    charge_all(sales)
    tries = [[book.entry(kind, move, refs=Refs(sale_ref=sale.sale_ref)) for sale in sales] for _ in range(WORKERS)]
    assert sum(race(give_back_all, tries)) == 25
    assert check_ledger(now=NOW).holds


# --- no deadlock ---------------------------------------------------------------------------------------------------


def move_all(entries: list[Entry]) -> int:
    """How many transfers this process posted."""
    return sum(post_journal(entry).created for entry in entries)


def test_money_moved_between_two_buyers_both_ways_never_deadlocks() -> None:
    here = make_book()
    there = Book(here.agency)
    here.pay_in(10_000)
    there.pay_in(10_000)

    def move(number: int) -> Entry:
        ends = (here.buyer, there.buyer) if number % 2 else (there.buyer, here.buyer)
        return replace(here.entry("adjust.move", (Code.BUYER, Code.GOODWILL, 1)), lines=(Line(*ends, 1),))

    moves = [[move(number) for _ in range(25)] for number in range(WORKERS)]
    assert sum(race(move_all, moves)) == 200
    assert (here.wallet.balance, there.wallet.balance) == (10_000, 10_000)
