"""What accounts does in the background: forget answers that nobody may ask for again."""

from celery import shared_task

from accounts.idempotency import prune_answers
from core.clock import now


@shared_task(name="accounts.prune")
def prune() -> int:
    """Forget answers older than a day; how many."""
    return prune_answers(now=now())
