"""A sale that waits for its buyer's word: accepted, refused, or too late. Each ends exactly once."""

from datetime import datetime

from django.db import transaction

from accounts.models import Agency
from accounts.principals import AgencyFacts, Principal
from billing.charges import capture_statements, release_statements
from buyers.caps import release_statements as cap_release_statements
from core.clock import now as clock
from core.errors import DomainError
from core.sql import Statement, bind, run
from leads import snapshot
from leads.drafts import Draft, Fate, NewSale
from leads.models import Decision, Lead, Sale
from leads.pipeline import Outcome, route, travel
from leads.recall import recall
from leads.settlement import charge_terms, settle
from routing.claims import cap_claims
from routing.types import Winner


class NotPending(DomainError):
    """This sale does not wait for a decision (any more)."""

    code = "not_pending"


def accept_sale(*, principal: Principal, sale: Sale) -> None:
    """Opens a transaction. The buyer takes the lead: the hold is charged and the lead delivered. Raises NotPending."""

    def trip(view: snapshot.Snapshot) -> Outcome:
        draft = _draft(principal, view, sale)
        sold = _sold(draft, sale)
        fate = Fate(status=Lead.Status.ACCEPTED, routing_decision=_winner_of(draft), sales=(sold,))
        with transaction.atomic():
            moment = clock()
            run([_decide(sale, sold.state, moment)])
            inserts, guards = capture_statements(charge_terms(draft, sold, moment))
            settle(draft, fate, now=moment, written=(inserts, guards))
        return Outcome(201, {})

    travel(snapshot.read(agency_id=principal.agency_id, version=principal.version), trip)


def reject_sale(*, principal: Principal, sale: Sale, reason: str) -> None:
    """Opens transactions. The buyer refuses: hold and caps are freed, and the lead is decided again. NotPending."""
    _end(principal, sale, Sale.State.REFUSED, reason)


def expire_sales(*, now: datetime, limit: int = 200) -> int:
    """Opens transactions. End sales whose buyers did not answer in time; how many."""
    due = Sale.objects.filter(state=Sale.State.PENDING, confirm_by__lte=now).order_by("confirm_by", "id")
    ended = 0
    for sale in due.select_related("agency")[:limit]:
        try:
            _end(_system(sale.agency, sale.mode), sale, Sale.State.EXPIRED, "no answer in time")
        except NotPending:  # the buyer, or another process, was first
            continue
        ended += 1
    return ended


def _end(principal: Principal, sale: Sale, state: Sale.State, reason: str) -> None:
    def trip(view: snapshot.Snapshot) -> Outcome:
        with transaction.atomic():
            moment = clock()
            run([_decide(sale, state, moment, reason), *_freed(view, sale, moment)])
            draft = _draft(principal, view, sale)
            return route(draft, repeat=None, now=moment, kind=Decision.Kind.REROUTE)

    travel(snapshot.read(agency_id=principal.agency_id, version=principal.version), trip)


def _freed(view: snapshot.Snapshot, sale: Sale, moment: datetime) -> list[Statement]:
    inserts, guards = release_statements(sale.pk, moment)
    campaign, source = view.campaigns.get(sale.campaign_id), view.sources.get(sale.source_id)
    if campaign is None or source is None or sale.contract_id not in campaign.contracts:
        return [*inserts, *guards]
    winner = _winner(sale)
    claims = [
        ((claim.subject_id, claim.window, claim.period_start), claim.money)
        for claim in cap_claims(campaign.terms.market, source.terms, winner, sale.sold_at)
    ]
    return [*inserts, *cap_release_statements(mode=sale.mode, claims=claims), *guards]


def _winner(sale: Sale) -> Winner:
    return Winner(
        contract_id=sale.contract_id,
        buyer_id=sale.buyer_id,
        account_id=None,
        price=sale.price,
        payout=sale.payout,
        exclusive=sale.exclusive,
        confirm_minutes=0,
        ticket=0,
        pass_floor=0,
        pass_add=0,
    )


def _decide(sale: Sale, state: str, moment: datetime, reason: str = "") -> Statement:
    """Move the sale out of pending; whoever comes second is refused."""
    sql = (
        f'UPDATE "{Sale._meta.db_table}" SET "state" = %s, "decided_at" = %s, "reason" = %s, "delivered_at" = %s '
        'WHERE "id" = %s AND "state" = \'pending\''
    )
    delivered = bind(moment) if state == Sale.State.DELIVERED else None
    params = (state, bind(moment), reason[:200], delivered, bind(sale.pk))
    return Statement(sql, params, expect=1, refusal=NotPending())


def _draft(principal: Principal, view: snapshot.Snapshot, sale: Sale) -> Draft:
    return recall(principal=principal, view=view, lead=Lead.objects.get(pk=sale.lead_id))


def _sold(draft: Draft, sale: Sale) -> NewSale:
    contract = draft.campaign.contracts[sale.contract_id]
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


def _system(agency: Agency, mode: str) -> Principal:
    facts = AgencyFacts(agency.pk, agency.currency, agency.timezone, agency.status)
    return Principal(
        kind="user",
        agency=facts,
        mode=mode,
        scopes=frozenset(),
        actor="system:expire_sales",
        version=agency.version,
    )
