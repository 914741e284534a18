"""The muscle: Celery calls these; each does one verb and may be lost, doubled or killed at any time."""

from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from core.clock import now as clock
from webhooks import delivery, retention
from webhooks.claims import is_anything_due, release_strays
from webhooks.hints import DELIVER


@worker_shutting_down.connect
def land(**_: Any) -> None:
    """A worker that was asked to end takes no new work; Celery waits for the tasks, and these end when all landed."""
    delivery.stop_claiming()


@shared_task(name=DELIVER)
def deliver_due() -> int:
    """Send what is due; the number of tries."""
    return delivery.deliver_due()


@shared_task(name="webhooks.sweep")
def sweep() -> int:
    """Every second: whatever no hint announced is found here."""
    return delivery.deliver_due() if is_anything_due() else 0


@shared_task(name="webhooks.release_strays")
def release_held() -> int:
    """Every minute: what is held without a reason is sent after all."""
    return release_strays()


@shared_task(name="webhooks.prune")
def prune() -> dict[str, int]:
    """Every night: forget what is too old."""
    return retention.prune(clock())
