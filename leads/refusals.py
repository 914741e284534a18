"""What was refused at the door is kept for a while, sealed, so that its source can see what it sent and why not."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.principals import Principal
from accounts.vault import new_data_key
from core.ids import new_id
from core.sql import insert, run
from leads.models import Submission

KEPT_FOR = timedelta(days=7)


def record_refusal(*, principal: Principal, body: bytes, answer: dict[str, Any], now: datetime) -> None:
    """Opens a transaction. Keep a refused submission: the body sealed under a key of its own, the answer in clear."""
    submission_id = new_id()
    key_statement, sealer = new_data_key(submission_id)
    row = {
        "id": submission_id,
        "agency": principal.agency_id,
        "mode": principal.mode,
        "source": principal.source_id,
        "key_id": principal.key_id,
        "status": answer["status"],
        "code": answer["code"],
        "answer": answer,
        "sealed": sealer.seal(body, f"leads.submission.sealed/{submission_id}"),
        "created_at": now,
    }
    with transaction.atomic():
        run([key_statement, insert(Submission, [row])])


def prune_refusals(*, now: datetime) -> int:
    """Opens a transaction. Forget submissions older than KEPT_FOR; how many."""
    return Submission.objects.filter(created_at__lt=now - KEPT_FOR).delete()[0]
