"""The money events of the product as an accountant would check them: an event, then the trial balance.

One lead is sold for 175.00 and its source is owed 90.00. Amounts are cents, each on its account's normal side.
"""

from billing.charges import capture_hold, charge_sale, hold_funds, release_hold
from billing.chart import Code, Kind
from billing.entries import Refs
from billing.ledger import post_journal
from tests.billing.making import NOW, PAYOUT, PRICE, Book


def test_e1_a_card_deposit_raises_cash_and_what_we_owe_the_buyer(book: Book) -> None:
    post_journal(book.entry("deposit.card", (Code.CASH_CARD, Code.BUYER, 50000)))
    assert book.trial_balance() == {Code.CASH_CARD: 50000, Code.BUYER: 50000}
    assert book.wallet.balance == 50000


def test_e1f_the_card_fee_is_the_agencys_cost_and_not_the_buyers(book: Book) -> None:
    post_journal(book.entry("deposit.card", (Code.CASH_CARD, Code.BUYER, 50000)))
    post_journal(book.entry("deposit.fee", (Code.PROCESSOR_FEES, Code.CASH_CARD, 1480)))
    assert book.trial_balance() == {Code.CASH_CARD: 48520, Code.BUYER: 50000, Code.PROCESSOR_FEES: 1480}
    assert book.wallet.balance == 50000


def test_e2_a_wire_raises_the_bank_and_what_we_owe_the_buyer(book: Book) -> None:
    book.pay_in(50000)
    assert book.trial_balance() == {Code.CASH_BANK: 50000, Code.BUYER: 50000}


def test_e3_a_hold_moves_no_money_but_leaves_less_available(book: Book) -> None:
    book.pay_in(50000)
    hold_funds(book.hold_terms())
    assert book.trial_balance() == {Code.CASH_BANK: 50000, Code.BUYER: 50000}
    assert (book.wallet.balance, book.wallet.held, book.wallet.available) == (50000, 17500, 32500)


def test_e4_a_charge_earns_the_price_and_owes_the_payout(book: Book) -> None:
    book.pay_in(50000)
    charge_sale(book.terms())
    assert book.trial_balance() == {
        Code.CASH_BANK: 50000,
        Code.BUYER: 32500,
        Code.LEAD_REVENUE: 17500,
        Code.SOURCE_PAYOUTS: 9000,
        Code.PAYABLE_PENDING: 9000,
    }


def test_e4_a_captured_hold_leaves_the_same_books_as_a_charge_at_once(book: Book) -> None:
    book.pay_in(50000)
    hold = book.hold_terms()
    hold_funds(hold)
    capture_hold(book.terms(hold.sale_ref))
    assert book.trial_balance() == {
        Code.CASH_BANK: 50000,
        Code.BUYER: 32500,
        Code.LEAD_REVENUE: 17500,
        Code.SOURCE_PAYOUTS: 9000,
        Code.PAYABLE_PENDING: 9000,
    }
    assert (book.wallet.held, book.wallet.available) == (0, 32500)


def test_e4s_a_source_paid_on_receipt_is_owed_whether_or_not_the_lead_sells(book: Book) -> None:
    post_journal(book.entry("payout.accrue", (Code.SOURCE_PAYOUTS, Code.PAYABLE_PENDING, PAYOUT)))
    assert book.trial_balance() == {Code.SOURCE_PAYOUTS: 9000, Code.PAYABLE_PENDING: 9000}


def test_e5_a_released_hold_leaves_everything_as_it_was(book: Book) -> None:
    book.pay_in(50000)
    hold = book.hold_terms()
    hold_funds(hold)
    release_hold(sale_ref=hold.sale_ref, now=NOW)
    assert book.trial_balance() == {Code.CASH_BANK: 50000, Code.BUYER: 50000}
    assert (book.wallet.held, book.wallet.available) == (0, 50000)


def sold(book: Book) -> Refs:
    """A buyer with 500.00 has bought the lead; these are the sale's references."""
    book.pay_in(50000)
    terms = book.terms()
    charge_sale(terms)
    return Refs(sale_ref=terms.sale_ref, lead_ref=terms.lead_ref)


def test_e6_a_return_gives_the_buyer_its_money_back_and_shows_as_an_allowance(book: Book) -> None:
    post_journal(book.entry("return.credit", (Code.RETURNS, Code.BUYER, PRICE), refs=sold(book)))
    standing = book.trial_balance()
    assert (standing[Code.BUYER], standing[Code.LEAD_REVENUE], standing[Code.RETURNS]) == (50000, 17500, 17500)
    assert book.wallet.balance == 50000


def test_e7_a_lead_sold_returned_and_clawed_back_leaves_no_profit(book: Book) -> None:
    refs = sold(book)
    post_journal(book.entry("return.credit", (Code.RETURNS, Code.BUYER, PRICE), refs=refs))
    post_journal(book.entry("clawback", (Code.PAYABLE_PENDING, Code.CLAWBACKS, PAYOUT), refs=refs))
    standing = book.trial_balance()
    assert standing == {
        Code.CASH_BANK: 50000,
        Code.BUYER: 50000,
        Code.LEAD_REVENUE: 17500,
        Code.RETURNS: 17500,
        Code.SOURCE_PAYOUTS: 9000,
        Code.CLAWBACKS: 9000,
    }
    assert profit(standing) == 0


def profit(standing: dict[Code, int]) -> int:
    """Income less contra income, less expenses, plus contra expenses."""
    signs = {Kind.INCOME: 1, Kind.CONTRA_INCOME: -1, Kind.EXPENSE: -1, Kind.CONTRA_EXPENSE: 1}
    return sum(signs.get(code.kind, 0) * amount for code, amount in standing.items())


def test_e7_a_payout_already_available_is_clawed_back_below_zero(book: Book) -> None:
    refs = sold(book)
    post_journal(book.entry("payout.vest", (Code.PAYABLE_PENDING, Code.PAYABLE_AVAILABLE, PAYOUT), refs=refs))
    post_journal(book.entry("payout.pay", (Code.PAYABLE_AVAILABLE, Code.CASH_BANK, PAYOUT)))
    post_journal(book.entry("clawback", (Code.PAYABLE_AVAILABLE, Code.CLAWBACKS, PAYOUT), refs=refs))
    assert book.trial_balance()[Code.PAYABLE_AVAILABLE] == -9000


def test_e8_a_vested_payout_moves_from_pending_to_available(book: Book) -> None:
    refs = sold(book)
    post_journal(book.entry("payout.vest", (Code.PAYABLE_PENDING, Code.PAYABLE_AVAILABLE, PAYOUT), refs=refs))
    standing = book.trial_balance()
    assert Code.PAYABLE_PENDING not in standing
    assert standing[Code.PAYABLE_AVAILABLE] == 9000


def test_e9_a_payout_run_empties_the_payable_out_of_the_bank(book: Book) -> None:
    refs = sold(book)
    post_journal(book.entry("payout.vest", (Code.PAYABLE_PENDING, Code.PAYABLE_AVAILABLE, PAYOUT), refs=refs))
    post_journal(book.entry("payout.pay", (Code.PAYABLE_AVAILABLE, Code.CASH_BANK, PAYOUT)))
    assert book.trial_balance() == {
        Code.CASH_BANK: 41000,
        Code.BUYER: 32500,
        Code.LEAD_REVENUE: 17500,
        Code.SOURCE_PAYOUTS: 9000,
    }


def test_e10_goodwill_credits_the_buyer_at_the_agencys_cost(book: Book) -> None:
    post_journal(book.entry("adjust.credit", (Code.GOODWILL, Code.BUYER, 2500), reason="late delivery"))
    assert book.trial_balance() == {Code.GOODWILL: 2500, Code.BUYER: 2500}
    assert book.wallet.balance == 2500


def test_e11_a_debit_adjustment_may_take_the_wallet_below_zero(book: Book) -> None:
    post_journal(book.entry("adjust.debit", (Code.BUYER, Code.OTHER_INCOME, 2500), reason="listing fee"))
    assert book.trial_balance() == {Code.BUYER: -2500, Code.OTHER_INCOME: 2500}
    assert (book.wallet.balance, book.wallet.available) == (-2500, -2500)


def test_a_test_wallet_opens_with_a_million_against_equity_in_a_book_of_its_own(book: Book) -> None:
    trial = Book(book.agency, mode="test", buyer_id=book.buyer_id)
    assert trial.wallet.balance == 100_000_000
    assert trial.trial_balance() == {Code.OPENING_EQUITY: -100_000_000, Code.BUYER: 100_000_000}
    assert book.wallet.balance == 0


def test_a_test_wallet_in_yen_opens_with_a_million_yen(book: Book) -> None:
    yen = Book(book.agency, mode="test", currency="JPY")
    assert yen.wallet.balance == 1_000_000


def test_opening_an_account_again_gives_the_same_account_and_no_second_million(book: Book) -> None:
    first = Book(book.agency, mode="test")
    again = Book(book.agency, mode="test", buyer_id=first.buyer_id)
    assert first.buyer == again.buyer
    assert again.wallet.balance == 100_000_000
