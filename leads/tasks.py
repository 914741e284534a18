"""What time does to leads: unanswered sales expire, refused submissions are forgotten, outcomes become certain."""

from celery import shared_task

from core.clock import now
from leads.confirmation import expire_sales
from leads.outcomes import report_outcomes
from leads.refusals import prune_refusals


@shared_task(name="leads.expire_sales", ignore_result=True)
def expire_due_sales() -> None:
    """End sales whose buyers did not answer in time."""
    expire_sales(now=now())


@shared_task(name="leads.prune_submissions", ignore_result=True)
def prune_submissions() -> None:
    """Forget refused submissions once their time is over."""
    prune_refusals(now=now())


@shared_task(name="leads.report_outcomes", ignore_result=True)
def report_certain_outcomes() -> None:
    """Tell scoring what became of the leads whose return windows ended."""
    report_outcomes(now=now())
