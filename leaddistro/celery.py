"""Celery on one screen. It is the muscle, never the memory: what is due is a row, and every beat finds it again.

So nothing here may matter for correctness: no results, no countdowns, no retries, and a broker that is away costs a
request milliseconds and nothing else.
"""

import os
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.schedules import crontab
from celery.signals import setup_logging, worker_process_init
from django.conf import settings

from leaddistro.broker import over_files, over_redis
from leaddistro.parent_death import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaddistro.settings")

# Its warning about root is about pickles; our tasks travel as JSON and carry nothing.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("leaddistro")


def every(seconds: int, task: str) -> dict[str, Any]:
    """A beat of this many seconds; one that no worker took before the next is dropped, so that none pile up."""
    return {"task": task, "schedule": float(seconds), "options": {"expires": seconds}}


def nightly(hour: int, task: str) -> dict[str, Any]:
    """A beat at this hour, UTC."""
    return {"task": task, "schedule": crontab(hour=str(hour), minute="17"), "options": {"expires": 6 * 3600}}


BEATS: dict[str, dict[str, Any]] = {
    "sweep what is due": every(1, "webhooks.sweep"),
    "send what is held without a reason": every(60, "webhooks.release_strays"),
    "expire sales": every(5, "leads.expire_sales"),
    "tell bidders": every(2, "leads.tell_bidders"),
    "go on with posts": every(5, "leads.resume_posts"),
    "forget refused submissions": every(3600, "leads.prune_submissions"),
    "tell what became of leads": nightly(1, "leads.report_outcomes"),
    "watch scores": nightly(4, "leads.watch_scores"),
    "feel the pulse of scores": every(900, "leads.feel_pulses"),
    "train what was asked for": every(300, "scoring.train_asked"),
    "train and judge scorers": nightly(5, "scoring.train"),
    "reckon where scores stand": every(3600, "scoring.reckon_standings"),
    "prove the books": nightly(2, "billing.check_ledger"),
    "send notices": every(30, "accounts.send_notices"),
    "forget old answers": nightly(4, "accounts.prune"),
    "forget old deliveries": nightly(3, "webhooks.prune"),
}


def configuration() -> dict[str, Any]:
    """Everything that differs from Celery's defaults."""
    broker = over_files(settings.BROKER_FOLDER) if settings.BROKER_FOLDER else over_redis(settings.REDIS_URL)
    return broker | {
        "broker_connection_retry_on_startup": True,
        "task_default_queue": "leaddistro",
        "task_always_eager": getattr(settings, "CELERY_TASK_ALWAYS_EAGER", False),
        "task_ignore_result": True,
        "task_publish_retry": False,
        "task_acks_late": True,  # safe: every task claims its rows
        "task_reject_on_worker_lost": True,
        "task_soft_time_limit": 90,
        "task_time_limit": 120,
        "worker_prefetch_multiplier": 1,
        "worker_max_tasks_per_child": 1000,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_soft_shutdown_timeout": 30,
        "beat_schedule": BEATS,
        "timezone": "UTC",
    }


app.add_defaults(configuration)
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery leaves logging alone where somebody listens here: Django's LOGGING is in force already."""


@worker_process_init.connect
def follow_the_worker(**_: Any) -> None:
    """A pool process must not outlive its worker; the wish does not survive the fork by itself."""
    die_with_parent()
