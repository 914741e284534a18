"""Takes a recorded lead up again: the draft it once was, from what is sealed of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from accounts.principals import Principal
from accounts.vault import open_data_key
from core import json
from core.clock import now as clock
from core.errors import DomainError
from leads.bids import Bidding, bidding_of, is_fresh
from leads.drafts import Draft
from leads.models import Lead, Sale
from leads.sealed import lead_context
from leads.snapshot import Snapshot
from leads.types import LeadData
from routing.reasons import Reason
from scoring.queries import scored_of

_CLOSED = {Sale.State.REFUSED: Reason.BUYER_REFUSED, Sale.State.EXPIRED: Reason.BUYER_UNREACHABLE}


class CampaignArchived(DomainError):
    """The lead's campaign or source is archived: there is no market for it any more."""

    code = "campaign_archived"


def recall(*, principal: Principal, view: Snapshot, lead: Lead) -> Draft:
    """The lead as a draft that is stored already. Contracts that refused it or let it expire stay closed to it.

    Bids that its buyers made a moment ago stand; older ones do not, and whoever decides by bids asks again. What its
    source was promised holds.

    Raises accounts.vault.Erased where its data was erased, and CampaignArchived.
    """
    campaign, source = view.campaigns.get(lead.campaign_id), view.sources.get(lead.source_id)
    if campaign is None or source is None:
        raise CampaignArchived
    last = _last_bidding(lead)
    sealer = open_data_key(lead.pk)
    contents: Mapping[str, Any] = json.loads(sealer.open(bytes(lead.sealed), lead_context(lead.pk)))
    return Draft(
        id=lead.pk,
        principal=principal,
        snapshot=view,
        campaign=campaign,
        source=source,
        source_text=lead.source_text,
        data=LeadData(contents["fields"], frozenset(contents["flags"])),
        external_id=lead.external_id,
        metadata=contents["metadata"],
        phone_hash=_bytes(lead.phone_hash),
        email_hash=_bytes(lead.email_hash),
        scored=scored_of(lead.pk, contents["features"]),
        features=contents["features"],
        received_at=lead.created_at,
        sealer=sealer,
        stored=True,
        number=lead.decisions.count() + 1,
        sequence=lead.last_sequence,
        closed=_closed(lead),
        bidding=last if last and campaign.pings and is_fresh(last.started_at, clock()) else None,
        promise=None if last is None else last.promise,
    )


def asked_lately(lead: Lead) -> bool:
    """Whether what buyers were asked last still stands; so does, for as long, that there was nobody to ask."""
    last = _last_bidding(lead)
    return is_fresh(last.started_at if last else lead.created_at, clock())


def _last_bidding(lead: Lead) -> Bidding | None:
    row = lead.auctions.order_by("-started_at", "-id").first()
    return bidding_of(row) if row is not None else None


def _closed(lead: Lead) -> dict[UUID, Reason]:
    ended = lead.sales.filter(state__in=list(_CLOSED)).values_list("contract_id", "state")
    return {contract_id: _CLOSED[Sale.State(state)] for contract_id, state in ended}


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)
