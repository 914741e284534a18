"""A buyer changes: what it is, whether it buys, and that it leaves."""

from typing import Any

from accounts.principals import Actor
from billing.deposits import set_credit_limit
from billing.models import BuyerBalance
from buyers.caps import forget_counters
from buyers.changes import Values, assign, changing, publish
from buyers.models import Buyer, Contract, Status
from buyers.records import buyer_record
from core.errors import DomainError


class IsArchived(DomainError):
    """It is archived. Restore it by giving it the status active or paused."""

    code = "archived"


def change_buyer(*, actor: Actor, buyer: Buyer, values: Values) -> Buyer:
    """Opens a transaction. Change what `values` (of BuyerInput) name; what is the same already changes nothing.

    A cap's new limit counts what was bought before; so does a new cap. Raises IsArchived.
    """
    wanted: dict[str, Any] = dict(values)
    credit_limit = wanted.pop("credit_limit", None)
    with changing(actor):
        buyer = _fresh(buyer)
        if buyer.status == Status.ARCHIVED and "status" not in wanted:
            raise IsArchived
        before, zone, windows = buyer_record(buyer), buyer.timezone, _windows(buyer)
        assign(buyer, wanted)
        if credit_limit is not None and credit_limit != buyer.account.wallet.credit_limit:
            set_credit_limit(account_id=buyer.account_id, credit_limit=credit_limit)
            buyer.account.wallet = BuyerBalance.objects.get(pk=buyer.account_id)
        if publish(
            actor=actor, action="buyer.update", row=buyer, name=buyer.name, before=before, after=buyer_record(buyer)
        ):
            buyer.save()
            _recount(buyer, zone_moved=zone != buyer.timezone, new=_windows(buyer) - windows)
    return buyer


def archive_buyer(*, actor: Actor, buyer: Buyer) -> None:
    """Opens a transaction. The buyer and its contracts leave the market and the lists; what they bought stays."""
    with changing(actor):
        buyer = _fresh(buyer)
        before = buyer_record(buyer)
        assign(buyer, {"status": Status.ARCHIVED.value})
        if publish(
            actor=actor, action="buyer.archive", row=buyer, name=buyer.name, before=before, after=buyer_record(buyer)
        ):
            buyer.save()
            Contract.objects.filter(buyer=buyer).exclude(status=Status.ARCHIVED).update(
                status=Status.ARCHIVED, updated_at=buyer.updated_at
            )


def _fresh(buyer: Buyer) -> Buyer:
    return Buyer.objects.select_related("account__wallet").get(pk=buyer.pk)


def _windows(buyer: Buyer) -> set[str]:
    return {cap["window"] for cap in buyer.caps}


def _recount(buyer: Buyer, *, zone_moved: bool, new: set[str]) -> None:
    """Counters of a new window, or of a moved zone, open again from the sales."""
    if zone_moved:
        following = Contract.objects.filter(buyer=buyer, timezone="").values_list("pk", flat=True)
        forget_counters(subject_ids=[buyer.pk, *following])
    elif new:
        forget_counters(subject_ids=[buyer.pk], windows=new)
