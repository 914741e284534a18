"""The audit trail: what it says, what it hides, and that nobody can change it."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.members import AlreadyMember, add_member
from accounts.models import Agency, AuditEntry, User
from accounts.principals import SystemActor
from accounts.versions import MASK, changes_between, publish_change, record_audit
from core.errors import FieldProblems
from core.ids import new_id


@pytest.fixture
def actor(db: None) -> SystemActor:
    agency = Agency.objects.create(name="Acme", slug="acme")
    return SystemActor(agency.pk, "user:boss@acme.example", "203.0.113.9", "request-1")


def test_a_change_moves_the_version_and_a_note_does_not(actor: SystemActor) -> None:
    with transaction.atomic():
        version = publish_change(actor=actor, action="contract.update", object_id="ctr_1", changes={"price": [1, 2]})
    note = record_audit(actor=actor, action="user.login", object_id="boss@acme.example")
    assert (version, note.version, Agency.objects.get().version) == (2, 2, 2)
    entry = AuditEntry.objects.get(action="contract.update")
    assert (entry.actor, entry.address, entry.request_id) == ("user:boss@acme.example", "203.0.113.9", "request-1")
    assert entry.changes == {"price": [1, 2]}


def test_only_what_differs_is_written_down_and_secrets_are_masked_at_any_depth() -> None:
    before = {"name": "a", "price": 1, "delivery": {"url": "x", "headers": {"X-Key": {"secret": "one"}}}}
    after = {"name": "a", "price": 2, "delivery": {"url": "x", "headers": {"X-Key": {"secret": "two"}}}, "token": "t"}
    assert changes_between(before, after) == {
        "price": [1, 2],
        "delivery": [{"url": "x", "headers": {"X-Key": {"secret": MASK}}}] * 2,
        "token": [None, MASK],
    }


@pytest.mark.parametrize("sql", ["UPDATE accounts_auditentry SET actor = 'nobody'", "DELETE FROM accounts_auditentry"])
def test_not_even_sql_changes_or_deletes_an_entry(actor: SystemActor, sql: str) -> None:
    entry = record_audit(actor=actor, action="user.login", object_id="x")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AuditEntry.objects.get().actor == entry.actor


def test_a_member_is_made_known_once_by_one_mailbox(actor: SystemActor) -> None:
    member = add_member(actor=actor, email="Ana@Acme.example ", role="analyst")
    assert member.user.email == "ana@acme.example"
    assert not member.user.has_usable_password()
    with pytest.raises(AlreadyMember):
        add_member(actor=actor, email="ana@acme.example", role="admin")
    add_member(actor=actor, email="ana@acme.example", role="buyer", subject_id=new_id())
    assert User.objects.count() == 1
    assert AuditEntry.objects.filter(action="member.add").count() == 2


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({"email": "nobody", "role": "king"}, ["email", "role"]),
        ({"email": "a@b.example", "role": "buyer"}, ["role"]),
        ({"email": "a@b.example", "role": "owner", "subject_id": new_id()}, ["role"]),
    ],
)
def test_a_member_without_sense_is_refused_by_name(actor: SystemActor, wanted: Any, fields: list[str]) -> None:
    with pytest.raises(FieldProblems) as refused:
        add_member(actor=actor, **wanted)
    assert [error.field for error in refused.value.errors] == fields
