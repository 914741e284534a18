"""Opening accounts. Every agency has one of each of its own codes; buyers and sources get theirs as they join.

Accounts never change and never go away, so their ids may be cached for as long as a process lives.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Agency, Mode
from billing.chart import AGENCY_CODES, Code, Owner
from billing.entries import Entry, Line, Refs
from billing.ledger import post_journal
from billing.models import Account, BuyerBalance
from core.clock import local_date, now
from core.money import to_minor

TEST_OPENING = 1_000_000
"""What a wallet of the test book starts with, in major units of its currency."""


def agency_accounts(agency_id: UUID, mode: str, currency: str) -> dict[int, int]:
    """The ids of the agency's own accounts by `Code`; what is missing is opened. One SELECT where all are there."""
    own = Account.objects.filter(agency_id=agency_id, mode=mode, currency=currency, owner_id=agency_id)
    codes = own.filter(code__in=AGENCY_CODES)
    ids = dict(codes.values_list("code", "id"))
    missing = [code for code in AGENCY_CODES if code not in ids]
    if missing:
        accounts = [
            Account(agency_id=agency_id, mode=mode, code=code, owner_id=agency_id, currency=currency)
            for code in missing
        ]
        Account.objects.bulk_create(accounts, ignore_conflicts=True)
        ids = dict(codes.values_list("code", "id"))
    return ids


def open_account(*, agency_id: UUID, mode: str, code: Code, owner_id: UUID, currency: str) -> int:
    """Opens a transaction. The id of the owner's account, opened where it was not there yet.

    A buyer's current account gets its guarded balance; in the test book the balance starts at TEST_OPENING.
    """
    if (code.owner is Owner.AGENCY) != (owner_id == agency_id):
        raise ValueError(f"account {code.value} belongs to a {code.owner}")
    with transaction.atomic():
        account, created = Account.objects.get_or_create(
            agency_id=agency_id, mode=mode, code=code, owner_id=owner_id, currency=currency
        )
        if created and code is Code.BUYER:
            BuyerBalance.objects.create(account=account)
            if mode == Mode.TEST:
                _fund_test_wallet(account, now())
    return account.id


def _fund_test_wallet(account: Account, moment: datetime) -> None:
    equity = agency_accounts(account.agency_id, account.mode, account.currency)[Code.OPENING_EQUITY]
    zone = Agency.objects.values_list("timezone", flat=True).get(id=account.agency_id)
    post_journal(
        Entry(
            agency_id=account.agency_id,
            mode=account.mode,
            kind="test.opening",
            key=f"test.opening:{account.id}",
            currency=account.currency,
            lines=(Line(equity, account.id, to_minor(TEST_OPENING, account.currency)),),
            posted_at=moment,
            posted_date=local_date(moment, zone),
            actor="system:billing",
            refs=Refs(buyer_ref=account.owner_id),
        )
    )
