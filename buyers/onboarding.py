"""A buyer joins: the company and its wallets in both books, in one go."""

from typing import Any

from accounts.models import Agency, Mode
from accounts.principals import Actor
from billing.accounts import open_account
from billing.chart import Code
from billing.deposits import set_credit_limit
from buyers.changes import Values, changing, publish
from buyers.models import Buyer
from buyers.records import buyer_record
from core.ids import new_id


def open_buyer(*, actor: Actor, values: Values) -> Buyer:
    """Opens a transaction. A new buyer of the actor's agency with an empty wallet, and a full one in the test book.

    `values` are those of BuyerInput; `credit_limit` is minor units. The zone is the agency's where none is given.
    """
    wanted: dict[str, Any] = dict(values)
    credit_limit = wanted.pop("credit_limit", 0)
    with changing(actor):
        agency = Agency.objects.get(pk=actor.agency_id)
        wanted.setdefault("timezone", agency.timezone)
        buyer = Buyer(id=new_id(), agency=agency, **wanted)
        buyer.account_id, buyer.test_account_id = (
            open_account(agency_id=agency.pk, mode=mode, code=Code.BUYER, owner_id=buyer.pk, currency=agency.currency)
            for mode in (Mode.LIVE, Mode.TEST)
        )
        buyer.save(force_insert=True)
        if credit_limit:
            set_credit_limit(account_id=buyer.account_id, credit_limit=credit_limit)
        publish(actor=actor, action="buyer.create", row=buyer, name=buyer.name, before={}, after=buyer_record(buyer))
    return buyer
