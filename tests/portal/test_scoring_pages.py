"""The pages of scores: what they say without outcomes and with a model, and what they let people do."""

import re
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from core.clock import now
from leads.score_alarms import watch_scores
from routing.models import Field, LeadType
from scoring.models import Model, Policy, Stage, State, Target, Watch
from scoring.scopes import Scope
from scoring.training import train_model
from tests.leads.world import World, make_world
from tests.portal.people import make_person, signed_in
from tests.scoring.making import TYPE
from tests.scoring.simulation import live, market

pytestmark = pytest.mark.django_db
EVERY = timedelta(minutes=15)


@pytest.fixture
def world() -> World:
    return make_world()


def solar(world: World) -> LeadType:
    """The lead type whose leads the simulation makes."""
    kind, is_new = LeadType.objects.get_or_create(agency=world.agency, name=TYPE, label="Home solar")
    if is_new:
        Field.objects.create(lead_type=kind, name="roof_age", type="integer", position=1)
        Field.objects.create(lead_type=kind, name="gender", type="choice", choices=["woman", "man"], position=2)
    return kind


def watched(world: World) -> Model:
    """A calibrated champion, 600 leads that it scored, and the nightly look at them."""
    solar(world)
    start = now() - timedelta(days=20)
    live(world.agency, market(160, seed=1), first=start, every=EVERY)
    model = train_model(scope=Scope(world.agency.pk, TYPE, Target.STUCK), now=start + timedelta(days=5))
    assert (model.stage, model.state) == (Stage.CALIBRATED, State.CHAMPION)
    live(world.agency, market(600, seed=2), first=now() - timedelta(days=6, hours=12), every=EVERY)
    watch_scores(now=now())
    return model


def text(world: World, path: str, role: str = "owner") -> str:
    answer = signed_in(make_person(world.agency, role)).get(path)
    assert answer.status_code == 200, answer.content
    return re.sub(r"\s+", " ", answer.content.decode())


def page(kind: LeadType) -> str:
    return f"/agency/scoring/{kind.public_id}/"


def test_an_agency_without_outcomes_is_told_how_many_are_missing(world: World) -> None:
    kind = solar(world)
    everything, one = text(world, "/agency/scoring/"), text(world, page(kind))
    for shown in (everything, one):
        assert "20 more that stuck, 20 more that did not<small>next: calibrated points table</small>" in shown
    assert "Points table" in everything
    for sentence in ("Every lead is scored by the points table", "No model was trained yet", "No model waits"):
        assert sentence in one


def test_a_watched_champion_shows_its_table_its_findings_and_where_it_is_wrong(world: World) -> None:
    model = watched(world)
    shown = text(world, page(solar(world)))
    watch = Watch.objects.get()
    assert model.public_id in shown
    assert shown.count('class="spread"') == len([band for band in watch.figures["bands"] if band["leads"]])
    for band in watch.figures["bands"]:
        if band["leads"]:
            assert f'{band["low"]} to {band["high"]}</th><td class="end number">{band["leads"]}</td>' in shown
    assert "Predictions come true" in shown
    assert "What has changed in the leads" in shown
    assert "By source" in shown
    assert "<dt>Stage</dt><dd>Calibrated points table</dd>" in shown


@pytest.mark.parametrize(("path", "said"), [("train", "Asked for"), ("policy", "Kept")])
def test_who_may_change_the_agency_changes_its_scores(world: World, path: str, said: str) -> None:
    watched(world)
    url = f"{page(solar(world))}{path}/"
    body = {"regulation": "credit", "excluded": "roof_age, tracked", "compared": "gender"} if path == "policy" else {}
    answer = signed_in(make_person(world.agency, "admin")).post(url, body, follow=True)
    assert said in answer.content.decode()
    policy = Policy.objects.get(agency=world.agency)
    if path == "policy":
        assert (policy.regulation, policy.excluded, policy.compared) == ("credit", ["roof_age", "tracked"], ["gender"])
    else:
        assert policy.asked_by.startswith("user:admin")


def test_a_name_that_no_field_has_is_not_kept(world: World) -> None:
    url = f"{page(solar(world))}policy/"
    body = {"regulation": "", "excluded": "", "compared": "gendre"}
    answer = signed_in(make_person(world.agency, "admin")).post(url, body, follow=True)
    assert "There is no such field in this lead type: gendre." in answer.content.decode()
    assert not Policy.objects.filter(lead_type=TYPE).exists()


def test_an_analyst_may_look_and_change_nothing(world: World) -> None:
    watched(world)
    kind = solar(world)
    assert "Train now" not in text(world, page(kind), "analyst")
    analyst = signed_in(make_person(world.agency, "analyst"))
    for verb in ("train", "promote", "rollback", "policy"):
        assert analyst.post(f"{page(kind)}{verb}/").status_code == 403


def test_a_champion_is_rolled_back_and_the_points_table_scores_again(world: World) -> None:
    model = watched(world)
    url = page(solar(world))
    client = signed_in(make_person(world.agency))
    answer = client.post(f"{url}rollback/", {"model": model.public_id}, follow=True)
    assert "Rolled back" in answer.content.decode()
    model.refresh_from_db()
    assert model.state == State.WITHDRAWN
    assert client.post(f"{url}rollback/", {"model": model.public_id}).status_code == 404


def test_a_model_that_the_gate_did_not_pass_is_not_promoted(world: World) -> None:
    champion = watched(world)
    challenger = shadow_like(
        champion, gate={"passed": False, "checks": [{"name": "log_loss", "passed": False, "figures": {}}]}
    )
    url = page(solar(world))
    shown = text(world, url)
    assert "Better than the champion" in shown
    assert "Yes, promote" not in shown
    answer = signed_in(make_person(world.agency)).post(f"{url}promote/", {"model": challenger.public_id}, follow=True)
    assert "The gate has not let it through: log_loss." in answer.content.decode()
    champion.refresh_from_db()
    assert champion.state == State.CHAMPION


def test_a_model_that_the_gate_passed_is_one_click_from_its_place(world: World) -> None:
    champion = watched(world)
    challenger = shadow_like(champion, gate={"passed": True, "automatic": False, "checks": []})
    url = page(solar(world))
    assert "Yes, promote" in text(world, url)
    signed_in(make_person(world.agency)).post(f"{url}promote/", {"model": challenger.public_id})
    challenger.refresh_from_db()
    assert (challenger.state, challenger.promoted_by.partition("-")[0]) == (State.CHAMPION, "user:owner")


def shadow_like(model: Model, **report: Any) -> Model:
    """A twin of the model that waits in the shadow with this report of the gate."""
    same = {
        field.attname: getattr(model, field.attname)
        for field in Model._meta.concrete_fields
        if field.name not in ("id", "state", "report", "promoted_at", "promoted_by", "created_at")
    }
    return Model.objects.create(**same, state=State.SHADOW, report={**report, "judged_at": now().isoformat()})


def test_the_page_of_a_shared_champion_names_nothing_of_the_others_and_counts_no_leads_of_theirs(world: World) -> None:
    champion = watched(world)
    Policy.objects.update_or_create(agency=world.agency, lead_type=TYPE, defaults={"shares": True})
    columns = [{"name": name, "kind": "number", "sign": 0} for name in ("phone", "field.secret")]
    fairness = {"leads": 4321, "thresholds": [], "attributes": {}, "regulations": [], "features": []}
    Model.objects.filter(pk=champion.pk).update(
        agency=None, rows=4321, positives=4321, spec=columns, promoted_by="user:secret@beta.example",
        fairness={**fairness, "barred": ["field.secret"], "made_at": "2026-05-01T00:00:00.000Z"},
    )  # fmt: skip
    shown = text(world, page(solar(world)))
    assert champion.public_id in shown
    assert "leads of all agencies that share it" in shown
    assert "secret" not in shown
    assert "4321" not in shown


def test_a_strangers_lead_type_is_not_there(world: World) -> None:
    other = make_world()
    client = signed_in(make_person(world.agency))
    assert client.get(page(solar(other))).status_code == 404
    assert client.post(f"{page(solar(other))}train/").status_code == 404
    assert client.get("/agency/scoring/lt_nonsense/").status_code == 404


@pytest.mark.parametrize("count", [1, 4])
def test_the_list_costs_the_same_however_many_lead_types_it_shows(
    world: World, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for number in range(count):
        LeadType.objects.create(agency=world.agency, name=f"type_{number}")
    client = signed_in(make_person(world.agency))
    with django_assert_num_queries(8):
        client.get("/agency/scoring/")
