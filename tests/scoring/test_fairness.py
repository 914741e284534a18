"""The fairness report says what can be counted: selection, calibration, proxies. The gate lets none get worse."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from scoring.fairness import Population, fairness_checks, fairness_report
from scoring.models import Belonging, Policy, Target
from scoring.people import report_fairness
from scoring.policies import regulations_of
from scoring.scopes import Scope
from scoring.training import train_model
from tests.scoring.making import MAY, TYPE, an_agency, remember, sample

DICE = np.random.default_rng(8)
GROUPS = ["woman"] * 400 + ["man"] * 600 + [""] * 50 + ["other"] * 20


def people(*, women: float, men: float, before: float = 0.6) -> Population:
    """A share of each group is given 0.8, the others 0.2; what is in charge now gives `before` of both."""
    share = {"woman": women, "man": men, "": 0.5, "other": 0.5}
    places = [0, 0, 0, 0]
    order = {"woman": 0, "man": 1, "": 2, "other": 3}
    counts = [400, 600, 50, 20]
    chances, incumbent = [], []
    for group in GROUPS:
        place = order[group]
        rank = places[place] / counts[place]
        chances.append(0.8 if rank < share[group] else 0.2)
        incumbent.append(0.8 if rank < before else 0.2)
        places[place] += 1
    rows = [
        {"height": 160 + (10 if group == "man" else 0) + int(DICE.integers(0, 12)), "noise": int(DICE.integers(0, 9))}
        for group in GROUPS
    ]
    labels = np.where(np.arange(len(GROUPS)) % 2, np.array(chances) > 0.5, np.nan)
    return Population(
        rows=rows, chances=np.array(chances), incumbent=np.array(incumbent), labels=labels, groups={"gender": GROUPS}
    )


def test_a_group_that_is_selected_half_as_often_has_a_ratio_of_one_half() -> None:
    report = fairness_report(people(women=0.25, men=0.5), thresholds=[60], names=["height", "noise"])
    gender = report["attributes"]["gender"]
    groups = {one["group"]: one for one in gender["groups"]}
    assert set(groups) == {"woman", "man"}, "groups of fewer than a hundred are not told"
    assert groups["woman"]["selected"] == {"60": 0.25}
    assert (groups["woman"]["ratio"], groups["man"]["ratio"]) == ({"60": 0.5}, {"60": 1.0})
    assert (gender["worst_ratio"], gender["worst_ratio_before"], gender["unknown"]) == (0.5, 1.0, 50)
    assert (groups["woman"]["outcomes"], groups["woman"]["mean"], groups["woman"]["rate"]) == (200, 0.35, 0.25)


def test_proxies_are_as_strong_as_the_features_tell_groups_apart() -> None:
    strong = fairness_report(people(women=0.5, men=0.5), thresholds=[], names=["height", "noise"])
    weak = fairness_report(people(women=0.5, men=0.5), thresholds=[], names=["noise"])
    assert strong["thresholds"] == [50]
    assert strong["attributes"]["gender"]["proxy_auc"]["woman"] > 0.9
    assert 0.4 < weak["attributes"]["gender"]["proxy_auc"]["woman"] < 0.6


@pytest.mark.parametrize(("women", "men", "passed"), [(0.5, 0.5, True), (0.42, 0.5, True), (0.3, 0.5, False)])
def test_the_gate_refuses_a_model_that_treats_groups_worse(women: float, men: float, passed: bool) -> None:
    report = fairness_report(people(women=women, men=men), thresholds=[60], names=["noise"])
    (check,) = fairness_checks(report)
    assert (check.name, check.passed) == ("fairness_gender", passed)


def test_no_worse_than_what_is_in_charge_is_let_through() -> None:
    unfair = people(women=0.3, men=0.5)
    same = replace(unfair, incumbent=unfair.chances)
    (check,) = fairness_checks(fairness_report(same, thresholds=[60], names=["noise"]))
    assert check.passed
    assert fairness_checks({}) == []


def test_a_model_that_agencies_share_obeys_the_laws_of_all() -> None:
    policies = [Policy(regulation=law) for law in ("insurance", "", "credit", "insurance")]
    assert regulations_of(policies) == ["credit", "insurance"]


@pytest.mark.django_db
def test_the_report_of_a_stored_model_uses_the_thresholds_in_use_and_the_groups_on_record() -> None:
    agency = an_agency()
    leads = remember(agency, sample(400, seed=1))
    now = MAY + timedelta(days=20)
    model = train_model(scope=Scope(agency.pk, TYPE, Target.STUCK), now=now)
    Policy.objects.update_or_create(
        agency=agency, lead_type=TYPE, defaults={"compared": ["gender"], "thresholds": [40, 70], "regulation": "credit"}
    )
    Belonging.objects.bulk_create(
        Belonging(
            agency=agency, lead_type=TYPE, lead_ref=lead, attribute="gender", group=("woman", "man", "")[place % 3]
        )
        for place, lead in enumerate(leads)
    )
    report = report_fairness(model=model, now=now)
    gender = report["attributes"]["gender"]
    assert (report["leads"], report["thresholds"], report["regulations"]) == (400, [40, 70], ["credit"])
    assert [(group["group"], group["leads"]) for group in gender["groups"]] == [("man", 133), ("woman", 134)]
    assert gender["unknown"] == 133
    model.refresh_from_db()
    assert model.fairness == report


@pytest.mark.django_db
def test_of_a_model_of_returns_is_told_who_is_expected_to_keep_a_lead() -> None:
    agency = an_agency()
    leads = remember(agency, sample(400, seed=1), target=Target.RETURNED)
    now = MAY + timedelta(days=20)
    model = train_model(scope=Scope(agency.pk, TYPE, Target.RETURNED), now=now)
    Policy.objects.update_or_create(
        agency=agency, lead_type=TYPE, defaults={"compared": ["gender"], "thresholds": [70]}
    )
    Belonging.objects.bulk_create(
        Belonging(agency=agency, lead_type=TYPE, lead_ref=lead, attribute="gender", group=("woman", "man")[place % 2])
        for place, lead in enumerate(leads)
    )
    report = report_fairness(model=model, now=now)
    kept = 1 - model.positives / model.rows
    groups = report["attributes"]["gender"]["groups"]
    assert report["thresholds"] != [70], "what contracts ask of scores is nothing to returns"
    assert 0.3 < groups[0]["selected"][str(report["thresholds"][0])] < 0.7, "the better half is looked at"
    assert sum(group["rate"] * group["leads"] for group in groups) / 400 == pytest.approx(kept, abs=1e-3)
    assert sum(group["mean"] * group["leads"] for group in groups) / 400 == pytest.approx(kept, abs=0.05)
