"""Half a year of an agency: its sources drift, the alarm sounds, the right model takes over, a wrong one never."""

from datetime import datetime, timedelta

import pytest

from accounts.models import Agency, AuditEntry
from accounts.principals import SystemActor
from core.json import loads
from leads.score_alarms import watch_scores
from scoring.models import Model, Policy, Stage, State, Target, Watch
from scoring.registry import NotPromotable
from scoring.requests import GateNotPassed, asked_scopes, promote_judged
from scoring.schedule import train_asked
from scoring.scopes import Scope
from scoring.sealing import hash_of
from scoring.serving import scorers_of
from scoring.shadows import judge_shadows
from scoring.training import train_model
from tests.scoring.making import MAY, TYPE, an_agency
from tests.scoring.simulation import FLOODED, live, market
from webhooks.models import Endpoint, Event, Message

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(180)]
EVERY = timedelta(minutes=20)


def after(days: int) -> datetime:
    return MAY + timedelta(days=days)


def test_sources_drift_the_alarm_sounds_the_retrained_model_takes_over_and_a_bad_one_is_refused() -> None:
    agency = an_agency()
    endpoint = Endpoint.objects.create(
        agency=agency, mode="live", owner_kind="agency", owner_id=agency.pk, url="https://a.example.com/hook",
        events=["model.drift"],
    )  # fmt: skip
    scope = Scope(agency.pk, TYPE, Target.STUCK)

    # May: the scorecard scores, a first model is trained; June shows that it is better.
    live(agency, market(900, seed=1), first=after(0), every=EVERY)
    first = train_model(scope=scope, now=after(23))
    assert (first.stage, first.state) == (Stage.LEARNED, State.SHADOW)
    live(agency, market(900, seed=2), first=after(23), every=EVERY)
    assert judge_shadows(now=after(46)) == {first.public_id: "promoted"}

    # July is as June was: nothing is found, and the score can be taken at its word.
    live(agency, market(900, seed=3), first=after(46), every=EVERY)
    assert watch_scores(now=after(65)) == {"watched": 1, "alarms": 0, "fairness_reports": 1}
    calm = Watch.objects.get()
    assert (calm.level, calm.calibrated, calm.model) == ("good", True, first.public_id)
    assert _calibrated(agency)

    # August: a source that nobody knows floods the market.
    live(agency, market(900, seed=4, sources=FLOODED), first=after(65), every=EVERY)
    assert watch_scores(now=after(84))["alarms"] == 1
    alarm = Watch.objects.latest("day")
    found = {(one["check"], one["subject"]): one["level"] for one in alarm.findings}
    assert (alarm.level, alarm.calibrated) == ("alarm", False)
    assert found["feature_psi", "source"] == found["other", "source"] == "alarm"
    assert found["feature_psi", "phone"] == found["missing", "phone"] == "good"
    assert not _calibrated(agency)
    event = Event.objects.get(type="model.drift")
    assert loads(bytes(event.body))["model_id"] == first.public_id
    assert Message.objects.get(event=event).endpoint_id == endpoint.pk
    assert AuditEntry.objects.filter(agency=agency, action="model.drift").count() == 1
    assert watch_scores(now=after(85))["alarms"] == 0, "an alarm that stands is told once"
    assert Model.objects.get(state=State.CHAMPION) == first, "the champion stays until the gate says otherwise"

    # The alarm asked for a successor. It is trained, watched, and let through.
    assert asked_scopes(since=after(84) - timedelta(hours=1)) == [scope]
    (second,) = train_asked(now=after(84) + timedelta(minutes=5))
    assert second.state == State.SHADOW
    with pytest.raises(GateNotPassed, match="14 days"):
        promote_judged(model=second, actor=SystemActor(agency.pk, "user:owner@example.com"), now=after(85))
    bad = _dishonest(second)
    live(agency, market(1_200, seed=5, sources=FLOODED), first=after(84), every=EVERY)
    assert judge_shadows(now=after(103)) == {second.public_id: "promoted", bad.public_id: "refused"}
    assert Model.objects.get(state=State.CHAMPION) == second
    assert Model.objects.get(pk=first.pk).state == State.RETIRED
    bad.refresh_from_db()
    failed = {check["name"] for check in bad.report["gate"]["checks"] if not check["passed"]}
    assert {"log_loss", "mean", "calibration"} <= failed
    with pytest.raises(NotPromotable):
        promote_judged(model=bad, actor=SystemActor(agency.pk, "user:owner@example.com"), now=after(103))

    # September: the flood is what the model knows by now.
    live(agency, market(900, seed=6, sources=FLOODED), first=after(103), every=EVERY)
    assert watch_scores(now=after(122))["alarms"] == 0
    assert Watch.objects.latest("day").calibrated
    assert _calibrated(agency)
    assert Policy.objects.get(agency=agency).asked_by == "system:watch_scores"


def _calibrated(agency: Agency) -> bool:
    """Whether the next lead's score says that it can be believed."""
    return scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE].score(market(1, seed=9).rows[0]).calibrated


def _dishonest(model: Model) -> Model:
    """The same trees with a calibration that flatters: sound, well ranked, and wrong about every probability."""
    intercept = model.intercept + 1.5
    return Model.objects.create(
        **{
            field.attname: getattr(model, field.attname)
            for field in Model._meta.concrete_fields
            if field.name not in ("id", "intercept", "sha256")
        },
        intercept=intercept,
        sha256=hash_of(
            body=bytes(model.body),
            leaves=bytes(model.leaves),
            spec=model.spec,
            slope=model.slope,
            intercept=intercept,
        ),
    )
