"""An agency's past taken in: told as facts, computed as features, kept without a person, once and for all."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import AuditEntry
from core import json as product_json
from core.errors import FieldProblems
from leads.history import import_outcomes
from leads.models import Lead
from leads.past import read_moment
from scoring.habit_reckoning import reckon_habits
from scoring.models import BuyerHabits, FeatureSnapshot, Outcome, Policy, Score
from tests.leads.test_api import key
from tests.leads.world import MARIA, NOON, World, make_world

pytestmark = pytest.mark.django_db
LAST_YEAR = datetime(2025, 11, 3, 15, 4, 5, tzinfo=UTC)
ROW = {
    **{name: value for name, value in MARIA.items() if name not in ("consent_timestamp", "accident_date")},
    "external_id": "crm-1",
    "received_at": "2025-11-03T15:04:05Z",
    "accident_date": "2025-10-24",
    "accepted": True,
    "returned": False,
}


@pytest.fixture
def world() -> World:
    return make_world()


def take(world: World, *rows: dict[str, Any], **options: Any) -> Any:
    return import_outcomes(actor=world.principal, rows=rows, now=NOON, **options)


def row(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**ROW, **changes}.items() if value is not None}


def facts() -> dict[str, bool]:
    return dict(Outcome.objects.values_list("target", "label"))


def refusal(world: World, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(FieldProblems) as refused:
        take(world, row(**changes))
    return [(error.field, error.code) for error in refused.value.errors]


def test_a_row_becomes_features_and_facts_and_never_a_lead(world: World) -> None:
    found = take(world, row())

    assert (found.rows, found.imported, found.updated, found.invalid) == (1, 1, 0, 0)
    assert facts() == {"accepted": True, "returned": False, "stuck": True}
    assert set(Outcome.objects.values_list("origin", "lead_type", "received_at", "matured_at")) == {
        ("imported", "auto_accident", LAST_YEAR, LAST_YEAR + timedelta(days=7))
    }
    assert Outcome.objects.filter(source_ref=world.source.pk, campaign_ref=world.campaign.pk).count() == 3
    assert (Lead.objects.count(), Score.objects.count()) == (0, 0)


def test_features_are_those_that_the_lead_would_have_had_here(world: World) -> None:
    world.submit(
        now=LAST_YEAR, **{name: value for name, value in row().items() if name in MARIA}, consent_timestamp=None
    )
    lived = FeatureSnapshot.objects.get()

    take(world, row())

    past = FeatureSnapshot.objects.exclude(pk=lived.pk).get()
    assert past.features == lived.features
    assert past.created_at == LAST_YEAR


def test_nothing_personal_is_kept(world: World) -> None:
    take(world, row())

    kept = product_json.dumps([*FeatureSnapshot.objects.values(), *Outcome.objects.values()]).decode().lower()
    for personal in ("maria", "garcia", "5551234567", "192.168"):
        assert personal not in kept


def test_the_same_file_again_changes_nothing_and_a_mended_one_mends(world: World) -> None:
    take(world, row(converted="no"))
    before = list(Outcome.objects.order_by("id").values())

    again = take(world, row(converted="no"))
    assert (again.imported, again.updated) == (0, 1)
    assert list(Outcome.objects.order_by("id").values()) == before

    take(world, row(accepted=False, returned=None))
    assert facts() == {"accepted": False, "stuck": False}
    assert FeatureSnapshot.objects.count() == 1


def test_a_dry_run_says_what_would_be_and_changes_nothing(world: World) -> None:
    found = take(world, row(), row(external_id="crm-2", phone="12"), dry_run=True)

    assert (found.dry_run, found.imported, found.invalid) == (True, 1, 1)
    assert found.outcomes == {"accepted": 1, "returned": 1, "stuck": 1}
    assert [(one.row, one.external_id, one.error.field) for one in found.problems] == [(2, "crm-2", "phone")]
    assert (Outcome.objects.count(), AuditEntry.objects.filter(action="outcomes.import").count()) == (0, 0)


def test_one_bad_row_keeps_all_out_unless_bad_rows_may_be_left_out(world: World) -> None:
    rows = row(), row(external_id="crm-2", phone="12")
    with pytest.raises(FieldProblems) as refused:
        take(world, *rows)
    assert [error.field for error in refused.value.errors] == ["rows.2.phone"]
    assert Outcome.objects.count() == 0

    found = take(world, *rows, skip_invalid=True)
    assert (found.imported, found.invalid) == (1, 1)
    assert Outcome.objects.count() == 3
    entry = AuditEntry.objects.get(action="outcomes.import")
    assert entry.changes == {"imported": [None, 1], "updated": [None, 0], "invalid": [None, 1]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"external_id": None}, ("rows.1.external_id", "required")),
        ({"received_at": None}, ("rows.1.received_at", "required")),
        ({"received_at": "11/03/2025"}, ("rows.1.received_at", "invalid_datetime")),
        ({"received_at": "2026-05-12T16:30:01Z"}, ("rows.1.received_at", "in_future")),
        ({"accepted": None, "returned": None}, ("rows.1.accepted", "required")),
        ({"accepted": "perhaps"}, ("rows.1.accepted", "invalid_boolean")),
        ({"accepted": False, "returned": True}, ("rows.1.accepted", "invalid")),
        ({"accepted": False, "returned": None, "converted": True}, ("rows.1.accepted", "invalid")),
        ({"value": 10}, ("rows.1.value", "invalid")),
        ({"converted": True, "value": "ten"}, ("rows.1.value", "invalid_amount")),
        ({"converted": True, "value": -1}, ("rows.1.value", "invalid_amount")),
        ({"converted": True, "at": "2025-11-02"}, ("rows.1.at", "invalid")),
        ({"buyer_id": "nobody"}, ("rows.1.buyer_id", "not_found")),
        ({"campaign_id": "nowhere"}, ("rows.1.campaign_id", "unknown_campaign")),
        ({"campaign_id": None}, ("rows.1.campaign_id", "required")),
        ({"injury_severity": "awful"}, ("rows.1.injury_severity", "invalid_choice")),
    ],
)
def test_a_bad_member_is_named_with_its_row(world: World, changes: dict[str, Any], problem: tuple[str, str]) -> None:
    assert problem in refusal(world, **changes)
    assert FeatureSnapshot.objects.count() == 0


def test_an_id_stands_once_in_an_import(world: World) -> None:
    with pytest.raises(FieldProblems) as refused:
        take(world, row(), row())
    assert [(error.field, error.code) for error in refused.value.errors] == [("rows.2.external_id", "duplicate")]


def test_fields_that_a_lead_must_have_may_be_missing_from_the_past(world: World) -> None:
    world.campaign.lead_type.fields.filter(name="accident_date").update(required=True)

    assert take(world, row(accident_date=None, phone=None, email=None)).imported == 1


def test_the_outcome_of_a_buyer_matures_with_its_own_window(world: World) -> None:
    buyer = world.buyer(return_days=30, external_id="lonestar")

    take(world, row(buyer_id="lonestar"), row(external_id="crm-2", buyer_id=buyer.public_id, returned=True))

    assert set(Outcome.objects.values_list("matured_at", flat=True)) == {LAST_YEAR + timedelta(days=30)}
    asked = Outcome.objects.exclude(target="stuck")
    assert set(asked.values_list("buyer_ref", flat=True)) == {buyer.pk}
    assert set(Outcome.objects.filter(target="stuck").values_list("buyer_ref", flat=True)) == {None}


def test_a_conversion_counts_within_the_horizon_of_the_lead_type(world: World) -> None:
    Policy.objects.create(agency=world.agency, lead_type="auto_accident", conversion_days=30)
    late = row(external_id="crm-2", converted=True, at="2025-12-04T15:04:05Z")

    take(world, row(converted="yes", value="1200.50", at="2025-12-03"), late)

    told = Outcome.objects.filter(target="converted").order_by("-label")
    assert list(told.values_list("label", "value", "matured_at")) == [
        (True, 1200_50, LAST_YEAR + timedelta(days=30)),
        (False, None, LAST_YEAR + timedelta(days=30)),
    ]


def test_what_is_said_implies_that_the_lead_was_accepted(world: World) -> None:
    take(world, row(accepted=None, returned=True))
    assert facts() == {"accepted": True, "returned": True, "stuck": False}

    take(world, row(external_id="crm-2", accepted=True, returned=None))
    assert Outcome.objects.filter(target="stuck").count() == 1


def test_a_new_agency_starts_with_its_buyers_own_past(world: World) -> None:
    keeps, returns = world.buyer("Keeps"), world.buyer("Returns")
    rows = [
        row(
            external_id=f"{buyer.name}-{number}",
            received_at="2026-04-03",
            buyer_id=buyer.public_id,
            returned=buyer is returns and number % 2 == 0,
        )
        for buyer in (keeps, returns)
        for number in range(60)
    ]
    assert take(world, *rows).imported == 120

    assert reckon_habits(now=NOON) == 1

    rates = dict(BuyerHabits.objects.values_list("buyer_ref", "return_rate"))
    assert rates[keeps.pk] < 0.07 < 0.4 < rates[returns.pk]


def test_times_without_a_zone_are_meant_in_the_agencys() -> None:
    assert read_moment("2026-05-12", "America/New_York") == datetime(2026, 5, 12, 4, tzinfo=UTC)
    assert read_moment("2026-05-12 09:30", "America/New_York") == datetime(2026, 5, 12, 13, 30, tzinfo=UTC)
    assert read_moment("2026-05-12T09:30:00-07:00", "America/New_York") == datetime(2026, 5, 12, 16, 30, tzinfo=UTC)
    assert read_moment("0001-01-01", "America/New_York") is None
    assert read_moment("9999-12-31", "America/New_York") is None
    assert read_moment(20260512, "UTC") is None


# --- over HTTP ---------------------------------------------------------------------------------------------------


def post(key: str, body: Any, query: str = "", content_type: str = "application/json", **headers: str) -> Any:
    data = body if isinstance(body, str) else json.dumps(body)
    named = {"Authorization": f"Bearer {key}", **headers}
    return Client().post(f"/v1/outcomes{query}", data, content_type=content_type, headers=named)


def test_history_comes_as_json(world: World) -> None:
    answer = post(key(world), [row(), row(external_id="crm-2", accepted=False, returned=None)])

    assert answer.status_code == 200
    assert answer.json() == {
        "dry_run": False,
        "rows": 2,
        "imported": 2,
        "updated": 0,
        "invalid": 0,
        "outcomes": {"stuck": 2, "accepted": 2, "returned": 1, "converted": 0},
        "problems": [],
    }


def test_history_comes_as_csv(world: World) -> None:
    text = (
        "external_id;campaign_id;received_at;state;accepted;returned;value\r\na;auto-accident;2025-11-03;TX;yes;no;\r\n"
    )

    assert post(key(world), text, content_type="text/csv").json()["imported"] == 1
    assert FeatureSnapshot.objects.get().features["state"] == "TX"


@pytest.mark.parametrize("text", ["true", "external_id;campaign_id\r\n"])
def test_a_table_without_a_row_is_refused(world: World, text: str) -> None:
    refused = post(key(world), text, content_type="text/csv")

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "blank"


def test_a_refused_import_names_rows_and_a_dry_run_lists_them(world: World) -> None:
    owner, bad = key(world), [row(), row(external_id="crm-2", phone="12")]

    refused = post(owner, bad)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "rows.2.phone"
    tried = post(owner, bad, "?dry_run=true").json()
    assert (tried["dry_run"], tried["invalid"], tried["problems"][0]["row"]) == (True, 1, 2)
    assert Outcome.objects.count() == 0
    assert post(owner, bad, "?skip_invalid=true").json()["imported"] == 1


@pytest.mark.parametrize("body", [{}, [], [1], [[]], "1"])
def test_what_is_no_list_of_objects_is_refused(world: World, body: Any) -> None:
    assert post(key(world), body).status_code == 422


def test_keys_of_sources_and_buyers_import_nothing_and_test_keys_only_try(world: World) -> None:
    assert post(key(world, source_id=world.source.pk), [row()]).json()["code"] == "agency_only"
    assert post(key(world, scopes=["leads:read"]), [row()]).json()["code"] == "missing_scope"
    assert post(key(world, mode="test"), [row()]).json()["dry_run"] is True
    assert Outcome.objects.count() == 0


def test_a_repeat_under_an_idempotency_key_is_answered_as_before(world: World) -> None:
    owner = key(world)
    first = post(owner, [row()], **{"Idempotency-Key": "history-1"})

    again = post(owner, [row()], **{"Idempotency-Key": "history-1"})

    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")


# --- by command --------------------------------------------------------------------------------------------------


def command(path: Path, agency: str, *options: str) -> str:
    out = StringIO()
    call_command("import_outcomes", str(path), "--agency", agency, *options, stdout=out)
    return out.getvalue()


def test_the_command_takes_a_packed_file(world: World, tmp_path: Path) -> None:
    path = tmp_path / "past.csv.gz"
    path.write_bytes(
        gzip.compress(b"external_id,campaign_id,received_at,accepted,phone\na,auto-accident,2025-11-03,1,\n")
    )

    assert command(path, world.agency.public_id, "--dry-run").startswith("1 of 1 rows would be imported")
    assert Outcome.objects.count() == 0
    told = json.loads(command(path, world.agency.public_id, "--json"))
    assert (told["imported"], told["outcomes"]["accepted"]) == (1, 1)
    assert AuditEntry.objects.get(action="outcomes.import").actor == "system:import_outcomes"


def test_the_command_says_what_is_wrong(world: World, tmp_path: Path) -> None:
    path = tmp_path / "past.csv"
    path.write_text("external_id,campaign_id,received_at,accepted\na,nowhere,2025-11-03,1\n")

    with pytest.raises(CommandError, match=r"rows\.1\.campaign_id"):
        command(path, world.agency.public_id)
    with pytest.raises(CommandError, match="it looks like ag_01"):
        command(path, "acme")
    with pytest.raises(CommandError, match="No such file"):
        command(tmp_path / "gone.csv", world.agency.public_id)
    path.write_text("\n")
    with pytest.raises(CommandError, match="no header"):
        command(path, world.agency.public_id)
