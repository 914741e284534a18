"""/v1/scoring: what a key of the agency reads and changes, and what nobody else does."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from core.clock import now
from leads.score_alarms import watch_scores
from scoring.models import Model, Policy, Stage, State, Target
from scoring.outcomes import Observed, record_outcomes
from scoring.registry import promote_model
from scoring.scopes import Scope
from scoring.training import train_model
from tests.buyers.making import House, a_buyer, a_house, a_lead_type, made, read
from tests.scoring.making import TYPE
from tests.scoring.simulation import live, market

pytestmark = pytest.mark.django_db
EVERY = timedelta(minutes=15)


@pytest.fixture
def house() -> House:
    house = a_house()
    a_lead_type(house, name=TYPE)
    return house


def watched(house: House) -> Model:
    """A calibrated champion, 600 leads that it scored, and the look at them."""
    start = now() - timedelta(days=20)
    live(house.agency, market(160, seed=1), first=start, every=EVERY)
    model = train_model(scope=Scope(house.agency.pk, TYPE, Target.STUCK), now=start + timedelta(days=5))
    live(house.agency, market(600, seed=2), first=now() - timedelta(days=6, hours=12), every=EVERY)
    watch_scores(now=now())
    return model


def twin(model: Model, **report: Any) -> Model:
    """The same model, waiting in the shadow with this report of the gate."""
    left_out = ("id", "state", "report", "promoted_at", "promoted_by", "created_at")
    same = {f.attname: getattr(model, f.attname) for f in Model._meta.concrete_fields if f.name not in left_out}
    return Model.objects.create(**same, state=State.SHADOW, report={"judged_at": now().isoformat(), **report})


def passed() -> Mapping[str, Any]:
    return {"passed": True, "automatic": False, "checks": [{"name": "log_loss", "passed": True, "figures": {}}]}


def test_models_are_listed_the_newest_first_and_read_with_their_reports(house: House) -> None:
    model = watched(house)
    waiting = twin(model, gate=passed())
    listed = read(house.api.get("/v1/scoring/models"))["data"]
    assert [one["model_id"] for one in listed] == [waiting.public_id, model.public_id]
    (champion,) = read(house.api.get(f"/v1/scoring/models?state=champion&lead_type={TYPE}"))["data"]
    assert champion == read(house.api.get(f"/v1/scoring/models/{model.public_id}"))
    assert (champion["stage"], champion["shared"], champion["rows"]) == (Stage.CALIBRATED, False, 160)
    assert champion["sha256"] == bytes(model.sha256).hex()
    assert {check["name"] for check in champion["training"]} >= {"no_leak", "forward", "reloads_the_same"}
    assert champion["gate"] is None
    assert listed[0]["gate"]["passed"]


def test_health_says_who_scores_what_was_found_and_what_is_missing(house: House) -> None:
    model = watched(house)
    (health,) = read(house.api.get(f"/v1/scoring/health?lead_type={TYPE}"))["data"]
    assert (health["lead_type"], health["model_id"], health["shadow_id"]) == (TYPE, model.public_id, None)
    assert health["outcomes"] == sum(band["leads"] for band in health["bands"]) > 300
    assert {one["check"] for one in health["findings"] if not one["subject"]} == {"mean", "auc", "score_psi"}
    assert health["calibrated"] == (health["level"] != "alarm")
    progress = health["progress"]
    assert (progress["reached"], progress["next_stage"]) in ((Stage.ADDITIVE, Stage.LEARNED), (Stage.LEARNED, None))
    assert {one["feature"] for one in health["drift"]} == {"phone"}, "what the points table asks and these leads have"


def test_a_lead_type_without_outcomes_says_how_many_it_wants(house: House) -> None:
    (health,) = read(house.api.get("/v1/scoring/health"))["data"]
    assert (health["level"], health["calibrated"], health["model_id"], health["bands"]) == ("unknown", False, None, [])
    assert health["progress"] == {
        "positives": 0,
        "negatives": 0,
        "reached": "rules",
        "next_stage": "calibrated",
        "missing_positives": 20,
        "missing_negatives": 20,
        "missing_leads": 0,
    }


def test_training_is_asked_for_and_refused_while_there_is_nothing_to_learn(house: House) -> None:
    refused = house.api.post("/v1/scoring/train", {"lead_type": TYPE})
    assert (refused.status_code, read(refused)["code"]) == (409, "too_few_outcomes")
    watched(house)
    answer = house.api.post("/v1/scoring/train", {"lead_type": TYPE})
    assert answer.status_code == 202
    assert read(answer)["lead_type"] == TYPE
    assert Policy.objects.get(lead_type=TYPE).asked_by.startswith("key:")
    (health,) = read(house.api.get("/v1/scoring/health"))["data"]
    assert health["asked_at"] == read(answer)["asked_at"]
    unknown = house.api.post("/v1/scoring/train", {"lead_type": "nothing"})
    assert (unknown.status_code, read(unknown)["errors"][0]["field"]) == (404, "lead_type")


def test_the_gate_stands_before_every_promotion(house: House) -> None:
    champion = watched(house)
    failed = {"passed": False, "automatic": True, "checks": [{"name": "mean", "passed": False, "figures": {}}]}
    old = (now() - timedelta(days=3)).isoformat()
    for report, said in (
        ({}, "It is judged every night once its shadow is 14 days old."),
        ({"gate": failed}, "The gate has not let it through: mean."),
        ({"gate": passed(), "judged_at": old}, "Its last verdict is older than two days; the next one comes tonight."),
    ):
        answer = house.api.post(f"/v1/scoring/models/{twin(champion, **report).public_id}/promote", {})
        assert (answer.status_code, read(answer)["code"], read(answer)["detail"]) == (409, "gate_not_passed", said)
    good = twin(champion, gate=passed())
    promoted = read(house.api.post(f"/v1/scoring/models/{good.public_id}/promote", {}))
    assert (promoted["model_id"], promoted["state"]) == (good.public_id, "champion")
    assert promoted["promoted_by"].startswith("key:")
    again = house.api.post(f"/v1/scoring/models/{champion.public_id}/promote", {})
    assert (again.status_code, read(again)["code"]) == (409, "gate_not_passed")


def test_a_champion_is_rolled_back_step_by_step_to_the_points_table(house: House) -> None:
    first = watched(house)
    second = twin(first, gate=passed())
    house.api.post(f"/v1/scoring/models/{second.public_id}/promote", {})
    back = read(house.api.post(f"/v1/scoring/models/{second.public_id}/rollback", {}))
    assert back["champion"]["model_id"] == first.public_id
    repeated = house.api.post(f"/v1/scoring/models/{second.public_id}/rollback", {})
    assert (repeated.status_code, read(repeated)["code"]) == (409, "nothing_to_roll_back")
    assert read(house.api.post(f"/v1/scoring/models/{first.public_id}/rollback", {})) == {"champion": None}
    assert AuditEntry.objects.filter(action="model.roll_back").count() == 2


COLUMNS = [
    *({"name": name, "kind": "number", "sign": 0} for name in ("phone", "field.severity", "field.secret")),
    {"kind": "ratio", "top": "field.severity", "bottom": "field.secret"},
]
COMPARED = {
    "leads": 4321,
    "thresholds": [63],
    "attributes": {
        name: {
            "unknown": 3,
            "groups": [{"group": "secret one", "leads": 200, "ratio": {"63": 0.9}}],
            "worst_ratio": ratio,
            "worst_ratio_before": 0.95,
            "proxy_auc": {"secret one": 0.61},
        }
        for name, ratio in (("faith", 0.9), ("secret_faith", 0.8))
    },
    "regulations": ["housing", "insurance"],
    "features": ["phone", "field.severity", "field.secret"],
    "barred": ["field.secret_zip", "zip_agrees"],
    "made_at": "2026-05-01T00:00:00.000Z",
}
CHECKS = [
    {"name": "segments_source", "passed": False, "figures": {"worse": {"0196d3f2:secret": 0.2}}},
    {"name": "log_loss", "passed": True, "figures": {"champion": 0.4321, "champion_auc": 0.7, "challenger_auc": 0.8}},
    {"name": "enough_outcomes", "passed": True, "figures": {"rarer": 4321, "leads": 4321}},
    {"name": "fairness_faith", "passed": True, "figures": {"worst_ratio": 0.9, "before": 0.95}},
    {"name": "fairness_secret_faith", "passed": False, "figures": {"worst_ratio": 0.4321, "before": 0.95}},
    {"name": "fairness_secret_age", "passed": True, "figures": {"worst_ratio": 0.4321, "before": 0.95}},
]
LEARNED = [
    {"name": "no_leak", "passed": False, "figures": {"suspects": {"field.secret": 0.4321}}},
    {"name": "forward", "passed": True, "figures": {"newest": 4321}},
    {"name": "size", "passed": True, "figures": {"bytes": 17}},
]


def a_shared_model(house: House) -> Model:
    """A champion of several agencies, whose reports name what is another's, and hold sums of all."""
    Policy.objects.update_or_create(
        agency=house.agency,
        lead_type=TYPE,
        defaults={"shares": True, "compared": ["faith"], "regulation": "insurance"},
    )
    shared = twin(watched(house), gate={**passed(), "checks": CHECKS}, training=LEARNED)
    found = {"auc": 0.75, "true_rate": 0.4321, "log_loss": 0.4321}
    Model.objects.filter(pk=shared.pk).update(
        agency=None, fairness=COMPARED, spec=COLUMNS, rows=4321, positives=4321, promoted_by="user:secret@beta.example",
        metrics={"out_of_fold": found, "forward": {"newest": 4321, "challenger": found}},
    )  # fmt: skip
    return shared


def test_of_a_shared_model_an_agency_is_told_what_is_about_the_model_alone_or_its_own(house: House) -> None:
    seen = house.api.get(f"/v1/scoring/models/{a_shared_model(house).public_id}")
    assert b"secret" not in seen.content
    assert b"4321" not in seen.content
    told = read(seen)
    assert {name for name, value in told.items() if value is None} == {
        "rows", "positives", "trained_from", "trained_to", "promoted_at", "promoted_by", "parent_id",
    }  # fmt: skip
    assert told["features"] == ["phone", "field.severity"]
    assert told["metrics"] == {"out_of_fold": {"auc": 0.75}}
    assert told["training"] == [
        {"name": "no_leak", "passed": False, "figures": {}},
        {"name": "forward", "passed": True, "figures": {}},
        {"name": "size", "passed": True, "figures": {"bytes": 17}},
    ]
    assert told["gate"]["checks"] == [
        {"name": "segments_source", "passed": False, "figures": {}},
        {"name": "log_loss", "passed": True, "figures": {"champion_auc": 0.7, "challenger_auc": 0.8}},
        {"name": "enough_outcomes", "passed": True, "figures": {}},
        {"name": "fairness_faith", "passed": True, "figures": {"worst_ratio": 0.9, "before": 0.95}},
        {"name": "fairness", "passed": False, "figures": {}},
    ]
    assert told["fairness"] == {
        "attributes": {"faith": {"worst_ratio": 0.9, "worst_ratio_before": 0.95}},
        "regulations": ["insurance"],
        "features": ["phone", "field.severity"],
        "barred": ["zip_agrees"],
        "made_at": "2026-05-01T00:00:00.000Z",
    }


def test_a_shared_model_is_seen_by_those_who_share_and_changed_by_the_gate_alone(house: House) -> None:
    shared = a_shared_model(house)
    for verb in ("promote", "rollback"):
        answer = house.api.post(f"/v1/scoring/models/{shared.public_id}/{verb}", {})
        assert (answer.status_code, read(answer)["code"]) == (409, "shared_model")
    Policy.objects.update(shares=False)
    assert house.api.get(f"/v1/scoring/models/{shared.public_id}").status_code == 404
    assert shared.public_id not in str(read(house.api.get("/v1/scoring/models")))


def test_a_name_that_the_lead_type_does_not_have_is_refused_where_it_stands(house: House) -> None:
    (policy,) = read(house.api.get("/v1/scoring/policies"))["data"]
    address = f"/v1/scoring/policies/{policy['lead_type_id']}"
    wrong = house.api.patch(address, {"compared": ["severity", "gendre"], "excluded": ["zip_agrees", "clik_id"]})
    assert wrong.status_code == 422
    assert [error["field"] for error in read(wrong)["errors"]] == ["compared.1", "excluded.1"]
    assert read(house.api.get(address)) == policy


def test_a_policy_declares_the_law_and_is_compared_by_its_tag(house: House) -> None:
    (policy,) = read(house.api.get("/v1/scoring/policies"))["data"]
    address = f"/v1/scoring/policies/{policy['lead_type_id']}"
    before = house.api.get(address)
    assert read(before) == policy
    changed = house.api.patch(address, {"regulation": "insurance", "compared": ["severity"], "excluded": ["click_id"]})
    assert read(changed) == {**policy, "regulation": "insurance", "compared": ["severity"], "excluded": ["click_id"]}
    late = house.api.patch(address, {"regulation": ""}, **{"If-Match": before.headers["ETag"]})
    assert late.status_code == 412
    wrong = house.api.patch(address, {"regulation": "nonsense", "colour": 1})
    assert {error["field"] for error in read(wrong)["errors"]} == {"regulation", "colour"}


def test_keys_of_sources_and_buyers_see_and_change_nothing(house: House) -> None:
    model = watched(house)
    scopes = ["reports:read", "buyers:write", "buyers:read"]
    buyer = a_buyer(house)
    source = made(house.api.post("/v1/sources", {"name": "Acme Ads"}))
    for bound in ({"source_id": source["source_id"]}, {"buyer_id": buyer["buyer_id"]}):
        key = made(house.api.post("/v1/keys", {"name": "bound", "scopes": scopes, **bound}))["key"]
        api = type(house.api)(key)
        for path in ("models", "health", "policies"):
            assert read(api.get(f"/v1/scoring/{path}"))["data"] == []
        assert api.get(f"/v1/scoring/models/{model.public_id}").status_code == 404
        answer = api.post("/v1/scoring/train", {"lead_type": TYPE})
        assert (answer.status_code, read(answer)["code"]) == (403, "agency_only")


@pytest.mark.parametrize(("path", "scope"), [("models", "reports:read"), ("health", "reports:read")])
def test_reading_needs_its_scope(house: House, path: str, scope: str) -> None:
    assert house.key(scopes=("leads:read",)).get(f"/v1/scoring/{path}").status_code == 403
    assert house.key(scopes=(scope,)).get(f"/v1/scoring/{path}").status_code == 200


def test_health_costs_the_same_however_many_lead_types_there_are(house: House) -> None:
    watched(house)
    with CaptureQueriesContext(connection) as few:
        house.api.get("/v1/scoring/health")
    for number in range(5):
        a_lead_type(house, name=f"type_{number}")
        told(house, f"type_{number}")
    with CaptureQueriesContext(connection) as many:
        assert len(read(house.api.get("/v1/scoring/health"))["data"]) == 6
    assert len(many) == len(few)


def test_a_list_of_models_reads_the_bytes_of_none(house: House) -> None:
    model = watched(house)
    Model.objects.filter(pk=twin(model).pk).update(parent=model)
    with CaptureQueriesContext(connection) as captured:
        assert read(house.api.get("/v1/scoring/models"))["data"][0]["parent_id"] == model.public_id
    (listing,) = [query["sql"] for query in captured if 'FROM "scoring_model"' in query["sql"]]
    assert listing.count('"body"') == listing.count('LENGTH("scoring_model"."body")') > 0


def told(house: House, lead_type: str) -> None:
    """A champion and an outcome of this lead type."""
    model = twin(Model.objects.filter(lead_type=TYPE).latest("created_at"), gate=passed())
    Model.objects.filter(pk=model.pk).update(lead_type=lead_type)
    model.refresh_from_db()
    promote_model(model=model, actor="test", now=now())
    record_outcomes(
        observed=[
            Observed(
                agency_id=house.agency.pk,
                lead_ref=model.pk,
                lead_type=lead_type,
                target=Target.STUCK,
                label=True,
                received_at=now(),
                matured_at=now(),
            )
        ]
    )
