"""An agency's day in a few figures: what came in, what was sold, for how much, and why the rest was not."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from accounts.principals import Principal
from leads.models import Lead


@dataclass(frozen=True, slots=True)
class Share:
    """A reason and how many leads it kept from being sold."""

    reason: str
    leads: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The leads that came since `since`. Amounts are minor units of the agency's currency; `foreign` counts others."""

    since: datetime
    leads: int
    sold: int
    pending: int
    revenue: int
    payout: int
    foreign: int
    unsold: tuple[Share, ...]

    @property
    def margin(self) -> int:
        """What stays of the revenue after the sources are paid."""
        return self.revenue - self.payout

    @property
    def sold_percent(self) -> int:
        """The sold part of all leads, in whole per cent."""
        return round(100 * self.sold / self.leads) if self.leads else 0


def overview(principal: Principal, *, since: datetime) -> Overview:
    """The figures of what the principal may see. One statement over the index of the newest leads."""
    rows = Lead.objects.visible_to(principal).filter(created_at__gte=since)
    groups = rows.values("status", "reason", "currency").annotate(n=Count("pk"), paid=Sum("price"), owed=Sum("payout"))
    statuses: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    revenue = payout = foreign = 0
    for group in groups.order_by():
        statuses[group["status"]] += group["n"]
        if group["status"] not in (Lead.Status.ACCEPTED, Lead.Status.PENDING):
            reasons[group["reason"] or group["status"]] += group["n"]
        if group["currency"] == principal.agency.currency:
            revenue, payout = revenue + group["paid"], payout + group["owed"]
        else:
            foreign += group["n"]
    return Overview(
        since=since,
        leads=statuses.total(),
        sold=statuses[Lead.Status.ACCEPTED],
        pending=statuses[Lead.Status.PENDING],
        revenue=revenue,
        payout=payout,
        foreign=foreign,
        unsold=tuple(Share(reason, leads) for reason, leads in reasons.most_common()),
    )
