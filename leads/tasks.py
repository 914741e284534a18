"""What time does to leads: posts left behind go on, sales expire, what is old is forgotten, outcomes become certain.

The nightly look at scores runs in a process of its own: it takes minutes, and a library to be loaded.
"""

import subprocess
import sys
from pathlib import Path

from celery import shared_task
from django.conf import settings

from core.clock import now
from leads.aftermath import tell_bidders
from leads.confirmation import expire_sales
from leads.inward import prune_pings
from leads.outcomes import report_outcomes
from leads.refusals import prune_refusals
from leads.resuming import resume_posts
from leads.score_alarms import feel_pulses


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


@shared_task(name="leads.report_outcomes", ignore_result=True)
def report_certain_outcomes() -> None:
    """Tell scoring what became of the leads whose return windows ended."""
    report_outcomes(now=now())


@shared_task(name="leads.watch_scores", ignore_result=True)
def watch_all_scores() -> None:
    """Look whether scores came true and leads still are what they were; alarm where it is due."""
    subprocess.run([sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "watch_scorers"], check=True)


@shared_task(name="leads.feel_pulses", ignore_result=True)
def feel_pulses_of_scores() -> None:
    """Look whether champions answer, and fast enough."""
    feel_pulses(now=now())
