"""A sale that waits for its buyer's word: accepted, refused, or too late. Each ends exactly once.

The lead's row is held first: sales of one lead change one after another. Ending a sale frees caps and money in the
middle of its transaction and then sells the lead again, which is no order that settlements keep; so it holds the
agency's configuration alone, and none is under way.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.authentication import AgencySuspended
from accounts.models import Agency
from accounts.principals import AgencyFacts, Principal
from accounts.vault import Erased
from accounts.versions import lock_configuration
from billing.charges import capture_statements, release_statements
from buyers.caps import forget_counters
from buyers.caps import release_statements as cap_release_statements
from buyers.models import Buyer
from core.clock import now as clock
from core.errors import DomainError
from core.sql import Statement, bind, run
from leads import snapshot
from leads.charging import charge_terms
from leads.drafts import Draft, Fate, NewSale
from leads.models import Decision, Lead, Sale
from leads.pipeline import travel
from leads.recall import CampaignArchived, asked_lately, recall
from leads.rerouting import NotOpen, auction_lead
from leads.settlement import LeadChanged, Settlement, settle
from leads.sharing import for_places_left, hand_over, heir_of, locked_lead, other_sales, sum_up
from leads.telling import tell_unsold
from leads.trip import Outcome, route
from routing.caps import Capped, parse_caps
from routing.reasons import Reason
from routing.windows import quarter_of

log = logging.getLogger(__name__)

Answered = dict[str, Any]
"""What a buyer answered to a post, as `Sale.post_answer` keeps it."""

_CLOSED = {Sale.State.REFUSED: Reason.BUYER_REFUSED.value, Sale.State.EXPIRED: Reason.BUYER_UNREACHABLE.value}
_GONE = (AgencySuspended, CampaignArchived, Erased)
"""What a lead is refused by that has no market any more."""


class NotPending(DomainError):
    """This sale does not wait for a decision (any more)."""

    code = "not_pending"


def accept_sale(*, principal: Principal, sale: Sale, post: Answered | None = None) -> None:
    """Opens a transaction. The buyer takes the lead: the hold is charged and the lead delivered.

    `post` is what it answered to a real-time post, where it was that.

    Raises NotPending, and CampaignArchived where the campaign or the source left meanwhile.
    """

    def trip(view: snapshot.Snapshot) -> Outcome:
        with transaction.atomic():
            lead = locked_lead(sale)
            moment = clock()
            draft = recall(principal=principal, view=view, lead=lead)
            sold = _sold(draft, sale)
            run([decided_statement(sale.pk, sold.state, moment, post=post)])
            fate = Fate(status=Lead.Status.ACCEPTED, routing_decision=_winner_of(draft), sales=(sold,))
            money = capture_statements(charge_terms(draft, sold, moment))
            settle([Settlement(draft=draft, fate=fate, now=moment, written=money)])
            sum_up(lead, now=moment)
        return Outcome(201, {})

    travel(snapshot.read(agency_id=principal.agency_id, version=principal.version), trip)


def reject_sale(*, principal: Principal, sale: Sale, reason: str) -> Outcome:
    """Opens transactions. The buyer refuses: hold and caps are freed, and the lead is decided again. NotPending.

    Where others have the lead too it stays theirs, and the place that was left is. Posts that follow are left to make.
    """
    return _end(principal, sale, Sale.State.REFUSED, reason)


def close_sale(
    *, principal: Principal, sale: Sale, state: Sale.State, reason: str, post: Answered, again: bool
) -> Outcome:
    """Opens transactions. The buyer did not take what it was posted: as `reject_sale`, or nobody else is asked.

    `state` refused where it said no, expired where it said nothing that counts; `again` while there is time left to
    sell the lead to others. Gives the outcome of that. Raises NotPending.
    """
    return _end(principal, sale, state, reason, post=post, again=again)


def expire_sales(*, now: datetime, limit: int = 200) -> int:
    """Opens transactions. End sales whose buyers did not answer in time; how many.

    One that cannot be ended is logged and does not hold up the others.
    """
    due = Sale.objects.filter(state=Sale.State.PENDING, confirm_by__lte=now).order_by("confirm_by", "id")
    return sum(_expire(sale) for sale in due.select_related("agency")[:limit])


def _expire(sale: Sale) -> bool:
    try:
        _end(system_principal(sale.agency, sale.mode, "expire_sales"), sale, Sale.State.EXPIRED, "no answer in time")
    except NotPending:  # the buyer, or another process, was first
        return False
    except Exception:
        log.exception("sale %s could not be ended", sale.public_id)
        return False
    return True


def _end(
    principal: Principal,
    sale: Sale,
    state: Sale.State,
    reason: str,
    *,
    post: Answered | None = None,
    again: bool = True,
) -> Outcome:
    stale = False

    def trip(view: snapshot.Snapshot) -> Outcome:
        nonlocal stale
        with transaction.atomic():
            lock_configuration(sale.agency_id)
            lead = locked_lead(sale)
            moment = clock()
            others = other_sales(sale)
            heir = heir_of(view, sale, others)
            freed = _freed(view, sale, moment, payout=0 if heir else sale.payout)
            run([decided_statement(sale.pk, state, moment, reason, post=post), *freed])
            if heir:
                hand_over(view, sale, heir, actor=principal.actor, now=moment)
            may_sell = again and not _may_be_had(sale, state)
            outdated = may_sell and _has_stale_bids(view, lead)
            stale = outdated and not others
            outcome = Outcome(201, {})
            if may_sell and not outdated:
                outcome = _sell_again(principal, view, lead, others, moment)
            elif not others:
                tell_unsold(lead, reason=_CLOSED[state], now=moment)
            if others:
                sum_up(lead, now=moment)
        return outcome

    outcome = travel(snapshot.read(agency_id=principal.agency_id, version=principal.version), trip)
    return _auction_again(sale) if stale else outcome


def _may_be_had(sale: Sale, state: Sale.State) -> bool:
    """Whether the buyer was posted the lead and never answered; who would post it now finds the sale ended."""
    posted = [Sale.Post.SENT, Sale.Post.UNKNOWN]
    return state == Sale.State.EXPIRED and Sale.objects.filter(pk=sale.pk, post__in=posted).exists()


def _has_stale_bids(view: snapshot.Snapshot, lead: Lead) -> bool:
    """Whether buyers must be asked anew who gets the lead: not here, where a transaction is open."""
    campaign = view.campaigns.get(lead.campaign_id)
    return campaign is not None and campaign.pings and not asked_lately(lead)


def _auction_again(sale: Sale) -> Outcome:
    try:
        return auction_lead(principal=system_principal(sale.agency, sale.mode, "auction_again"), lead_id=sale.lead_id)
    except (NotOpen, LeadChanged, *_GONE):  # somebody else sold it meanwhile, or nobody can
        return Outcome(201, {})


def _sell_again(
    principal: Principal, view: snapshot.Snapshot, lead: Lead, others: Sequence[Sale], moment: datetime
) -> Outcome:
    """Decide the lead, or the place that is left of it, again; where there is no market any more, nobody gets it."""
    try:
        draft = recall(principal=principal, view=view, lead=lead)
        draft = for_places_left(draft, lead, others) if others else draft
        return route(draft, now=moment, kind=Decision.Kind.REROUTE)
    except _GONE as gone:
        if not others:
            tell_unsold(lead, reason="erased" if isinstance(gone, Erased) else gone.code, now=moment)
    return Outcome(201, {})


def _freed(view: snapshot.Snapshot, sale: Sale, moment: datetime, *, payout: int) -> list[Statement]:
    inserts, guards = release_statements(sale.pk, moment)
    quarter = quarter_of(sale.sold_at)
    claims = [
        ((claim.subject_id, claim.window, claim.period_start), claim.money)
        for room, money in _rooms(view, sale, payout)
        for claim in room.claims(quarter, money)
    ]
    return [*inserts, *cap_release_statements(mode=sale.mode, claims=claims), *guards]


def _rooms(view: snapshot.Snapshot, sale: Sale, payout: int) -> Iterator[tuple[Capped, int]]:
    """Whose caps count the sale, and the money that they count. What left the market forgets what it counted."""
    campaign, source = view.campaigns.get(sale.campaign_id), view.sources.get(sale.source_id)
    known = {contract.id: contract for contract in campaign.terms.market.contracts} if campaign else {}
    gone = [
        subject_id
        for subject_id, found in (
            (sale.contract_id, known.get(sale.contract_id)),
            (sale.campaign_id, campaign),
            (sale.source_id, source),
        )
        if found is None
    ]
    forget_counters(subject_ids=gone)
    if contract := known.get(sale.contract_id):
        yield contract.room, sale.price
    yield _buyers_room(sale), sale.price
    if campaign:
        yield campaign.terms.market.room, sale.price
    if source:
        yield source.terms.room, payout


def _buyers_room(sale: Sale) -> Capped:
    buyer = Buyer.objects.get(pk=sale.buyer_id)
    return Capped(buyer.pk, buyer.timezone, parse_caps(buyer.caps))


def decided_statement(
    sale_id: UUID, state: str, moment: datetime, reason: str = "", *, post: Answered | None = None
) -> Statement:
    """The UPDATE that moves a sale out of pending; whoever comes second is refused with NotPending."""
    changes = {
        "state": state,
        "decided_at": moment,
        "reason": reason[:200],
        "delivered_at": moment if state == Sale.State.DELIVERED else None,
        **({} if post is None else {"post": Sale.Post.ANSWERED.value, "post_lease": None, "post_answer": post}),
    }
    columns = ", ".join(f'"{name}" = %s' for name in changes)
    sql = f'UPDATE "{Sale._meta.db_table}" SET {columns} WHERE "id" = %s AND "state" = \'pending\''
    return Statement(sql, (*map(bind, changes.values()), bind(sale_id)), expect=1, refusal=NotPending())


def _sold(draft: Draft, sale: Sale) -> NewSale:
    contract = draft.campaign.contracts.get(sale.contract_id) or snapshot.contract_view(sale.contract_id)
    delivered = sale.mode == "test" or contract.endpoint_id is None
    return NewSale(
        id=sale.pk,
        contract_id=sale.contract_id,
        buyer_id=sale.buyer_id,
        account_id=contract.accounts[sale.mode],
        price=sale.price,
        payout=sale.payout,
        state=Sale.State.DELIVERED if delivered else Sale.State.ACCEPTED,
        exclusive=sale.exclusive,
        method=contract.method,
        endpoint_id=contract.endpoint_id if sale.mode == "live" else None,
        confirm_by=None,
    )


def _winner_of(draft: Draft) -> str:
    return f"{draft.campaign.terms.market.method}_winner"


def system_principal(agency: Agency, mode: str, task: str) -> Principal:
    """The product itself, acting for an agency in one of its books."""
    facts = AgencyFacts(agency.pk, agency.currency, agency.timezone, agency.status)
    return Principal(
        kind="user",
        agency=facts,
        mode=mode,
        scopes=frozenset(),
        actor=f"system:{task}",
        version=agency.version,
    )
