"""What a delivery's end means for its sale: the one word that comes up from below."""

from typing import Any

from django.dispatch import receiver

from core.clock import now
from leads.models import Sale
from webhooks.forwarding import forward_event
from webhooks.models import Endpoint, Event
from webhooks.signals import delivery_settled
from webhooks.states import MessageState, OwnerKind

_WAITING = (Sale.State.ACCEPTED, Sale.State.UNDELIVERED)


@receiver(delivery_settled)
def settle_delivery(sender: Any, *, event: Event, endpoint: Endpoint, state: str, **_: Any) -> None:
    """Inside the settling transaction: a contract's delivery makes its sale delivered, or leaves it undelivered.

    The first arrival is told to whoever subscribed to `lead.delivered`. A replay that arrives later counts too; a sale
    that was returned meanwhile stays what it is.
    """
    if endpoint.owner_kind != OwnerKind.CONTRACT or event.sale_ref is None:
        return
    sales = Sale.objects.filter(pk=event.sale_ref)
    if state == MessageState.EXHAUSTED:
        sales.filter(state=Sale.State.ACCEPTED).update(state=Sale.State.UNDELIVERED)
        return
    moment = now()
    if sales.filter(state__in=_WAITING).update(state=Sale.State.DELIVERED, delivered_at=moment):
        forward_event(event, campaign_ref=sales.values_list("campaign_id", flat=True).get())
