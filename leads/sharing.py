"""A lead that several buyers share: what stays of it when one of them has said yes or no."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from billing.chart import Code
from billing.entries import Entry, Line, Refs
from billing.ledger import post_journal
from core.clock import local_date
from leads.drafts import Draft, Standing
from leads.models import Lead, Sale
from leads.snapshot import Snapshot
from routing.reasons import Reason
from routing.types import Promised

ENDED = (Sale.State.REFUSED, Sale.State.EXPIRED, Sale.State.RETURNED)


def locked_lead(sale: Sale) -> Lead:
    """Needs a transaction. The sale's lead, its row held until the end: sales of one lead change one after another.

    What the sale pays out is read again: it may be another's by now, or have come from one.
    """
    lead = Lead.objects.select_for_update(no_key=True).get(pk=sale.lead_id)
    sale.refresh_from_db(fields=["payout"])
    return lead


def other_sales(sale: Sale) -> list[Sale]:
    """The other sales of the sale's lead that stand, the first sold first."""
    others = Sale.objects.filter(lead_id=sale.lead_id).exclude(pk=sale.pk).exclude(state__in=ENDED)
    return list(others.order_by("sold_at", "id"))


def for_places_left(draft: Draft, lead: Lead, others: Sequence[Sale]) -> Draft:
    """The draft of which only the places are sold that these sales leave: not to their buyers again.

    What the source was promised is asked no more, since whoever joins brings it nearer; whose bids it took still is.
    """
    owners = {sale.buyer_id for sale in others}
    contracts = draft.campaign.contracts.values()
    had = {contract.id: Reason.BUYER_ALREADY_WON for contract in contracts if contract.buyer_id in owners}
    standing = Standing(lead.status, lead.routing_decision, len(others))
    promise = draft.promise and replace(draft.promise, least=Promised())
    return replace(draft, promise=promise, closed={**had, **draft.closed}, standing=standing)


def heir_of(view: Snapshot, sale: Sale, others: Sequence[Sale]) -> Sale | None:
    """The sale that takes over the payout of one that ended: a fixed sum is paid once for a lead, whoever has it."""
    source = view.sources.get(sale.source_id)
    if not sale.payout or source is None or source.terms.payout_kind != "fixed":
        return None
    return next((other for other in others if not other.payout), None)


def hand_over(view: Snapshot, sale: Sale, heir: Sale, *, actor: str, now: datetime) -> None:
    """Needs the lead held. Move the payout to the heir; where that was charged already, the source earns it now."""
    Sale.objects.filter(pk=heir.pk).update(payout=sale.payout)
    if heir.state != Sale.State.PENDING:
        post_journal(_accrual(view, sale, heir, actor, now))


def _accrual(view: Snapshot, sale: Sale, heir: Sale, actor: str, now: datetime) -> Entry:
    expense = view.books[sale.mode, sale.currency][Code.SOURCE_PAYOUTS]
    payable = view.sources[sale.source_id].payables[sale.mode, sale.currency]
    return Entry(
        agency_id=sale.agency_id,
        mode=sale.mode,
        kind="payout.accrue",
        key=f"accrue:{sale.lead_id}",
        currency=sale.currency,
        lines=(Line(expense, payable, sale.payout),),
        posted_at=now,
        posted_date=local_date(now, view.timezone),
        actor=actor,
        refs=Refs(
            campaign_ref=heir.campaign_id,
            source_ref=heir.source_id,
            buyer_ref=heir.buyer_id,
            lead_ref=heir.lead_id,
            sale_ref=heir.pk,
            received_date=local_date(sale.lead.created_at, view.timezone),
        ),
    )


def sum_up(lead: Lead, *, now: datetime) -> None:
    """Needs the lead held. Its first buyer, price and payout are those of the sales that stand and are certain."""
    sales = lead.sales.exclude(state__in=[*ENDED, Sale.State.PENDING]).order_by("sold_at", "id")
    certain = list(sales.values_list("buyer_id", "price", "payout"))
    Lead.objects.filter(pk=lead.pk).update(
        buyer_id=certain[0][0] if certain else None,
        price=sum(price for _, price, _ in certain),
        payout=sum(payout for *_, payout in certain),
        updated_at=now,
    )
