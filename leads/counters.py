"""Opens cap counters at what was truly sold, so that a new cap, a new window or a moved zone never starts at zero."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count as RowCount
from django.db.models import Q, Sum

from accounts.versions import config_lock
from buyers.caps import Count, CounterKey, open_counters_statements
from core.sql import lock_shared, run
from leads.drafts import Draft
from leads.models import Sale
from routing.caps import Usage, UsageKey

_COLUMNS = {"contract_id": "price", "buyer_id": "price", "campaign_id": "price", "source_id": "payout"}
"""Who a sale counts for, and what of it: a source's caps in money count what it is paid."""
_COUNTED = ~Q(state__in=[Sale.State.REFUSED, Sale.State.EXPIRED])


def open_counters(draft: Draft, missing: Iterable[CounterKey]) -> None:
    """Opens a transaction. Count the sales of each missing counter's subject since its period began, and open it.

    Two processes may do this at once: whoever is second leaves the first one's counters alone. A sale can only count
    on a counter that exists, so none is missed.
    """
    keys = list(missing)
    with transaction.atomic():
        run(lock_shared(config_lock(draft.snapshot.agency_id)))
        run(open_counters_statements(mode=draft.mode, rows=_counted(draft, keys)))


def unopened(draft: Draft, missing: Iterable[CounterKey]) -> dict[UsageKey, Usage]:
    """What the missing counters would open at. Writes nothing: for dry runs."""
    return {count.key: Usage(count.leads, count.money) for count in _counted(draft, list(missing))}


def _counted(draft: Draft, keys: Sequence[CounterKey]) -> list[Count]:
    found: list[Count] = []
    for period_start, window in sorted({(key[2], key[1]) for key in keys}):
        subjects = [key[0] for key in keys if key[1] == window and key[2] == period_start]
        sold = _sold(draft, subjects, period_start)
        found += [Count(subject, window, period_start, *sold.get(subject, (0, 0))) for subject in subjects]
    return found


def _sold(draft: Draft, subjects: Sequence[UUID], since: datetime) -> dict[UUID, tuple[int, int]]:
    """Leads and money per subject, whichever kind of subject it is: a contract, a buyer, a source or a campaign."""
    sales = Sale.objects.filter(_COUNTED, agency_id=draft.snapshot.agency_id, mode=draft.mode, sold_at__gte=since)
    sold: dict[UUID, tuple[int, int]] = {}
    for column, amount in _COLUMNS.items():
        rows = sales.filter(**{f"{column}__in": subjects}).values_list(column).annotate(RowCount("id"), Sum(amount))
        sold |= {subject: (leads, money) for subject, leads, money in rows}
    return sold
