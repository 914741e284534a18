"""Keys and agencies: their shape, and what is left of them after rotation and revocation."""

import json

import pytest
from django.core.management import CommandError, call_command

from accounts.agencies import create_agency
from accounts.key_format import checksum, digest, is_well_formed, make_key
from accounts.keys import KeyIsDead, KeySettings, create_key, revoke_key, rotate_key
from accounts.models import Agency, ApiKey, AuditEntry
from accounts.principals import SystemActor
from core.errors import FieldProblems

BODY = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"


@pytest.mark.parametrize(("prefix", "expected"), [("ldk_live_", "0LnDr2"), ("ldk_test_", "0BftEi")])
def test_the_checksum_is_the_published_one(prefix: str, expected: str) -> None:
    assert checksum(prefix + BODY) == expected


def test_a_made_key_is_well_formed_and_any_typing_error_is_not() -> None:
    key = make_key("live", bytes(range(32)))
    assert len(key) == 58
    assert is_well_formed(key)
    assert not is_well_formed(key[:-1] + ("0" if key[-1] != "0" else "1"))
    assert not is_well_formed(key.replace("live", "prod"))


@pytest.mark.django_db
def test_a_new_agency_has_an_owner_and_a_key_for_each_book() -> None:
    made = create_agency(name="Acme Leads", email="Owner@Example.com")
    assert made.agency.slug == "acme-leads"
    assert made.owner.email == "owner@example.com"
    assert made.owner.check_password(made.password or "")
    keys = ApiKey.objects.in_bulk(field_name="digest")
    assert keys[digest(made.live.text)].mode == "live"
    assert keys[digest(made.test.text)].mode == "test"


@pytest.mark.django_db
def test_the_command_prints_what_cannot_be_seen_again(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_agency", "--name", "Acme", "--email", "a@example.com", "--password", "pw-of-acme", "--json")
    shown = json.loads(capsys.readouterr().out)
    assert shown["agency_id"] == Agency.objects.get().public_id
    assert shown["login"] == {"email": "a@example.com", "password": "pw-of-acme"}
    assert set(shown["keys"]) == {"live", "test"}


@pytest.mark.django_db
def test_a_revoked_key_is_dead_and_the_trail_says_who_did_it() -> None:
    made = create_agency(name="Acme", email="a@example.com")
    actor = SystemActor(made.agency.pk, "user:boss@example.com")
    key = create_key(actor=actor, wanted=KeySettings(name="intake", scopes=("leads:write",))).row
    revoke_key(actor=actor, key=key)
    with pytest.raises(KeyIsDead):
        rotate_key(actor=actor, key=key)
    entry = AuditEntry.objects.filter(action="key.revoke").get()
    assert (entry.actor, entry.object_id) == ("user:boss@example.com", key.public_id)
    assert entry.version == Agency.objects.get().version


@pytest.mark.django_db
def test_a_rotated_key_keeps_its_settings_and_the_old_one_ends() -> None:
    made = create_agency(name="Acme", email="a@example.com")
    actor = SystemActor(made.agency.pk, "system:test")
    old = create_key(actor=actor, wanted=KeySettings(name="intake", scopes=("leads:write",), allow=("10.0.0.0/8",))).row
    new = rotate_key(actor=actor, key=old, overlap_minutes=30).row
    assert (new.scopes, new.allow, new.replaces_id) == (["leads:write"], ["10.0.0.0/8"], old.pk)
    assert old.expires_at is not None
    assert new.expires_at is None


@pytest.mark.django_db
def test_a_key_with_an_unknown_scope_or_network_is_refused_by_name() -> None:
    made = create_agency(name="Acme", email="a@example.com")
    before = ApiKey.objects.count()
    with pytest.raises(FieldProblems) as refused:
        create_key(
            actor=SystemActor(made.agency.pk, "system:test"),
            wanted=KeySettings(name="x", scopes=("leads:sell",), allow=("nowhere",)),
        )
    assert [error.field for error in refused.value.errors] == ["scopes.0", "allow.0"]
    assert ApiKey.objects.count() == before


@pytest.mark.django_db
def test_an_agency_without_sense_is_refused_by_name() -> None:
    with pytest.raises(FieldProblems) as refused:
        create_agency(name=" ", email="nobody", currency="dollars", timezone="Mars/Olympus")
    assert [error.field for error in refused.value.errors] == ["name", "email", "currency", "timezone"]
    with pytest.raises(CommandError, match="--timezone: Must be an IANA name"):
        call_command("create_agency", "--name", "A", "--email", "a@b.example", "--timezone", "Mars/Olympus")
    assert Agency.objects.count() == 0
