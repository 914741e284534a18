"""The operators' admin: every table is there to be read, nothing sealed is shown, and what changes is on record."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.agencies import create_agency
from accounts.models import Agency, ApiKey, AuditEntry
from billing.models import BuyerBalance, Journal, Transfer
from buyers.models import Contract
from leads.models import Lead, Sale
from portal.docs import known_codes
from tests.leads.world import World, make_world
from tests.portal.people import make_operator, make_person, signed_in
from webhooks.models import Event

pytestmark = pytest.mark.django_db

OUR_APPS = ("accounts", "routing", "scoring", "billing", "webhooks", "buyers", "leads", "account", "mfa", "axes")
LEAD_OF: dict[type[Model], str] = {Lead: "id", Sale: "lead_id", Event: "lead_ref", Journal: "lead_ref"}
NEVER_WRITTEN = {"EmailConfirmation", "AccessAttemptExpiration"}  # of libraries' functions that are switched off
OURS = [
    model for app in OUR_APPS for model in apps.get_app_config(app).get_models() if model.__name__ not in NEVER_WRITTEN
]


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def operator() -> Client:
    return signed_in(make_operator())


@pytest.fixture
def world() -> World:
    """One lead sold and delivered by webhook, one unsold: a row in nearly every table."""
    world = make_world()
    world.contract(world.buyer(), caps=[])
    world.submit()
    world.submit(phone="+15125550143", email="john@example.com", state="FL")
    create_agency(name="Beta", email="beta@example.com")
    return world


def test_every_table_of_every_app_is_registered() -> None:
    assert [model.__name__ for model in OURS if not admin.site.is_registered(model)] == []


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_table_is_shown_and_none_is_changed_by_hand(model: type[Model], operator: Client, world: World) -> None:
    assert operator.get(address(model, "changelist")).status_code == 200
    if model is not Agency:
        assert operator.get(address(model, "add")).status_code == 403
    for row in model._default_manager.all()[:1]:
        change = address(model, "change", row.pk)
        assert operator.get(change).status_code == 200
        assert operator.post(change, {"status": "closed"}).status_code == 403
        assert operator.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_search_and_filters_of_every_table_work(model: type[Model], operator: Client, world: World) -> None:
    for query in ("?q=anything", "?q=01a20835-4ea8-7f78-a569-907e118ba8ab"):
        assert operator.get(address(model, "changelist") + query).status_code == 200


def test_an_id_as_people_see_it_finds_its_row_and_the_rows_that_name_it(operator: Client, world: World) -> None:
    sale = Sale.objects.earliest("sold_at")
    for model in (Lead, Sale, Event, Journal):
        shown = operator.get(address(model, "changelist") + f"?q={sale.lead.public_id}").context["cl"]
        assert shown.queryset.count() == model._default_manager.filter(**{LEAD_OF[model]: sale.lead_id}).count() > 0
    nobody = operator.get(address(Lead, "changelist") + f"?q={sale.public_id}").context["cl"]
    assert nobody.queryset.count() == 0


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_nothing_sealed_hashed_or_personal_is_shown(model: type[Model], operator: Client, world: World) -> None:
    row = model._default_manager.first()
    if row is None:
        pytest.skip("no row of this table in the world")
    shown = operator.get(address(model, "change", row.pk)).content.decode()
    for column in model._meta.concrete_fields:
        if column.get_internal_type() == "BinaryField" or column.name in ("password", "config"):
            assert f"field-{column.name}" not in shown
    for personal in ("Maria", "Garcia", "5551234567", "maria@example.com", "192.168.1.1"):
        assert personal not in shown


def test_an_operator_creates_an_agency_and_sees_its_keys_once(operator: Client) -> None:
    values = {"name": "Gamma", "email": "gamma@example.com", "currency": "eur", "timezone": "Europe/Berlin"}
    answer = operator.post(address(Agency, "add"), values)
    shown = answer.content.decode()
    agency = Agency.objects.get(name="Gamma")
    assert (agency.currency, agency.timezone) == ("EUR", "Europe/Berlin")
    keys = re.findall(r"ldk_(?:live|test)_\w{49}", shown)
    assert len(keys) == 2
    entry = AuditEntry.objects.get(action="agency.create")
    assert entry.actor.startswith("user:operator-")
    assert entry.changes["currency"] == [None, "EUR"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert not any(key in operator.get(address(Agency, "change", agency.pk)).content.decode() for key in keys)


@pytest.mark.parametrize(
    ("name", "value"), [("timezone", "Mars/Olympus"), ("currency", "12$"), ("email", "nobody"), ("name", "")]
)
def test_an_agency_that_cannot_be_is_refused_by_field(operator: Client, name: str, value: str) -> None:
    values = {"name": "Gamma", "email": "gamma@example.com", "currency": "EUR", "timezone": "Europe/Berlin"}
    answer = operator.post(address(Agency, "add"), values | {name: value})
    assert "errorlist" in answer.content.decode()
    assert Agency.objects.count() == 0


@pytest.mark.parametrize(
    ("action", "status"), [("suspend", "suspended"), ("reactivate", "active"), ("close", "closed")]
)
def test_an_agency_changes_state_by_actions_that_are_on_record(operator: Client, action: str, status: str) -> None:
    agency = make_world().agency
    Agency.objects.filter(pk=agency.pk).update(status="closed" if status == "active" else "active")
    chosen = {"action": action, "_selected_action": [str(agency.pk)]}
    asked = operator.post(address(Agency, "changelist"), chosen)
    if action != "reactivate":
        assert "From the moment you confirm" in asked.content.decode()
        assert not AuditEntry.objects.filter(agency=agency).exists()
        operator.post(address(Agency, "changelist"), chosen | {"confirmed": "yes"})
    agency.refresh_from_db()
    entry = AuditEntry.objects.get(agency=agency)
    assert (agency.status, entry.action) == (status, f"agency.{status}")
    assert entry.actor.startswith("user:operator-")
    assert (entry.address, entry.changes["status"][1], bool(entry.request_id)) == ("127.0.0.1", status, True)


def test_an_operator_revokes_a_key_on_record(operator: Client) -> None:
    made = create_agency(name="Beta", email="beta@example.com")
    chosen = {"action": "revoke", "_selected_action": [str(made.live.row.pk)]}
    operator.post(address(ApiKey, "changelist"), chosen)
    assert ApiKey.objects.get(pk=made.live.row.pk).revoked_at is not None
    assert ApiKey.objects.get(pk=made.test.row.pk).revoked_at is None
    assert AuditEntry.objects.filter(action="key.revoke", object_id=made.live.row.public_id).count() == 1


def test_amounts_are_shown_as_people_write_them(operator: Client, world: World) -> None:
    for model in (Lead, Sale, Contract, Transfer):
        assert "$175.00" in operator.get(address(model, "changelist")).content.decode()
    assert "$650.00" in operator.get(address(BuyerBalance, "changelist")).content.decode()


def test_staff_who_are_no_superusers_read_and_change_nothing(world: World) -> None:
    client = signed_in(make_person(is_staff=True))
    assert client.get(address(Lead, "changelist")).status_code == 200
    assert client.get(address(Agency, "add")).status_code == 403
    chosen = {"action": "close", "_selected_action": [str(world.agency.pk)], "confirmed": "yes"}
    client.post(address(Agency, "changelist"), chosen)
    world.agency.refresh_from_db()
    assert world.agency.status == "active"


def test_the_dashboard_counts_the_house(operator: Client, world: World) -> None:
    shown = re.sub(r"\s+", " ", operator.get("/admin/").content.decode())
    assert "<dt>Active agencies</dt><dd>2</dd>" in shown
    assert "<dt>Messages on their way</dt><dd>2</dd>" in shown
    assert "<dt>Dead letters</dt><dd>0</dd>" in shown


def test_every_error_code_stands_in_the_documentation_with_a_cure() -> None:
    shown = Client().get("/docs/errors").content.decode()
    codes = known_codes()
    assert {"invalid", "insufficient_funds", "malformed_json", "invalid_key"} <= {known.code for known in codes}
    for known in codes:
        assert f'id="{known.code}"' in shown
        assert len(known.cure) > 10


def test_the_api_documentation_is_served_from_our_own_files() -> None:
    shown = Client().get("/docs/").content.decode()
    addresses = re.findall(r'(?:src|href|data-schema)="([^"]+)"', shown)
    assert addresses
    assert [found for found in addresses if not found.startswith("/")] == []
    assert "<style" not in shown
    assert re.findall(r"<script(?![^>]*src=)", shown) == []
