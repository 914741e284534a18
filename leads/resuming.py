"""Takes up posts whose process died: what was never sent is sent now; what may have been sent, nobody can tell."""

import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from accounts.vault import Erased
from buyers.exchange.answers import Answer, AnswerOutcome
from core.clock import now as clock
from leads import snapshot
from leads.confirmation import NotPending, close_sale, system_principal
from leads.models import Lead, Sale
from leads.posting import GRACE, Due, conclude, make_posts
from leads.recall import CampaignArchived, recall

log = logging.getLogger(__name__)
_TASK: Final = "resume_posts"
_UNTOLD: Final = Answer(AnswerOutcome.TIMEOUT, reason="lease_lost", unknown=True)


def resume_posts(*, now: datetime, limit: int = 100) -> int:
    """Opens transactions. Go on with the posts of sales whose claim is over; how many. Waits for none of the buyers.

    One that cannot be taken up is logged and does not hold up the others; its claim is renewed for a while.
    """
    left = Sale.objects.filter(
        state=Sale.State.PENDING, post__in=[Sale.Post.DUE, Sale.Post.SENT], post_lease__lte=now
    ).order_by("post_lease", "id")
    due: list[Due] = []
    count = 0
    for sale in left.select_related("agency")[:limit]:
        if _take_over(sale, now):
            count += 1
            due += _taken_up(sale)
    make_posts(due, until=time.monotonic())
    return count


def _take_over(sale: Sale, now: datetime) -> bool:
    """Whether the sale is ours for a while: of two processes that find it one gets it."""
    ours = Sale.objects.filter(pk=sale.pk, state=Sale.State.PENDING, post=sale.post, post_lease=sale.post_lease)
    return bool(ours.update(post_lease=now + 3 * GRACE))


def _taken_up(sale: Sale) -> list[Due]:
    try:
        due = _due(sale)
        if sale.post == Sale.Post.DUE:
            return [due]
        exchange = due.contract.exchange
        if exchange is not None:
            return list(conclude(due, exchange.post, _UNTOLD, {}).following)
        _give_up(sale)
    except (Erased, CampaignArchived):
        _give_up(sale)
    except Exception:
        log.exception("the post of sale %s could not be taken up", sale.public_id)
    return []


def _give_up(sale: Sale) -> None:
    """Nothing to post, no method or no market: what was never sent is over, the rest waits for its buyer's word."""
    if sale.post == Sale.Post.SENT:
        Sale.objects.filter(pk=sale.pk, post=Sale.Post.SENT).update(post=Sale.Post.UNKNOWN, post_lease=None)
        return
    principal = system_principal(sale.agency, sale.mode, _TASK)
    with suppress(NotPending):
        close_sale(principal=principal, sale=sale, state=Sale.State.EXPIRED, reason="not posted", post={}, again=False)


def _due(sale: Sale) -> Due:
    principal = system_principal(sale.agency, sale.mode, _TASK)
    view = snapshot.read(agency_id=sale.agency_id, version=principal.version)
    draft = recall(principal=principal, view=view, lead=Lead.objects.get(pk=sale.lead_id))
    over = sale.sold_at + timedelta(milliseconds=draft.campaign.deadline_ms)
    left = (over - clock()).total_seconds()
    return Due(draft, sale.pk, sale.contract_id, sale.price, time.monotonic() + max(0.0, left))
