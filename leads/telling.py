"""What the world is told of a lead: events with a thin body for anybody, and the full lead for the buyer that owns it.

The shape of a body is the same in every event. Bodies are bytes from here on: a retry sends what
was written down.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from buyers.models import Buyer, Contract
from core import json
from core.clock import rfc3339
from core.ids import encode, new_id
from core.money import to_major
from leads.drafts import Draft, Fate, NewSale
from leads.models import Lead, Sale
from webhooks.outbox import NewEvent, SealedBody, enqueue, seal_body
from webhooks.subscriptions import Subscriptions

API_VERSION = "2026-05-01"
_OUTCOMES = {"unsold": "lead.unsold", "duplicate": "lead.duplicate", "rejected": "lead.rejected"}


def lead_events(draft: Draft, fate: Fate, told: Subscriptions, *, now: datetime) -> list[NewEvent]:
    """The events of one settlement, numbered on from the lead's last: received, what became of it, deliveries."""
    teller = _Teller(draft, told, now)
    if not draft.stored:
        teller.tell("lead.received")
    if (outcome := _OUTCOMES.get(fate.status)) is not None:
        teller.tell(outcome)
    for sale in fate.certain:
        teller.tell_sold(sale)
    return teller.events


def tell_unsold(lead: Lead, *, reason: str, now: datetime) -> None:
    """Needs the lead held. Nobody gets a lead that cannot be decided any more: write it down and tell of it."""
    ended = {"status": Lead.Status.UNSOLD, "routing_decision": "unsold", "reason": reason}
    _tell_stored(lead, "lead.unsold", f"lead.unsold:{lead.pk}:{lead.last_sequence + 1}", None, now, **ended)


def tell_converted(lead: Lead, sale: Sale, *, now: datetime) -> None:
    """Needs the lead held. The lead became a customer of the sale's buyer; what it was worth is told to nobody."""
    _tell_stored(lead, "lead.converted", f"lead.converted:{sale.pk}", sale, now)


def _tell_stored(lead: Lead, event: str, key: str, sale: Sale | None, now: datetime, **columns: Any) -> None:
    """Number the event on from the lead's last, with a thin body, and write these columns of the lead."""
    sequence = lead.last_sequence + 1
    Lead.objects.filter(pk=lead.pk).update(**columns, last_sequence=sequence, updated_at=now)
    facts = {"lead_id": lead.public_id, "score": lead.score}
    body = {
        "event": event,
        "type": event,
        **facts,
        "buyer_id": encode(Buyer.prefix, sale.buyer_id) if sale else None,
        "timestamp": rfc3339(now),
        "price": to_major(sale.price, sale.currency) if sale else None,
        "delivery_method": None,
        "sequence": sequence,
        "api_version": API_VERSION,
        "lead": {**facts, "test": lead.mode == "test"},
    }
    told = NewEvent(
        id=new_id(),
        type=event,
        key=key,
        body=json.dumps(body),
        lead_ref=lead.pk,
        sale_ref=sale.pk if sale else None,
        buyer_ref=sale.buyer_id if sale else None,
        campaign_ref=lead.campaign_id,
        sequence=sequence,
    )
    enqueue(agency_id=lead.agency_id, mode=lead.mode, events=[told])


class _Teller:
    """Builds one lead's events in order."""

    def __init__(self, draft: Draft, told: Subscriptions, now: datetime) -> None:
        self.draft, self.told = draft, told
        self.events: list[NewEvent] = []
        self._facts = {"lead_id": encode(Lead.prefix, draft.id), "score": draft.scored.score}
        self._body = {
            "event": None,
            "type": None,
            "lead_id": self._facts["lead_id"],
            "buyer_id": None,
            "timestamp": rfc3339(now),
            "score": draft.scored.score,
            "price": None,
            "delivery_method": None,
            "sequence": None,
            "api_version": API_VERSION,
            "lead": {**self._facts, "test": draft.mode == "test"},  # what names nobody
        }

    def tell(self, event: str) -> None:
        """An event of the lead itself; by its number, since a lead may be unsold more than once."""
        self._add(event, f"{event}:{self.draft.id}:{self._next()}", self._thin(event, {}))

    def tell_sold(self, sale: NewSale) -> None:
        """The events of one certain sale: accepted, and delivered where that is on its way or needs none."""
        bought = {
            "buyer_id": encode(Buyer.prefix, sale.buyer_id),
            "price": to_major(sale.price, self.draft.campaign.currency),
            "delivery_method": sale.method,
        }
        self._tell_sale("lead.accepted", sale, bought)
        if sale.endpoint_id is not None or sale.state == Sale.State.DELIVERED:
            self._tell_sale("lead.delivered", sale, bought, deliver_to=sale.endpoint_id)

    def _tell_sale(self, event: str, sale: NewSale, bought: dict[str, Any], *, deliver_to: UUID | None = None) -> None:
        """An event of one sale; its buyer may have the whole lead, which is written out where it wants it."""
        event_id, sealed = new_id(), None
        thin = self._thin(event, bought)
        if deliver_to is not None or self.told.any_full(event, sale.buyer_id, self.draft.campaign.id):
            full = json.dumps(thin | {"lead": self._full(sale, bought)})
            sealed = seal_body(self.draft.sealer, event_id, full)
        self._add(event, f"{event}:{sale.id}", thin, sale, event_id, sealed, deliver_to)

    def _next(self) -> int:
        return self.draft.sequence + len(self.events) + 1

    def _thin(self, event: str, bought: dict[str, Any]) -> dict[str, Any]:
        return {**self._body, "event": event, "type": event, "sequence": self._next(), **bought}

    def _full(self, sale: NewSale, bought: dict[str, Any]) -> dict[str, Any]:
        """The lead's record for its buyer: every field, and of the sales only its own."""
        draft, owner, price = self.draft, bought["buyer_id"], bought["price"]
        record = {
            "lead_id": self._facts["lead_id"],
            "status": "accepted",
            "score": draft.scored.score,
            "score_reasons": reasons(draft),
            "buyer_id": owner,
            "price": price,
            "deduped": False,
            "test": draft.mode == "test",
            "created_at": rfc3339(draft.received_at),
            "campaign_id": draft.campaign.slug,
            "sales": [
                {
                    "sale_id": encode(Sale.prefix, sale.id),
                    "contract_id": encode(Contract.prefix, sale.contract_id),
                    "buyer_id": owner,
                    "price": price,
                    "state": sale.state,
                }
            ],
        }
        # A field may not pass itself off as a part of the record.
        return {**draft.data.fields, **record}

    def _add(
        self,
        event: str,
        key: str,
        body: dict[str, Any],
        sale: NewSale | None = None,
        event_id: UUID | None = None,
        full_body: SealedBody | None = None,
        deliver_to: UUID | None = None,
    ) -> None:
        self.events.append(
            NewEvent(
                id=event_id or new_id(),
                type=event,
                key=key,
                body=json.dumps(body),
                lead_ref=self.draft.id,
                sale_ref=sale.id if sale else None,
                buyer_ref=sale.buyer_id if sale else None,
                campaign_ref=self.draft.campaign.id,
                sequence=self._next(),
                full_body=full_body,
                deliver_to=deliver_to,
            )
        )


def reasons(draft: Draft) -> list[dict[str, Any]]:
    """The score's reasons as the API shows them."""
    return [reason.record() for reason in draft.scored.reasons]


def told_sequence(draft: Draft, events: Sequence[NewEvent]) -> int:
    """The number of the last event told of the lead, once these are."""
    return draft.sequence + len(events)
