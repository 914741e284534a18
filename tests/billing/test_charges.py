"""Charging and holding: exactly what is available may be spent, and a hold is settled exactly once."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from billing.balances import HoldNotPending, InsufficientFunds
from billing.charges import (
    capture_hold,
    charge_sale,
    charge_statements,
    expire_holds,
    hold_funds,
    hold_statements,
    release_hold,
)
from billing.deposits import freeze_account, set_credit_limit, unfreeze_account
from billing.models import Hold, Journal, Transfer
from core.ids import new_id
from tests.billing.making import NOW, PRICE, Book, make_book


def state_of(sale_ref: UUID) -> str:
    return Hold.objects.get(sale_ref=sale_ref).state


def on_hold(book: Book, *, seconds: int = 60) -> UUID:
    terms = book.hold_terms(seconds=seconds)
    hold_funds(terms)
    return terms.sale_ref


# --- charging ------------------------------------------------------------------------------------------------------


def test_a_buyer_may_spend_its_last_cent_and_not_one_more(book: Book) -> None:
    book.pay_in(PRICE)
    charge_sale(book.terms())
    with pytest.raises(InsufficientFunds) as refusal:
        charge_sale(book.terms(price=1))
    assert refusal.value.account_id == book.buyer
    assert book.wallet.available == 0


def test_a_refused_charge_leaves_no_journal_behind(book: Book) -> None:
    terms = book.terms()
    with pytest.raises(InsufficientFunds):
        charge_sale(terms)
    assert not Journal.objects.filter(sale_ref=terms.sale_ref).exists()
    assert not Transfer.objects.filter(sale_ref=terms.sale_ref).exists()


def test_credit_may_be_spent_as_money(book: Book) -> None:
    set_credit_limit(account_id=book.buyer, credit_limit=PRICE)
    charge_sale(book.terms())
    assert (book.wallet.balance, book.wallet.available) == (-PRICE, 0)


def test_money_on_hold_cannot_be_spent_again(book: Book) -> None:
    book.pay_in(PRICE)
    on_hold(book)
    with pytest.raises(InsufficientFunds):
        charge_sale(book.terms(price=1))


def test_a_frozen_buyer_buys_nothing_until_it_is_unfrozen(book: Book) -> None:
    book.pay_in(2 * PRICE)
    freeze_account(account_id=book.buyer)
    with pytest.raises(InsufficientFunds):
        charge_sale(book.terms())
    with pytest.raises(InsufficientFunds):
        hold_funds(book.hold_terms())
    unfreeze_account(account_id=book.buyer)
    charge_sale(book.terms())
    assert book.wallet.balance == PRICE


def test_a_charge_carries_the_references_that_reports_group_by(book: Book) -> None:
    book.pay_in(PRICE)
    terms = book.terms()
    charge_sale(terms)
    for transfer in Transfer.objects.filter(journal__key=f"charge:{terms.sale_ref}"):
        assert transfer.campaign_ref == terms.campaign_ref
        assert transfer.source_ref == book.source_id
        assert transfer.buyer_ref == book.buyer_id
        assert transfer.lead_ref == terms.lead_ref
        assert transfer.received_date == terms.received_date


def test_a_lead_without_payout_is_one_transfer(book: Book) -> None:
    book.pay_in(PRICE)
    terms = book.terms(payout=0)
    charge_sale(terms)
    assert Transfer.objects.filter(sale_ref=terms.sale_ref).count() == 1


def test_a_free_lead_of_an_unpaid_source_moves_no_money(book: Book) -> None:
    charge_sale(book.terms(price=0, payout=0))
    assert not Journal.objects.filter(agency=book.agency).exists()


def test_the_guard_on_the_balance_comes_last_and_alone(book: Book) -> None:
    for inserts, guards in (charge_statements(book.terms()), hold_statements(book.hold_terms())):
        assert all(statement.sql.startswith("INSERT") for statement in inserts)
        assert [statement.sql.split()[:2] for statement in guards] == [["UPDATE", "billing_buyerbalance"]]


# --- holding -------------------------------------------------------------------------------------------------------


def test_a_hold_of_a_cent_too_much_is_refused(book: Book) -> None:
    book.pay_in(PRICE - 1)
    terms = book.hold_terms()
    with pytest.raises(InsufficientFunds):
        hold_funds(terms)
    assert not Hold.objects.filter(sale_ref=terms.sale_ref).exists()


def test_a_sale_is_held_once(book: Book) -> None:
    book.pay_in(2 * PRICE)
    sale_ref = on_hold(book)
    with pytest.raises(IntegrityError), transaction.atomic():
        hold_funds(book.hold_terms(sale_ref))
    assert book.wallet.held == PRICE


def test_a_capture_below_the_hold_frees_the_rest(book: Book) -> None:
    book.pay_in(PRICE)
    sale_ref = on_hold(book)
    capture_hold(book.terms(sale_ref, price=15000))
    assert (book.wallet.balance, book.wallet.held, book.wallet.available) == (2500, 0, 2500)
    assert state_of(sale_ref) == "captured"


def test_a_capture_above_the_hold_is_refused_and_changes_nothing(book: Book) -> None:
    book.pay_in(2 * PRICE)
    sale_ref = on_hold(book)
    with pytest.raises(HoldNotPending):
        capture_hold(book.terms(sale_ref, price=PRICE + 1))
    assert (state_of(sale_ref), book.wallet.held) == ("pending", PRICE)


def test_a_freeze_does_not_undo_what_was_promised_before_it(book: Book) -> None:
    book.pay_in(PRICE)
    sale_ref = on_hold(book)
    freeze_account(account_id=book.buyer)
    capture_hold(book.terms(sale_ref))
    assert (book.wallet.balance, book.wallet.held) == (0, 0)


def test_a_hold_is_not_captured_out_of_another_buyers_account(book: Book) -> None:
    book.pay_in(PRICE)
    other = Book(book.agency)
    other.pay_in(PRICE)
    sale_ref = on_hold(book)
    with pytest.raises(HoldNotPending):
        capture_hold(other.terms(sale_ref))
    assert other.wallet.balance == PRICE


@pytest.mark.parametrize("first", ["capture", "release", "expire"])
@pytest.mark.parametrize("second", ["capture", "release", "expire"])
def test_a_settled_hold_is_settled_for_good(book: Book, first: str, second: str) -> None:
    book.pay_in(PRICE)
    sale_ref = on_hold(book, seconds=0)
    assert settle(book, sale_ref, first)
    before = (state_of(sale_ref), book.wallet)
    assert not settle(book, sale_ref, second)
    assert (state_of(sale_ref), book.wallet) == before


def settle(book: Book, sale_ref: UUID, how: str) -> bool:
    """Try to settle; whether it was this call that did."""
    try:
        if how == "capture":
            capture_hold(book.terms(sale_ref))
        elif how == "release":
            release_hold(sale_ref=sale_ref, now=NOW)
        else:
            return sale_ref in expire_holds(now=NOW)
    except HoldNotPending:
        return False
    return True


def test_releasing_what_was_never_held_is_refused(book: Book) -> None:
    with pytest.raises(HoldNotPending):
        release_hold(sale_ref=new_id(), now=NOW)


def test_holds_expire_at_their_time_and_not_before(book: Book) -> None:
    book.pay_in(2 * PRICE)
    soon, later = on_hold(book, seconds=60), on_hold(book, seconds=61)
    assert expire_holds(now=NOW + timedelta(seconds=60)) == (soon,)
    assert (state_of(soon), state_of(later)) == ("expired", "pending")
    assert (book.wallet.held, book.wallet.available) == (PRICE, PRICE)


def test_a_sale_accepted_after_its_hold_expired_is_charged_if_the_money_is_still_there(book: Book) -> None:
    book.pay_in(PRICE)
    sale_ref = on_hold(book, seconds=0)
    expire_holds(now=NOW)
    charge_sale(book.terms(sale_ref))
    assert book.wallet.balance == 0


def test_expiring_takes_at_most_as_many_as_it_is_told(book: Book) -> None:
    other = make_book()
    for each in (book, other):
        each.pay_in(PRICE)
        on_hold(each, seconds=0)
    assert len(expire_holds(now=NOW, limit=1)) == 1
    assert len(expire_holds(now=NOW)) == 1
