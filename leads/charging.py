"""What a sale of a lead is to billing: terms of a charge where it is certain, of a hold while its buyer may refuse."""

from datetime import datetime, timedelta
from typing import Final

from billing.charges import ChargeTerms, HoldTerms, charge_statements, hold_statements
from billing.chart import Code
from core.clock import local_date
from core.sql import Statement
from leads.drafts import Draft, NewSale
from leads.models import Sale

HOLD_GRACE: Final = timedelta(hours=1)
"""How long a hold outlives its sale's deadline, so that the sale expires first and frees it."""


def money_statements(draft: Draft, sale: NewSale, now: datetime) -> tuple[list[Statement], list[Statement]]:
    """Journal or hold of a new sale, and the guard on its buyer's balance, which belongs last."""
    if sale.state == Sale.State.PENDING:
        return hold_statements(_hold_terms(sale, now))
    return charge_statements(charge_terms(draft, sale, now))


def _hold_terms(sale: NewSale, now: datetime) -> HoldTerms:
    return HoldTerms(
        account_id=sale.account_id,
        sale_ref=sale.id,
        amount=sale.price,
        now=now,
        expires_at=(sale.confirm_by or now) + HOLD_GRACE,
    )


def charge_terms(draft: Draft, sale: NewSale, now: datetime) -> ChargeTerms:
    """What billing needs to charge the sale of this lead."""
    currency = draft.campaign.currency
    books = draft.snapshot.books[draft.mode, currency]
    return ChargeTerms(
        agency_id=draft.snapshot.agency_id,
        mode=draft.mode,
        currency=currency,
        sale_ref=sale.id,
        lead_ref=draft.id,
        campaign_ref=draft.campaign.id,
        source_ref=draft.source.id,
        buyer_ref=sale.buyer_id,
        price=sale.price,
        payout=sale.payout,
        buyer_account_id=sale.account_id,
        revenue_account_id=books[Code.LEAD_REVENUE],
        payout_expense_id=books[Code.SOURCE_PAYOUTS],
        source_payable_id=draft.source.payables[draft.mode, currency],
        now=now,
        posted_date=local_date(now, draft.snapshot.timezone),
        received_date=local_date(draft.received_at, draft.snapshot.timezone),
        actor=draft.principal.actor,
    )
