"""What accounts does in the background: send notices, and forget what nobody may ask for again."""

from celery import shared_task

from accounts.idempotency import prune_answers
from accounts.notices import prune_notices, send_notices
from core.clock import now


@shared_task(name="accounts.prune")
def prune() -> dict[str, int]:
    """Forget answers older than a day, and notices older than 30; how many."""
    return {"answers": prune_answers(now=now()), "notices": prune_notices(now=now())}


@shared_task(name="accounts.send_notices", ignore_result=True)
def send_due() -> None:
    """Every half minute: e-mails that wait."""
    send_notices(now=now())
