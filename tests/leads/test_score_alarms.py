"""The operator is told: once of each failing, and with groups that were opened for comparison and nothing else."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.models import AuditEntry, Membership, Notice, Role, User
from core.ids import new_id
from core.json import loads
from leads.outcomes import report_outcomes
from leads.score_alarms import feel_pulses, watch_scores
from leads.score_groups import note_groups, note_thresholds
from leads.score_mails import alarm_mail
from routing.models import Field
from scoring import watching
from scoring.judged import Judged, judged_leads
from scoring.models import Belonging, FeatureSnapshot, Model, Policy, Score, State, Target, Watch
from scoring.scopes import Scope
from scoring.training import train_model
from tests.leads.world import NOON, World, make_world
from tests.scoring.making import MAY, TYPE, an_agency, remember, sample
from webhooks.models import Event

pytestmark = pytest.mark.django_db
JUNE = MAY + timedelta(days=31)


def scores(agency_id: UUID, models: Sequence[str], *, micros: int = 900, now: datetime = JUNE) -> None:
    """Scores of the last minute, one for each model named."""
    Score.objects.bulk_create(
        Score(
            id=new_id(now - timedelta(seconds=30)),
            agency_id=agency_id,
            mode="live",
            lead_ref=new_id(),
            lead_type=TYPE,
            score=50,
            probability=0.5,
            base=0.0,
            contributions={},
            reasons=[],
            stage="calibrated",
            model=model,
            micros=micros,
            created_at=now,
        )
        for model in models
    )


def a_champion(now: datetime) -> tuple[UUID, str]:
    agency = an_agency()
    remember(agency, sample(160, seed=1))
    model = train_model(scope=Scope(agency.pk, TYPE, Target.STUCK), now=now)
    assert model.state == State.CHAMPION
    return agency.pk, model.public_id


def test_a_champion_that_answers_quickly_is_not_spoken_of() -> None:
    agency, model = a_champion(JUNE - timedelta(days=1))
    scores(agency, [model] * 300)
    assert feel_pulses(now=JUNE) == 0
    assert {one["check"]: one["level"] for one in Watch.objects.get().pulse} == {"fallbacks": "good", "latency": "good"}
    assert not Event.objects.exists()


def test_leads_that_fall_back_to_the_scorecard_are_told_once_until_it_is_over() -> None:
    agency, model = a_champion(JUNE - timedelta(days=1))
    scores(agency, [model] * 290 + ["scorecard-1"] * 10)
    assert [feel_pulses(now=JUNE), feel_pulses(now=JUNE + timedelta(minutes=1))] == [1, 0]
    body = loads(bytes(Event.objects.get(type="model.failing").body))
    assert (body["model_id"], body["findings"][0]["figures"]) == (model, {"share": 0.0333, "leads": 300})


def test_owners_get_one_e_mail_of_an_alarm_that_says_what_was_found() -> None:
    agency, model = a_champion(JUNE - timedelta(days=1))
    owner = User.objects.create_user("owner@acme.example")
    Membership.objects.create(user=owner, agency_id=agency, role=Role.OWNER)
    scores(agency, [model] * 290 + ["scorecard-1"] * 10)
    for minute in range(3):
        feel_pulses(now=JUNE + timedelta(minutes=minute))
    notice = Notice.objects.get()
    assert (notice.user, notice.subject) == (owner, f"Alarm: scores of {TYPE.replace('_', ' ')} leads")
    assert notice.text == (
        f"The scores of your {TYPE.replace('_', ' ')} leads raised an alarm. They come from {model}.\n\n"
        "What was found\n"
        "- The champion answers every lead? 3.33 % of 300 leads in 15 minutes fell back to the scorecard.\n\n"
        "What was done\n"
        "- Leads that the model cannot score are scored by the points table instead.\n\n"
        "Look at it: http://localhost:8000/agency/scoring/\n"
    )


def test_slow_scores_are_told_and_nothing_is_said_to_be_done_about_them() -> None:
    agency, model = a_champion(JUNE - timedelta(days=1))
    Membership.objects.create(user=User.objects.create_user("owner@acme.example"), agency_id=agency, role=Role.OWNER)
    scores(agency, [model] * 300, micros=60_000)
    assert feel_pulses(now=JUNE) == 1
    assert "- Nothing was changed: every lead is still scored before it is sold" in Notice.objects.get().text


def test_a_champion_that_answers_no_lead_at_all_is_named() -> None:
    agency, model = a_champion(JUNE - timedelta(days=1))
    scores(agency, ["scorecard-1"] * 300)
    assert feel_pulses(now=JUNE) == 1
    assert loads(bytes(Event.objects.get().body))["model_id"] == model


def test_a_drift_says_whether_a_training_was_asked_for() -> None:
    findings = [{"check": "auc", "subject": "", "figures": {"auc": 0.6, "expected": 0.7}, "level": "alarm"}]
    for training, said in ((True, "A training was asked for."), (False, "No training was asked for")):
        assert said in alarm_mail(TYPE, "mdl_1", findings, training=training)[1]


# --- models that agencies share ----------------------------------------------------------------------------------


def sharing(agency: UUID) -> str:
    """The agency's champion is one of several agencies', of which it is none yet."""
    Model.objects.filter(agency_id=agency).update(agency=None)
    return Model.objects.get().public_id


def test_a_shared_champion_that_fails_is_told_to_whom_it_fails() -> None:
    agency, _ = a_champion(JUNE - timedelta(days=1))
    model, stranger = sharing(agency), an_agency("stranger").pk
    Policy.objects.filter(agency_id=agency).delete()
    Policy.objects.create(agency_id=agency, lead_type=TYPE, shares=True)
    for one in (agency, stranger):
        scores(one, ["scorecard-1"] * 300)
    assert feel_pulses(now=JUNE) == 1
    event = Event.objects.get()
    assert (event.agency_id, loads(bytes(event.body))["model_id"]) == (agency, model)


@pytest.mark.parametrize("shares", [True, False], ids=["begins", "ends"])
def test_who_begins_or_ends_to_share_is_told_no_failing(shares: bool) -> None:
    agency, _ = a_champion(JUNE - timedelta(days=1))
    model = sharing(agency)
    Policy.objects.filter(agency_id=agency).delete()
    Policy.objects.create(agency_id=agency, lead_type=TYPE, shares=shares)
    if shares:
        AuditEntry.objects.create(
            agency_id=agency, at=JUNE - timedelta(minutes=5), actor="user:owner", action="policy.update",
            object_id="", object_name=TYPE, version=1,
        )  # fmt: skip
    scores(agency, ["scorecard-1"] * 200 + [model] * 100)
    assert feel_pulses(now=JUNE) == 0


# --- one that cannot be looked after -----------------------------------------------------------------------------


def test_one_agency_that_cannot_be_watched_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, whole = an_agency("a").pk, an_agency("b").pk
    for agency in (broken, whole):
        scores(agency, ["scorecard-1"] * 10)

    def judged(agency_id: UUID, *rest: Any, **more: Any) -> Judged:
        if agency_id == broken:
            raise RuntimeError("a damaged row")
        return judged_leads(agency_id, *rest, **more)

    monkeypatch.setattr(watching, "judged_leads", judged)
    assert watch_scores(now=JUNE)["watched"] == 1
    assert Watch.objects.get().agency_id == whole


def test_the_scorecard_of_an_agency_without_a_champion_is_no_fallback() -> None:
    scores(an_agency().pk, ["scorecard-1"] * 300)
    assert feel_pulses(now=JUNE) == 0


def test_a_champion_of_this_minute_is_not_blamed_for_the_scorecards_leads() -> None:
    agency, model = a_champion(JUNE - timedelta(minutes=5))
    scores(agency, [model] * 200 + ["scorecard-1"] * 100)
    assert feel_pulses(now=JUNE) == 0


# --- groups and thresholds ---------------------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    world = make_world()
    Field.objects.create(
        lead_type=world.campaign.lead_type, name="gender", type="choice", choices=["woman", "man"], position=5
    )
    return world


def compared(world: World) -> Policy:
    return Policy.objects.create(agency=world.agency, lead_type="auto_accident", compared=["gender"])


def test_groups_are_opened_from_sealed_leads_once_and_never_stand_among_features(world: World) -> None:
    world.contract(world.buyer())
    world.submit(gender="woman")
    world.submit(phone="+12025550143", email="b@example.com")
    compared(world)
    later = NOON + timedelta(days=30)
    assert note_groups(now=later) == 0, "only leads of which something became are compared"
    report_outcomes(now=later)
    assert note_groups(now=later) == 2
    assert sorted(Belonging.objects.values_list("attribute", "group")) == [("gender", ""), ("gender", "woman")]
    assert note_groups(now=later) == 0
    assert not any("gender" in name for row in FeatureSnapshot.objects.all() for name in row.features)


def test_thresholds_in_use_are_those_that_active_contracts_ask(world: World) -> None:
    policy = compared(world)
    world.contract(world.buyer(), min_score=60)
    world.contract(world.buyer("Second"), min_score=40)
    world.contract(world.buyer("Third"))
    world.contract(world.buyer("Fourth"), min_score=90, status="paused")
    note_thresholds()
    policy.refresh_from_db()
    assert policy.thresholds == [40, 60]
