"""Forgetting in time: bodies after 30 days, answers after 14, tries after 90; never what may still be sent."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from webhooks.models import Attempt, Event, Message
from webhooks.states import OPEN, MessageState

BODIES: Final = timedelta(days=30)
ANSWERS: Final = timedelta(days=14)
ATTEMPTS: Final = timedelta(days=90)
_BATCH: Final = 1000


def prune(now: datetime) -> dict[str, int]:
    """Empty old bodies and answers and delete old tries, in batches of a thousand; how many of each."""
    return {
        "bodies": _repeat(lambda: _empty_bodies(now - BODIES)),
        "answers": _repeat(lambda: _empty_answers(now - ANSWERS)),
        "attempts": _repeat(lambda: _delete_attempts(now - ATTEMPTS)),
    }


def _repeat(step: Callable[[], int]) -> int:
    total = 0
    while count := step():
        total += count
    return total


@transaction.atomic
def _empty_bodies(before: datetime) -> int:
    needed = Message.objects.filter(event=OuterRef("pk"), state__in=[*OPEN, MessageState.HELD])
    old = Event.objects.filter(~Exists(needed), created_at__lt=before).exclude(body=b"").order_by("created_at")
    return Event.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_BATCH])).update(body=b"", full_body=None)


@transaction.atomic
def _empty_answers(before: datetime) -> int:
    old = Attempt.objects.filter(started_at__lt=before).exclude(response_head="").order_by("started_at")
    return Attempt.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_BATCH])).update(response_head="")


@transaction.atomic
def _delete_attempts(before: datetime) -> int:
    old = Attempt.objects.filter(started_at__lt=before).order_by("started_at")
    return Attempt.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_BATCH])).delete()[0]
