"""Endpoints are checked when saved, published when changed, and their secrets are known to nobody but their owner."""

from datetime import timedelta

import pytest

from accounts.models import Agency, AuditEntry
from core.clock import now
from core.errors import FieldProblems, NotFound
from core.ids import new_id
from tests.webhooks.making import as_system, bring_forward, make_agency, make_endpoint, make_event, write
from tests.webhooks.receiver import Receiver, status
from webhooks import signing, trial
from webhooks.delivery import deliver_due
from webhooks.endpoints import (
    AlreadyActive,
    NotActive,
    Owner,
    Terms,
    create_endpoint,
    delete_endpoint,
    disable_endpoint,
    pause_endpoint,
    resume_endpoint,
    revoke_secrets,
    rotate_secret,
    update_endpoint,
)
from webhooks.models import Attempt, Endpoint, EndpointSecret, Message
from webhooks.secrets import TooManySecrets, live_keys
from webhooks.states import OwnerKind

pytestmark = pytest.mark.django_db

GOOD = Terms(url="https://crm.example.com/hook", events=("lead.accepted",))


def create(agency: Agency, terms: Terms = GOOD) -> tuple[Endpoint, str]:
    owner = Owner(OwnerKind.AGENCY, agency.id)
    return create_endpoint(actor=as_system(agency), mode="live", owner=owner, terms=terms)


def version(agency: Agency) -> int:
    agency.refresh_from_db()
    return agency.version


def keys(endpoint: Endpoint) -> tuple[bytes, ...]:
    return live_keys(Endpoint.objects.get(pk=endpoint.pk), now=now())


def test_a_new_endpoint_is_active_and_its_secret_is_stored_sealed(agency: Agency) -> None:
    endpoint, secret = create(agency)
    assert (endpoint.state, endpoint.public_id[:3]) == ("active", "we_")
    assert keys(endpoint) == (signing.parse_secret(secret),)
    assert signing.parse_secret(secret) not in bytes(EndpointSecret.objects.get().sealed)
    assert version(agency) == 2
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id) == ("webhook_endpoint.create", endpoint.public_id)
    assert secret not in str(entry.changes)


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        (Terms(url="http://crm.example.com", events=("lead.accepted",)), ["url"]),
        (Terms(url="https://169.254.169.254/", events=("lead.accepted",)), ["url"]),
        (Terms(url="https://crm.example.com", events=("lead.exploded",)), ["events"]),
        (Terms(url="https://crm.example.com"), ["events"]),
        (Terms(url="https://localhost", events=(), timeout_ms=1, max_in_flight=0), ["url", "events", "timeout_ms"]),
    ],
)
def test_every_wrong_field_is_named_and_nothing_is_saved(agency: Agency, terms: Terms, fields: list[str]) -> None:
    with pytest.raises(FieldProblems) as refused:
        create(agency, terms)
    assert [problem.field for problem in refused.value.errors][: len(fields)] == fields
    assert (Endpoint.objects.count(), version(agency)) == (0, 1)


def test_a_change_is_written_down_with_its_old_and_new_value(agency: Agency) -> None:
    endpoint, _ = create(agency)
    changes = {"url": "https://new.example.com", "state": "paused"}
    changed = update_endpoint(actor=as_system(agency), endpoint_id=endpoint.id, changes=changes)
    assert (changed.url, changed.state) == ("https://new.example.com", "active")
    entry = AuditEntry.objects.get(action="webhook_endpoint.update")
    assert entry.changes == {"url": ["https://crm.example.com/hook", "https://new.example.com"]}
    assert version(agency) == 3
    with pytest.raises(FieldProblems):
        update_endpoint(actor=as_system(agency), endpoint_id=endpoint.id, changes={"url": "nonsense"})


def test_a_buyers_endpoint_cannot_be_widened_to_other_buyers(agency: Agency) -> None:
    buyer = new_id()
    owner = Owner(OwnerKind.BUYER, buyer, buyer)
    endpoint, _ = create_endpoint(actor=as_system(agency), mode="live", owner=owner, terms=GOOD)
    update_endpoint(actor=as_system(agency), endpoint_id=endpoint.id, changes={"buyer_id": None})
    assert Endpoint.objects.get().buyer_id == buyer


def test_an_endpoint_of_another_agency_is_not_found(agency: Agency) -> None:
    endpoint, _ = create(agency)
    stranger = as_system(make_agency("Rival"))
    with pytest.raises(NotFound):
        pause_endpoint(actor=stranger, endpoint_id=endpoint.id)
    with pytest.raises(NotFound):
        rotate_secret(actor=stranger, endpoint_id=endpoint.id)


def test_pausing_holds_and_resuming_sends(agency: Agency, receiver: Receiver) -> None:
    endpoint = make_endpoint(agency, receiver.url)
    write(agency, make_event())
    pause_endpoint(actor=as_system(agency), endpoint_id=endpoint.id)
    write(agency, make_event())
    assert list(Message.objects.values_list("state", flat=True)) == ["held", "held"]
    with pytest.raises(NotActive):
        pause_endpoint(actor=as_system(agency), endpoint_id=endpoint.id)
    resume_endpoint(actor=as_system(agency), endpoint_id=endpoint.id)
    with pytest.raises(AlreadyActive):
        resume_endpoint(actor=as_system(agency), endpoint_id=endpoint.id)
    assert deliver_due() == 2


def test_what_was_held_can_be_let_go(agency: Agency) -> None:
    endpoint = make_endpoint(agency, state="disabled")
    write(agency, make_event())
    resume_endpoint(actor=as_system(agency), endpoint_id=endpoint.id, send_held=False)
    assert Message.objects.get().state == "cancelled"


def test_a_disabled_endpoint_says_why(agency: Agency) -> None:
    endpoint = make_endpoint(agency)
    disable_endpoint(actor=as_system(agency), endpoint_id=endpoint.id, reason="Asked by phone.")
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.disabled_reason) == ("disabled", "Asked by phone.")


def test_deleting_cancels_what_is_open_and_keeps_what_was(agency: Agency, receiver: Receiver) -> None:
    endpoint = make_endpoint(agency, receiver.url)
    write(agency, make_event())
    deliver_due()
    write(agency, make_event())
    delete_endpoint(actor=as_system(agency), endpoint_id=endpoint.id)
    assert sorted(Message.objects.values_list("state", flat=True)) == ["cancelled", "done"]
    assert EndpointSecret.objects.count() == 0
    write(agency, make_event())
    assert Message.objects.count() == 2
    with pytest.raises(NotFound):
        resume_endpoint(actor=as_system(agency), endpoint_id=endpoint.id)


# --- secrets -----------------------------------------------------------------------------------------------------


def test_a_rotation_keeps_the_old_secret_for_its_overlap_newest_first(agency: Agency) -> None:
    endpoint, old = create(agency)
    new, ends_at = rotate_secret(actor=as_system(agency), endpoint_id=endpoint.id, overlap_hours=24)
    assert keys(endpoint) == (signing.parse_secret(new), signing.parse_secret(old))
    assert timedelta(hours=23, minutes=59) < ends_at - now() <= timedelta(hours=24)
    after = live_keys(Endpoint.objects.get(pk=endpoint.pk), now=ends_at)
    assert after == (signing.parse_secret(new),)


def test_no_overlap_means_that_every_old_secret_is_dead_at_once(agency: Agency) -> None:
    endpoint, _ = create(agency)
    rotate_secret(actor=as_system(agency), endpoint_id=endpoint.id, overlap_hours=168)
    new, _ = rotate_secret(actor=as_system(agency), endpoint_id=endpoint.id, overlap_hours=0)
    assert keys(endpoint) == (signing.parse_secret(new),)
    assert EndpointSecret.objects.count() == 1


def test_at_most_three_secrets_are_alive(agency: Agency) -> None:
    endpoint, _ = create(agency)
    for _ in range(2):
        rotate_secret(actor=as_system(agency), endpoint_id=endpoint.id)
    with pytest.raises(TooManySecrets):
        rotate_secret(actor=as_system(agency), endpoint_id=endpoint.id)
    assert len(keys(endpoint)) == 3
    EndpointSecret.objects.exclude(signs_until=None).update(signs_until=now())
    rotate_secret(actor=as_system(agency), endpoint_id=endpoint.id)
    assert len(keys(endpoint)) == 2


def test_revoking_ends_an_overlap_now(agency: Agency) -> None:
    endpoint, _ = create(agency)
    new, _ = rotate_secret(actor=as_system(agency), endpoint_id=endpoint.id)
    assert revoke_secrets(actor=as_system(agency), endpoint_id=endpoint.id) == 1
    assert keys(endpoint) == (signing.parse_secret(new),)


@pytest.mark.parametrize("hours", [-1, 169])
def test_an_overlap_is_a_week_at_the_most(agency: Agency, hours: int) -> None:
    endpoint, _ = create(agency)
    with pytest.raises(FieldProblems):
        rotate_secret(actor=as_system(agency), endpoint_id=endpoint.id, overlap_hours=hours)


# --- the test button ---------------------------------------------------------------------------------------------


def test_the_test_button_sends_one_real_signed_request(agency: Agency, receiver: Receiver) -> None:
    endpoint, secret = create(agency)
    Endpoint.objects.update(url=receiver.url, state="paused")
    endpoint.refresh_from_db()
    receiver.answer_with(status(202))
    result = trial.test_endpoint(endpoint=endpoint, kind="lead.returned")
    assert (result.outcome, result.http_status, result.message.state) == ("ok", 202, "done")
    got = receiver.got[0]
    signing.verify([signing.parse_secret(secret)], got.headers, got.body, now=int(now().timestamp()))
    assert b'"test":true' in got.body
    assert Attempt.objects.get().trigger == "test"


def test_a_failed_test_is_not_repeated_and_is_no_dead_letter(agency: Agency, receiver: Receiver) -> None:
    endpoint = make_endpoint(agency, receiver.url)
    receiver.answer_with(status(410))
    result = trial.test_endpoint(endpoint=endpoint, kind="lead.accepted")
    assert (result.outcome, result.message.state) == ("http_410", "cancelled")
    bring_forward()
    assert deliver_due() == 0
    endpoint.refresh_from_db()
    assert endpoint.state == "active"
