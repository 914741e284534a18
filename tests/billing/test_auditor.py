"""Any sequence of operations: the ledger answers as an independent auditor predicts and keeps the same books.

Hypothesis makes the sequences and shortens the one that fails. This is where returns never exceed the charge, and
claw-backs the payout; where a reversal restores every counter; and where the balance equals its replay at every step.
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from billing.charges import capture_hold, charge_sale, expire_holds, hold_funds, release_hold
from billing.chart import Code
from billing.check import check_ledger
from billing.deposits import deposit, freeze_account, set_credit_limit, unfreeze_account
from billing.entries import Refs
from billing.ledger import post_journal, reverse_journal
from billing.models import Journal
from core.errors import DomainError
from core.ids import new_id
from core.money import percent_of
from tests.billing.auditor import Auditor
from tests.billing.making import NOW, make_book

AMOUNTS = st.integers(min_value=1, max_value=50_000)
PAYOUTS = st.integers(min_value=0, max_value=20_000)


def answer(verb: Callable[[], object]) -> str:
    """`ok`, or the code of the refusal."""
    try:
        verb()
    except DomainError as refusal:
        return refusal.code
    return "ok"


class Ledger(RuleBasedStateMachine):
    """The real ledger and the auditor side by side."""

    deposits = Bundle("deposits")
    sales = Bundle("sales")
    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.start = transaction.savepoint()
        self.book = make_book()
        self.auditor = Auditor()
        self.minute = 0

    def teardown(self) -> None:
        """Leave nothing to the next sequence: expiry looks at the holds of everybody."""
        transaction.savepoint_rollback(self.start)

    def journal(self, key: str) -> UUID:
        return Journal.objects.get(agency=self.book.agency, key=key).id

    def undo(self, key: str) -> str:
        found = self.journal(key)
        return answer(lambda: reverse_journal(journal_id=found, now=NOW, actor="test", reason="test"))

    # --- money in ----------------------------------------------------------------------------------------------

    def pay_in(self, deposit_id: UUID, amount: int) -> str:
        return answer(
            lambda: deposit(account_id=self.book.buyer, deposit_id=deposit_id, amount=amount, now=NOW, actor="test")
        )

    @rule(target=deposits, amount=AMOUNTS)
    def pays_in(self, amount: int) -> UUID:
        deposit_id = new_id()
        assert self.pay_in(deposit_id, amount) == self.auditor.deposit(deposit_id, amount)
        return deposit_id

    @rule(deposit_id=deposits, more=st.sampled_from([0, 1]))
    def pays_in_again_under_the_same_id(self, deposit_id: UUID, more: int) -> None:
        amount = self.auditor.deposits[deposit_id] + more
        predicted = self.auditor.deposit(deposit_id, amount)
        assert self.pay_in(deposit_id, amount) == {"replayed": "ok"}.get(predicted, predicted)

    @rule(deposit_id=deposits)
    def takes_a_deposit_back(self, deposit_id: UUID) -> None:
        assert self.undo(f"deposit:manual:{deposit_id}") == self.auditor.undo_deposit(deposit_id)

    # --- the wallet --------------------------------------------------------------------------------------------

    @rule(limit=st.integers(min_value=0, max_value=30_000))
    def changes_the_credit_limit(self, limit: int) -> None:
        set_credit_limit(account_id=self.book.buyer, credit_limit=limit)
        self.auditor.credit_limit = limit

    @rule(frozen=st.booleans())
    def freezes_or_unfreezes(self, frozen: bool) -> None:
        (freeze_account if frozen else unfreeze_account)(account_id=self.book.buyer)
        self.auditor.frozen = frozen

    # --- money out ---------------------------------------------------------------------------------------------

    @rule(target=sales, price=AMOUNTS, payout=PAYOUTS)
    def charges(self, price: int, payout: int) -> UUID:
        terms = self.book.terms(price=price, payout=payout)
        predicted = self.auditor.charge(terms.sale_ref, price, payout)
        assert answer(lambda: charge_sale(terms)) == predicted
        return terms.sale_ref

    @rule(sale=sales, price=AMOUNTS)
    def charges_a_sale_again(self, sale: UUID, price: int) -> None:
        predicted = self.auditor.charge(sale, price, 0)
        assert answer(lambda: charge_sale(self.book.terms(sale, price=price, payout=0))) == predicted

    @rule(target=held, amount=AMOUNTS, minutes=st.integers(min_value=0, max_value=10))
    def sets_aside(self, amount: int, minutes: int) -> UUID:
        seconds = 60 * (self.minute + minutes)
        terms = self.book.hold_terms(amount=amount, seconds=seconds)
        predicted = self.auditor.hold(terms.sale_ref, amount, self.minute + minutes)
        assert answer(lambda: hold_funds(terms)) == predicted
        return terms.sale_ref

    @rule(target=sales, sale=held, price=AMOUNTS, payout=PAYOUTS)
    def captures(self, sale: UUID, price: int, payout: int) -> UUID:
        if sale in self.auditor.holds:
            predicted = self.auditor.capture(sale, price, payout)
            assert answer(lambda: capture_hold(self.book.terms(sale, price=price, payout=payout))) == predicted
        return sale

    @rule(sale=held)
    def releases(self, sale: UUID) -> None:
        if sale in self.auditor.holds:
            predicted = self.auditor.release(sale)
            assert answer(lambda: release_hold(sale_ref=sale, now=NOW)) == predicted

    @rule(minutes=st.integers(min_value=1, max_value=10))
    def time_passes_and_holds_expire(self, minutes: int) -> None:
        self.minute += minutes
        assert set(expire_holds(now=NOW + timedelta(minutes=self.minute))) == self.auditor.expire(self.minute)

    # --- money back --------------------------------------------------------------------------------------------

    @rule(sale=sales, amount=AMOUNTS)
    def returns(self, sale: UUID, amount: int) -> None:
        if sale in self.auditor.sales:
            entry = self.book.entry("return.credit", (Code.RETURNS, Code.BUYER, amount), refs=Refs(sale_ref=sale))
            assert answer(lambda: post_journal(entry)) == self.auditor.give_back(sale, amount)

    @rule(sale=sales, amount=AMOUNTS)
    def claws_back(self, sale: UUID, amount: int) -> None:
        if sale in self.auditor.sales:
            move = (Code.PAYABLE_PENDING, Code.CLAWBACKS, amount)
            entry = self.book.entry("clawback", move, refs=Refs(sale_ref=sale))
            assert answer(lambda: post_journal(entry)) == self.auditor.claw_back(sale, amount)

    @rule(sale=sales)
    def takes_a_charge_back(self, sale: UUID) -> None:
        if sale in self.auditor.sales:
            assert self.undo(f"charge:{sale}") == self.auditor.undo_charge(sale)

    # --- after every step --------------------------------------------------------------------------------------

    @invariant()
    def the_wallet_is_as_the_auditor_says(self) -> None:
        wallet = self.book.wallet
        assert (wallet.balance, wallet.held, wallet.available, wallet.frozen) == (
            self.auditor.balance,
            self.auditor.held,
            self.auditor.available,
            self.auditor.frozen,
        )

    @invariant()
    def the_books_prove_and_agree_with_the_auditor(self) -> None:
        now = NOW + timedelta(minutes=self.minute)
        assert check_ledger(now=now, agency_id=self.book.agency.id).differences == ()
        standing = self.book.trial_balance()
        revenue = standing.get(Code.LEAD_REVENUE, 0) - standing.get(Code.RETURNS, 0)
        payouts = standing.get(Code.SOURCE_PAYOUTS, 0) - standing.get(Code.CLAWBACKS, 0)
        assert (revenue, payouts) == (self.auditor.revenue, self.auditor.payouts)
        assert standing.get(Code.PAYABLE_PENDING, 0) == self.auditor.payouts


@pytest.mark.timeout(180)
@pytest.mark.django_db
def test_the_ledger_answers_as_an_independent_auditor_predicts() -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@given(price=st.integers(min_value=0, max_value=10**9), basis_points=st.integers(min_value=0, max_value=10_000))
def test_a_share_and_the_margin_are_the_price_to_the_cent(price: int, basis_points: int) -> None:
    payout = percent_of(price, basis_points)
    assert 0 <= payout <= price
    assert abs(payout * 10_000 - price * basis_points) <= 5_000


def test_a_higher_rate_never_pays_less() -> None:
    payouts = [percent_of(17500, rate) for rate in range(10_001)]
    assert payouts == sorted(payouts)
    assert (payouts[0], payouts[10_000]) == (0, 17500)
    assert payouts[2500] == 4375
