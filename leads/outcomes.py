"""Tells scoring what became of leads: every night, of those whose buyers can no longer give them back.

A refusal waits as long as an acceptance by the same buyer would: early refusals would otherwise be over-represented
among the young. Silence, caps, missing funds and leads that nobody matched say nothing of a lead, and are not told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from leads.models import Lead, Sale
from scoring.models import Outcome, Policy, Target
from scoring.outcomes import Observed, record_outcomes

LOOK_BACK: Final = timedelta(days=400)
"""Leads older than this are not told of again."""
USUAL_HORIZON: Final = timedelta(days=90)
"""Within which time a conversion counts, where the agency says nothing else."""
NOT_THE_LEADS_FAULT: Final = frozenset(("cap", "cap_reached", "budget", "insufficient_funds", "closed", "timeout"))
"""Reasons of a refusal that speak of the buyer."""
_BATCH: Final = 500
_UNDECIDED: Final = (Sale.State.PENDING,)
_REFUSED: Final = (Sale.State.REFUSED,)
_SILENT: Final = (Sale.State.EXPIRED,)


def report_outcomes(*, now: datetime) -> int:
    """Opens transactions. Tell of every lead that is due: matured, returned late, or converted; how many facts."""
    told = 0
    for lead_ids in _batches(_due(now)):
        told += report_leads(lead_ids=lead_ids, now=now)
    return told


def report_leads(*, lead_ids: Sequence[UUID], now: datetime) -> int:
    """Opens a transaction. Tell again what became of these leads, as far as it is certain; how many facts."""
    leads = Lead.objects.filter(pk__in=lead_ids, mode="live").select_related("campaign__lead_type")
    sales = Sale.objects.filter(lead_id__in=lead_ids).select_related("buyer").order_by("lead_id", "sold_at", "id")
    by_lead = {lead_id: list(group) for lead_id, group in groupby(sales, key=lambda sale: sale.lead_id)}
    known = horizons()
    facts = [
        fact
        for lead in leads
        for fact in facts_of(lead, by_lead.get(lead.pk, []), known.get(_kind(lead), USUAL_HORIZON), now=now)
    ]
    return record_outcomes(observed=facts)


def facts_of(lead: Lead, sales: Sequence[Sale], horizon: timedelta, *, now: datetime) -> Iterator[Observed]:
    """What is certain of a lead by its sales: nothing while one of them may still change. Reads nothing."""
    telling = [sale for sale in sales if _tells(sale)]
    if not telling or any(sale.state in _UNDECIDED or _matured_at(sale) > now for sale in sales):
        return
    taken = [sale for sale in telling if sale.state not in _REFUSED]
    for sale in telling:
        matured_at = _matured_at(sale)
        yield _fact(lead, Target.ACCEPTED, sale.state not in _REFUSED, matured_at, sale)
        if sale in taken:
            yield _fact(lead, Target.RETURNED, sale.state == Sale.State.RETURNED, matured_at, sale)
    stuck = any(sale.state != Sale.State.RETURNED for sale in taken)
    yield _fact(lead, Target.STUCK, stuck, max(map(_matured_at, telling)))
    yield from _conversion(lead, taken, horizon, now)


def _conversion(lead: Lead, taken: Sequence[Sale], horizon: timedelta, now: datetime) -> Iterator[Observed]:
    until = lead.created_at + horizon
    if taken and until <= now:
        in_time = [sale for sale in taken if sale.converted_at is not None and sale.converted_at <= until]
        values = [sale.conversion_value for sale in in_time if sale.conversion_value is not None]
        fact = _fact(lead, Target.CONVERTED, bool(in_time), until)
        yield replace(fact, value=sum(values)) if values else fact


def _tells(sale: Sale) -> bool:
    if sale.state in _SILENT:
        return False
    return not (sale.state in _REFUSED and sale.reason in NOT_THE_LEADS_FAULT)


def _matured_at(sale: Sale) -> datetime:
    return (sale.decided_at or sale.sold_at) + timedelta(days=sale.buyer.return_days)


def _fact(lead: Lead, target: Target, label: bool, matured_at: datetime, sale: Sale | None = None) -> Observed:
    return Observed(
        agency_id=lead.agency_id,
        lead_ref=lead.pk,
        lead_type=lead.campaign.lead_type.name,
        target=target,
        label=label,
        received_at=lead.created_at,
        matured_at=matured_at,
        buyer_ref=sale.buyer_id if sale else None,
        source_ref=lead.source_id,
        campaign_ref=lead.campaign_id,
    )


# --- which leads are due -----------------------------------------------------------------------------------------


def horizons() -> dict[tuple[UUID, str], timedelta]:
    """Within which time a conversion counts, by agency and lead type, where it is not the usual."""
    rows = Policy.objects.values_list("agency_id", "lead_type", "conversion_days")
    return {(agency_id, lead_type): timedelta(days=days) for agency_id, lead_type, days in rows}


def _kind(lead: Lead) -> tuple[UUID, str]:
    return lead.agency_id, lead.campaign.lead_type.name


def _due(now: datetime) -> QuerySet[Sale]:
    """Sales that nothing was told of, or that were given back, or converted, after something was."""
    told = Outcome.objects.filter(lead_ref=OuterRef("lead_id"))
    of_sale = told.filter(buyer_ref=OuterRef("buyer_id"))
    known = (USUAL_HORIZON, *horizons().values())
    late = told.filter(target=Target.CONVERTED, label=False)
    news = (
        ~Exists(of_sale.filter(target=Target.ACCEPTED))
        | (Q(state=Sale.State.RETURNED) & ~Exists(of_sale.filter(target=Target.RETURNED, label=True)))
        | (
            ~Q(state__in=[*_REFUSED, *_SILENT])
            & Q(sold_at__lte=now - min(known))
            & ~Exists(told.filter(target=Target.CONVERTED))
        )
        | (Q(converted_at__lte=F("sold_at") + max(known)) & Exists(late))
    )
    ended = Sale.objects.filter(mode="live", sold_at__gt=now - LOOK_BACK, sold_at__lte=now)
    ended = ended.exclude(state__in=_REFUSED, reason__in=NOT_THE_LEADS_FAULT)
    return ended.exclude(state__in=[*_UNDECIDED, *_SILENT]).filter(news)


def _batches(due: QuerySet[Sale]) -> Iterator[list[UUID]]:
    """The leads of these sales in the order of their ids."""
    last = UUID(int=0)
    while lead_ids := list(
        due.filter(lead_id__gt=last).order_by("lead_id").values_list("lead_id", flat=True).distinct()[:_BATCH]
    ):
        yield lead_ids
        last = lead_ids[-1]
