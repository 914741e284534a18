"""What time does to leads: posts left behind go on, unanswered sales expire, what is old is forgotten."""

from celery import shared_task

from core.clock import now
from leads.aftermath import tell_bidders
from leads.confirmation import expire_sales
from leads.inward import prune_pings
from leads.refusals import prune_refusals
from leads.resuming import resume_posts


@shared_task(name="leads.expire_sales", ignore_result=True)
def expire_due_sales() -> None:
    """End sales whose buyers did not answer in time."""
    expire_sales(now=now())


@shared_task(name="leads.prune_submissions", ignore_result=True)
def prune_submissions() -> None:
    """Forget refused submissions, and pings that never became leads, once their time is over."""
    prune_refusals(now=now())
    prune_pings(now=now())


@shared_task(name="leads.tell_bidders", ignore_result=True)
def tell_due_bidders() -> None:
    """Tell those that bid how it ended."""
    tell_bidders(now=now())


@shared_task(name="leads.resume_posts", ignore_result=True)
def resume_due_posts() -> None:
    """Go on with posts whose process died."""
    resume_posts(now=now())
