"""A lead that nobody has is decided again, or sold by hand to one contract."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from accounts.principals import Principal
from buyers.terms import Terms
from core import json
from core.clock import now as clock
from core.errors import DomainError, NotFound
from leads import snapshot
from leads.auction import bidden
from leads.bids import Bidding
from leads.drafts import Draft
from leads.market import Rider, ask
from leads.models import Decision, Lead, Sale
from leads.pipeline import travel
from leads.recall import recall
from leads.trip import Outcome, route
from routing.reasons import Reason
from routing.types import MarketTerms

_BY_HAND = {"filters": {}, "schedule": [], "min_score": 0, "min_percentile": 0, "sells": "both", "status": "active"}
"""What a person may overrule by choosing the contract; caps, funds and the buyer's own duplicates stay."""


class NotOpen(DomainError):
    """Only an unsold lead, or one whose every sale was returned, can be sold again."""

    code = "not_open"


class NotAssignable(DomainError):
    """The contract cannot take this lead."""

    code = "not_assignable"


def reroute_lead(*, principal: Principal, lead_id: UUID) -> Outcome:
    """Opens transactions. Decide the lead again under the present configuration. Raises NotOpen.

    Where its campaign holds auctions buyers are asked again. Posts that follow are left to make. What its source was
    promised is over: it was told already that the lead did not bring it, or that it was returned.
    """
    return _again(principal, lead_id, lambda draft: replace(draft, promise=None), Decision.Kind.REROUTE)


def auction_lead(*, principal: Principal, lead_id: UUID) -> Outcome:
    """Opens transactions. As `reroute_lead`, for a lead on its way: its source's promise holds. Raises NotOpen."""
    return _again(principal, lead_id, lambda draft: draft, Decision.Kind.REROUTE)


def assign_lead(*, principal: Principal, lead_id: UUID, contract_id: UUID) -> Outcome:
    """Opens transactions. Sell the lead to this contract by hand, whatever its filters and schedule say.

    Raises NotOpen, NotFound for a contract of another campaign, and NotAssignable with the reason (a cap, no funds, a
    person the buyer had); nothing is changed then.
    """

    def narrowed(draft: Draft) -> Draft:
        if contract_id not in draft.campaign.contracts:
            raise NotFound("There is no such contract in the lead's campaign.")
        return replace(
            draft, closed={}, promise=None, campaign=replace(draft.campaign, terms=_only(draft, contract_id))
        )

    return _again(principal, lead_id, narrowed, Decision.Kind.ASSIGN)


def _again(principal: Principal, lead_id: UUID, narrow: Callable[[Draft], Draft], kind: str) -> Outcome:
    held: Bidding | None = None

    def trip(view: snapshot.Snapshot) -> Outcome:
        nonlocal held
        lead = Lead.objects.visible_to(principal).prefetch_related("sales").get(pk=lead_id)
        _refuse_sold(lead)
        recalled = narrow(recall(principal=principal, view=view, lead=lead))
        draft = bidden(Rider(recalled, ask(recalled, clock())), held).draft
        if recalled.bidding is None:
            held = draft.bidding
        with transaction.atomic():
            outcome = route(draft, now=clock(), kind=kind)
            if kind == Decision.Kind.ASSIGN and outcome.body["status"] == Lead.Status.UNSOLD:
                raise NotAssignable(Reason(outcome.body["reason"]).sentence)
        return outcome

    return travel(snapshot.read(agency_id=principal.agency_id, version=principal.version), trip)


def _refuse_sold(lead: Lead) -> None:
    open_states = {Sale.State.RETURNED, Sale.State.REFUSED, Sale.State.EXPIRED}
    if lead.status not in (Lead.Status.UNSOLD, Lead.Status.ACCEPTED):
        raise NotOpen
    if any(sale.state not in open_states for sale in lead.sales.all()):
        raise NotOpen


def _only(draft: Draft, contract_id: UUID) -> Terms:
    """The campaign's terms with this one contract in them, open to anything."""
    terms = draft.campaign.terms
    content = terms.market.to_content()
    chosen = [row | _BY_HAND for row in content["contracts"] if row["id"] == str(contract_id)]
    narrowed = content | {
        "contracts": chosen,
        "floor_price": 0,
        "min_margin": None,
        "max_sales": 1,
        "method": "waterfall",
    }
    text = json.canonical(narrowed)
    market = MarketTerms.from_content(narrowed)
    return Terms(terms.agency_id, terms.campaign_id, market, text, sha256(text).digest())
