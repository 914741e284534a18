"""What the law bars reaches no model: not by learning, not by a champion of before, not by a ratio, not by sharing."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Agency, AuditEntry
from accounts.principals import SystemActor
from scoring.allowed import REGULATED, allowed_features
from scoring.features import Feature
from scoring.models import Model, Regulation, Stage, State, Target
from scoring.people import report_fairness
from scoring.policies import SharedModelBarred, set_policy
from scoring.registry import champion_of, features_used, promote_model
from scoring.scopes import Scope
from scoring.serving import scorers_of
from scoring.shadows import judge_shadows
from scoring.training import train_model
from tests.scoring.making import MAY, TYPE, Sample, an_agency, remember

JUNE = MAY + timedelta(days=31)
BARRED = ("field.zip3", "field.city", "field.home_county", "field.school_district", "field.street_address")
PROTECTED = ("field.gender", "field.driver_age", "field.marital_status", "days_since.birth_date")


def temptation(amount: int, *, seed: int) -> Sample:
    """Leads of which only what is barred tells the outcome; one honest feature does so weakly."""
    dice = np.random.default_rng(seed)
    rows: list[Mapping[str, Feature]] = []
    labels = []
    for _ in range(amount):
        side = bool(dice.random() < 0.5)
        label = dice.random() < (0.7 if side else 0.3)
        told: dict[str, Feature] = dict.fromkeys((*BARRED, *PROTECTED[:3]), "north" if side else "south")
        told |= {"days_since.birth_date": 9000 if side else 20_000, "state": str(dice.choice(["TX", "CA"]))}
        rows.append({**told, "tracked": bool(dice.random() < (0.6 if label else 0.4)), "vertical": TYPE})
        labels.append(label)
    return Sample(rows, np.full(amount, 0.5), np.array(labels))


@pytest.fixture
def agency() -> Agency:
    return an_agency()


def owner(agency: Agency) -> SystemActor:
    return SystemActor(agency.pk, "user:owner@example.com")


def trained(agency: Agency) -> Model:
    return train_model(scope=Scope(agency.pk, TYPE, Target.STUCK), now=JUNE)


@pytest.mark.django_db
@pytest.mark.parametrize("regulation", sorted(REGULATED))
def test_in_a_regulated_trade_no_barred_field_reaches_the_model(agency: Agency, regulation: str) -> None:
    set_policy(actor=owner(agency), lead_type=TYPE, values={"regulation": regulation})
    remember(agency, temptation(400, seed=1))
    model = trained(agency)
    assert model.stage == Stage.ADDITIVE
    assert set(features_used(model)) == {"state", "tracked"}
    assert not any(name in str(model.spec) for name in (*BARRED, *PROTECTED))
    report = report_fairness(model=model, now=JUNE)
    assert set(report["barred"]) == {*BARRED, *PROTECTED}


@pytest.mark.django_db
def test_elsewhere_places_count_and_who_somebody_is_never_does(agency: Agency) -> None:
    remember(agency, temptation(400, seed=1))
    assert set(features_used(trained(agency))) == {"state", "tracked", *BARRED}


@pytest.mark.django_db
def test_once_the_law_is_declared_a_champion_that_looks_at_what_it_bars_is_out_for_good(agency: Agency) -> None:
    remember(agency, temptation(400, seed=1))
    model = promote_model(model=trained(agency), actor="test", now=JUNE)
    version = Agency.objects.get(pk=agency.pk).version
    set_policy(actor=owner(agency), lead_type=TYPE, values={"regulation": "credit"})
    model.refresh_from_db()
    assert model.state == State.REFUSED
    assert champion_of(Scope(agency.pk, TYPE, Target.STUCK)) is None
    assert Agency.objects.get(pk=agency.pk).version == version + 1
    assert scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE].score({}).stage == "rules"
    entry = AuditEntry.objects.get(action="policy.update")
    assert entry.changes == {"regulation": ["", "credit"], "refused_models": [[], [model.public_id]]}


@pytest.mark.django_db
def test_a_shared_model_that_looks_at_what_is_barred_cannot_be_joined(agency: Agency) -> None:
    remember(agency, temptation(400, seed=1))
    model = promote_model(model=trained(agency), actor="test", now=JUNE)
    Model.objects.filter(pk=model.pk).update(agency=None)
    other = an_agency("other")
    set_policy(actor=owner(other), lead_type=TYPE, values={"regulation": "housing"})
    with pytest.raises(SharedModelBarred):
        set_policy(actor=owner(other), lead_type=TYPE, values={"shares": True})
    set_policy(actor=owner(agency), lead_type=TYPE, values={"shares": True})
    with pytest.raises(SharedModelBarred):
        set_policy(actor=owner(agency), lead_type=TYPE, values={"regulation": "housing"})
    assert Model.objects.get(pk=model.pk).state == State.CHAMPION


@pytest.mark.django_db
def test_a_shared_model_that_waits_is_refused_once_one_of_its_agencies_bars_what_it_looks_at(agency: Agency) -> None:
    remember(agency, temptation(400, seed=1))
    model = trained(agency)
    Model.objects.filter(pk=model.pk).update(agency=None, state=State.SHADOW)
    for one, regulation in ((agency, ""), (an_agency("other"), "housing")):
        set_policy(actor=owner(one), lead_type=TYPE, values={"regulation": regulation, "shares": True})
    assert judge_shadows(now=JUNE + timedelta(days=15)) == {model.public_id: "refused"}
    report = Model.objects.get(pk=model.pk).report
    assert [check for check in report["gate"]["checks"] if check["name"] == "allowed"] == [
        {"name": "allowed", "passed": False, "figures": {"barred": sorted(BARRED)}}
    ]


@pytest.mark.django_db
def test_nothing_is_learned_from_a_field_whose_groups_are_compared(agency: Agency) -> None:
    remember(agency, temptation(400, seed=1))
    before = trained(agency)
    assert "field.city" in features_used(before)
    set_policy(actor=owner(agency), lead_type=TYPE, values={"compared": ["city"]})
    assert Model.objects.get(pk=before.pk).state == State.REFUSED
    assert "field.city" not in features_used(trained(agency))


@pytest.mark.django_db
def test_a_ratio_of_what_is_barred_is_barred(agency: Agency) -> None:
    remember(agency, temptation(400, seed=1))
    model = promote_model(model=trained(agency), actor="test", now=JUNE)
    Model.objects.filter(pk=model.pk).update(spec=[{"kind": "ratio", "top": "field.loan", "bottom": "field.zip"}])
    set_policy(actor=owner(agency), lead_type=TYPE, values={"regulation": "credit"})
    assert Model.objects.get(pk=model.pk).state == State.REFUSED


@pytest.mark.django_db
def test_what_changes_nothing_is_no_change(agency: Agency) -> None:
    set_policy(actor=owner(agency), lead_type=TYPE, values={"regulation": ""})
    assert not AuditEntry.objects.exists()


def test_every_law_that_can_be_declared_bars_something() -> None:
    assert {one.value for one in Regulation if one.value} == REGULATED


@given(
    st.sampled_from(sorted(REGULATED)),
    st.sampled_from(["zip", "city", "county", "address", "geo", "school", "timezone", "township"]),
    st.booleans(),
)
def test_however_a_place_is_written_it_is_barred(regulation: str, word: str, camel: bool) -> None:
    name = f"field.home{word.capitalize()}" if camel else f"field.home_{word}_2"
    assert allowed_features([name], regulations=[regulation]) == []
    assert allowed_features([name]) == [name]
