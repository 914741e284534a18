"""Notices reach the people who look after an agency, each once, and wait while the mail server is away."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from pytest_django import Settings

from accounts.models import Agency, Membership, Notice, Role, User
from accounts.notices import notify, prune_notices, send_notices
from core.ids import new_id
from tests.processes import free_port

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)


@pytest.fixture
def agency() -> Agency:
    return Agency.objects.create(name="Acme", slug="acme")


def member(agency: Agency, email: str, role: Role, *, active: bool = True) -> User:
    user = User.objects.create_user(email, is_active=active)
    outside = role in (Role.BUYER, Role.SOURCE)
    Membership.objects.create(user=user, agency=agency, role=role, subject_id=new_id() if outside else None)
    return user


def tell(agency: Agency, key: str = "alarm:1") -> int:
    return notify(agency_id=agency.pk, key=key, subject="Alarm", text="Look.\n", now=NOON)


def test_owners_and_admins_are_told_and_nobody_else(agency: Agency) -> None:
    for role in Role:
        member(agency, f"{role}@acme.example", role)
    member(agency, "gone@acme.example", Role.ADMIN, active=False)
    member(Agency.objects.create(name="Other", slug="other"), "owner@other.example", Role.OWNER)
    assert (tell(agency), send_notices(now=NOON)) == (2, 2)
    assert sorted(one.to[0] for one in mail.outbox) == ["admin@acme.example", "owner@acme.example"]
    assert {(one.subject, one.body) for one in mail.outbox} == {("Alarm", "Look.\n")}


def test_nobody_is_told_twice_of_the_same(agency: Agency) -> None:
    member(agency, "owner@acme.example", Role.OWNER)
    tell(agency)
    tell(agency)
    assert [send_notices(now=NOON), send_notices(now=NOON + timedelta(days=1))] == [1, 0]
    tell(agency, "alarm:2")
    assert send_notices(now=NOON) == 1


def test_a_notice_waits_for_the_mail_server_twice_as_long_each_time(agency: Agency, settings: Settings) -> None:
    member(agency, "owner@acme.example", Role.OWNER)
    tell(agency)
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = free_port()
    assert send_notices(now=NOON) == 0
    notice = Notice.objects.get()
    assert (notice.attempts, notice.due_at, notice.sent_at) == (1, NOON + timedelta(minutes=1), None)
    assert send_notices(now=NOON + timedelta(seconds=59)) == 0
    assert Notice.objects.get().attempts == 1, "it was tried before its time"
    assert send_notices(now=NOON + timedelta(minutes=1)) == 0
    assert Notice.objects.get().due_at == NOON + timedelta(minutes=3)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_notices(now=NOON + timedelta(minutes=3)) == 1
    assert len(mail.outbox) == 1


def test_after_72_hours_a_notice_is_given_up(agency: Agency, settings: Settings) -> None:
    member(agency, "owner@acme.example", Role.OWNER)
    tell(agency)
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = free_port()
    moment = NOON
    while (due_at := Notice.objects.get().due_at) is not None:
        assert moment <= due_at <= NOON + timedelta(hours=72)
        moment = due_at
        send_notices(now=moment)
    assert Notice.objects.get().sent_at is None


@pytest.mark.parametrize("how", ["dismissed", "demoted", "inactive"])
def test_whoever_left_after_it_was_written_is_not_told(agency: Agency, how: str) -> None:
    user = member(agency, "owner@acme.example", Role.OWNER)
    tell(agency)
    if how == "dismissed":
        Membership.objects.all().delete()
    elif how == "demoted":
        Membership.objects.update(role=Role.ANALYST)
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert send_notices(now=NOON) == 0
    assert (mail.outbox, Notice.objects.get().due_at) == ([], None)


def test_an_address_that_no_mail_can_be_sent_to_waits_like_a_server_and_holds_up_nobody(
    agency: Agency, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    member(agency, f"a@{'ü' * 60}.de", Role.OWNER)
    tell(agency)
    assert send_notices(now=NOON) == 0
    assert Notice.objects.get().due_at == NOON + timedelta(minutes=1)


def test_a_notice_whose_sender_died_over_and_over_is_given_up_too(agency: Agency) -> None:
    member(agency, "owner@acme.example", Role.OWNER)
    tell(agency)
    Notice.objects.update(attempts=45, due_at=NOON + timedelta(hours=73))
    assert send_notices(now=NOON + timedelta(hours=73)) == 0
    assert (mail.outbox, Notice.objects.get().due_at) == ([], None)


def test_whoever_leaves_is_not_told_any_more_and_old_notices_are_forgotten(agency: Agency) -> None:
    user = member(agency, "owner@acme.example", Role.OWNER)
    tell(agency)
    assert prune_notices(now=NOON + timedelta(days=30)) == 0
    user.delete()
    assert not Notice.objects.exists()
    member(agency, "admin@acme.example", Role.ADMIN)
    tell(agency)
    assert prune_notices(now=NOON + timedelta(days=30, seconds=1)) == 1
