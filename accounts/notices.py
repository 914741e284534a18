"""Notices: e-mails to an agency's people about their house, which wait in a table until the mail server took them.

A notice is written with what it tells of, whole or not at all, and sent by the worker. Whoever has been told of
something under a key is not told again under it. Nothing in one is about a lead's person.
"""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.mail import EmailMessage
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Membership, Notice, Role

log = logging.getLogger(__name__)

GIVEN_UP: Final = timedelta(hours=72)
"""How long a mail server may be away."""
KEPT: Final = timedelta(days=30)
_LEASE: Final = timedelta(minutes=5)
_LONGEST_PAUSE: Final = timedelta(hours=4)
_MOST_DOUBLINGS: Final = 8  # by then a pause is the longest
_WATCHFUL: Final = (Role.OWNER, Role.ADMIN)


def notify(*, agency_id: UUID, key: str, subject: str, text: str, now: datetime) -> int:
    """Needs a transaction. Have the agency's owners and admins told, once per `key` each; how many there are."""
    people = Membership.objects.filter(agency_id=agency_id, role__in=_WATCHFUL, user__is_active=True)
    notices = [
        Notice(agency_id=agency_id, user_id=user_id, key=key, subject=subject, text=text, created_at=now, due_at=now)
        for user_id in people.order_by("user_id").values_list("user_id", flat=True)
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    return len(notices)


def send_notices(*, now: datetime, limit: int = 8) -> int:
    """Opens transactions. Send what is due; how many went out. What the mail server refuses is tried for 72 hours.

    Whoever has left the agency since is told nothing any more.

    A server that does not answer costs EMAIL_TIMEOUT seconds a notice: so few at a time end before a task must.
    """
    due = Notice.objects.filter(sent_at=None, due_at__lte=now)
    due.filter(created_at__lt=now - GIVEN_UP).update(due_at=None)  # also where nobody lived to put it off
    due.exclude(Exists(_still_there())).update(due_at=None)
    rows = due.select_related("user").order_by("due_at", "id")
    return sum(_send(notice, now) for notice in rows[:limit] if _claimed(notice, now))


def _still_there() -> QuerySet[Membership]:
    """Whether whoever was to be told looks after the agency still."""
    people = Membership.objects.filter(user__is_active=True, role__in=_WATCHFUL)
    return people.filter(agency_id=OuterRef("agency_id"), user_id=OuterRef("user_id"))


def prune_notices(*, now: datetime) -> int:
    """Opens a transaction. Forget notices older than 30 days; how many."""
    return Notice.objects.filter(created_at__lt=now - KEPT).delete()[0]


def _claimed(notice: Notice, now: datetime) -> bool:
    """Whether this process is the one to send it: until its lease is over nobody else does."""
    ours = Notice.objects.filter(pk=notice.pk, sent_at=None, due_at=notice.due_at)
    return bool(ours.update(due_at=now + _LEASE, attempts=notice.attempts + 1))


def _send(notice: Notice, now: datetime) -> bool:
    try:
        EmailMessage(subject=notice.subject, body=notice.text, to=[notice.user.email]).send()
    except Exception as error:  # of servers and networks, and of addresses that no mail can be addressed to
        log.warning("notice %s could not be sent: %s", notice.pk, type(error).__name__)
        _put_off(notice, now)
        return False
    Notice.objects.filter(pk=notice.pk).update(sent_at=now, due_at=None)
    return True


def _put_off(notice: Notice, now: datetime) -> None:
    """Twice as long each time, from a minute on; no more after 72 hours."""
    pause = min(timedelta(minutes=2 ** min(notice.attempts, _MOST_DOUBLINGS)), _LONGEST_PAUSE)
    due_at = now + pause if now + pause <= notice.created_at + GIVEN_UP else None
    Notice.objects.filter(pk=notice.pk).update(due_at=due_at)
