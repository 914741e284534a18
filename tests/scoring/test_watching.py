"""The nightly look: at what was said at the time, by whoever said it, on leads enough to say anything."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction

from accounts.models import Agency, AuditEntry
from core.ids import new_id
from scoring.alarms import Alarm, keep_watch
from scoring.findings import Finding
from scoring.judged import judged_leads
from scoring.levels import Level
from scoring.models import Model, Outcome, Policy, Score, Stage, State, Target, Watch
from scoring.outcomes import Observed, record_outcomes
from scoring.registry import promote_model
from scoring.scopes import Scope
from scoring.scorecard import SCORECARD
from scoring.serving import scorers_of
from scoring.training import train_model
from scoring.watches import alarmed_models
from scoring.watching import Watched, watch_all
from tests.scoring.making import MAY, TYPE, Sample, an_agency, remember, sample
from tests.scoring.simulation import live, market

pytestmark = pytest.mark.django_db
JUNE = MAY + timedelta(days=31)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def agency() -> Agency:
    return an_agency()


def calibrated(agency: Agency) -> Model:
    """A champion: the scorecard through two numbers."""
    live(agency, market(160, seed=1), first=MAY, every=QUARTER)
    model = train_model(scope=Scope(agency.pk, TYPE, Target.STUCK), now=MAY + timedelta(days=5))
    assert (model.stage, model.state) == (Stage.CALIBRATED, State.CHAMPION)
    return model


def watch(agency: Agency) -> Watched:
    (found,) = [one for one in watch_all(now=JUNE) if one.agency_id == agency.pk]
    return found


def level_of(found: Watched, check: str) -> str:
    return str(next(one.level for one in found.findings if one.check == check))


# --- what is looked at -------------------------------------------------------------------------------------------


def test_nothing_is_said_of_few_leads_and_of_a_month_where_a_week_brought_few(agency: Agency) -> None:
    model = calibrated(agency)
    live(agency, market(300, seed=2), first=JUNE - timedelta(days=25), every=QUARTER)
    live(agency, market(199, seed=3), first=JUNE - timedelta(days=5), every=QUARTER)
    few = watch(agency)
    assert (few.model, level_of(few, "score_psi"), few.figures["drift"]["leads"]) == (model.public_id, "unknown", 499)
    live(agency, market(1, seed=4), first=JUNE - timedelta(days=2), every=QUARTER)
    enough = watch(agency)
    assert (level_of(enough, "score_psi"), enough.figures["drift"]["leads"]) == ("good", 500)


def test_scores_that_another_gave_are_not_counted(agency: Agency) -> None:
    calibrated(agency)
    live(agency, market(600, seed=2), first=JUNE - timedelta(days=7), every=QUARTER)
    seen = watch(agency).figures
    Score.objects.filter(model__startswith="mdl_").update(model="mdl_earlier")
    unseen = watch(agency).figures
    assert (seen["drift"]["leads"], unseen["drift"]["leads"]) == (600, 0)
    assert (seen["outcomes"] > 400, unseen["outcomes"]) == (True, 0)


def test_a_lead_is_judged_by_what_was_said_of_it_first(agency: Agency) -> None:
    (lead,) = remember(agency, sample(1, seed=1))
    first = Score.objects.get(lead_ref=lead)
    again = Score.objects.get(lead_ref=lead)
    again.pk, again.probability = new_id(MAY + timedelta(days=1)), 0.999
    again.save(force_insert=True)
    judged = judged_leads(agency.pk, TYPE, SCORECARD.version, now=JUNE)
    assert judged.chances.tolist() == [first.probability]


def test_imported_outcomes_and_unripe_ones_judge_nobody(agency: Agency) -> None:
    remember(agency, sample(3, seed=1))
    remember(agency, sample(2, seed=2), first=JUNE - timedelta(days=1))
    assert len(judged_leads(agency.pk, TYPE, SCORECARD.version, now=JUNE)) == 3
    Outcome.objects.update(origin=Outcome.Origin.IMPORTED)
    assert len(judged_leads(agency.pk, TYPE, SCORECARD.version, now=JUNE)) == 0


def test_the_return_rate_of_a_band_counts_buyers_that_gave_leads_back(agency: Agency) -> None:
    found = sample(4, seed=1)
    leads = remember(agency, replace(found, rows=[{**row, "source": "search"} for row in found.rows]))
    Score.objects.update(probability=0.85)
    for lead, label in ((leads[0], True), (leads[0], False), (leads[1], False)):
        record_outcomes(observed=[returned(agency, lead, label)])
    figures = judged_leads(agency.pk, TYPE, SCORECARD.version, now=JUNE).figures()
    eighties = next(band for band in figures["bands"] if band["low"] == 80)
    assert (eighties["leads"], round(eighties["return_rate"], 3)) == (4, 0.333)
    assert figures["sources"][0]["return_rate"] == eighties["return_rate"]


def returned(agency: Agency, lead: UUID, label: bool) -> Observed:
    return Observed(
        agency_id=agency.pk, lead_ref=lead, lead_type=TYPE, target=Target.RETURNED, label=label,
        received_at=MAY, matured_at=MAY, buyer_ref=new_id(),
    )  # fmt: skip


def on_days(found: Sample, first: datetime, every: timedelta) -> Sample:
    """The same leads, which know on what weekday each comes."""
    days = [(first + place * every).weekday() for place in range(len(found.rows))]
    return replace(found, rows=[{**row, "local_weekday": day} for row, day in zip(found.rows, days, strict=True)])


def test_leads_of_less_than_a_week_say_nothing_of_weekdays(agency: Agency) -> None:
    month = timedelta(minutes=30)
    live(agency, on_days(market(1400, seed=1), MAY, month), first=MAY, every=month)
    model = train_model(scope=Scope(agency.pk, TYPE, Target.STUCK), now=MAY + timedelta(days=29))
    promote_model(model=model, actor="test", now=JUNE - timedelta(days=3))
    Model.objects.update(spec=[{"name": "local_weekday", "kind": "number", "sign": 0}])
    for days, every, judged in ((3, timedelta(minutes=5), False), (7, timedelta(minutes=16), True)):
        first = JUNE - timedelta(days=days)
        Model.objects.update(promoted_at=first)
        leads = live(agency, on_days(market(600, seed=days), first, every), first=first, every=every)
        Score.objects.filter(lead_ref__in=leads).update(model=model.public_id)
        found = watch(agency)
        assert level_of(found, "score_psi") != "unknown"
        assert ("local_weekday" in {one.subject for one in found.findings}) is judged


def asking(found: Sample, field: str) -> Sample:
    """The same leads, of an agency that asks for this field too, and lately gets no answer."""
    half = len(found.rows) // 2
    rows = [{**row, field: "yes" if place < half else None} for place, row in enumerate(found.rows)]
    return replace(found, rows=rows)


def test_leads_under_a_shared_champion_are_compared_together_and_judged_and_told_apart(agency: Agency) -> None:
    other, field = an_agency("other"), "field.secret"
    for one in (agency, other):
        Policy.objects.create(agency=one, lead_type=TYPE, shares=True)
    live(agency, market(100, seed=1), first=MAY, every=QUARTER)
    live(other, asking(market(100, seed=1), field), first=MAY, every=QUARTER)
    model = train_model(scope=Scope(None, TYPE, Target.STUCK), now=MAY + timedelta(days=5))
    assert (model.agency_id, model.state) == (None, State.CHAMPION)
    live(agency, market(400, seed=2), first=JUNE - timedelta(days=6), every=QUARTER)
    live(other, asking(market(400, seed=3), field), first=JUNE - timedelta(days=6), every=QUARTER)
    Model.objects.update(spec=[{"name": name, "kind": "number", "sign": 0} for name in ("phone", field)])
    mine, theirs = watch(agency), watch(other)
    subjects = [{one.subject for one in found.findings if one.subject} for found in (mine, theirs)]
    assert subjects == [{"phone"}, {"phone", field}]
    assert [row["feature"] for row in mine.figures["drift"]["features"]] == ["phone"]
    assert mine.figures["drift"]["features"][0].items() >= {"noise": None, "missing": None, "other": None}.items()
    pooled = [one for one in mine.findings if one.check not in ("mean", "auc")]
    assert {name for one in pooled for name in one.figures} == {"psi"}
    assert "error" not in next(one.figures for one in mine.findings if one.check == "auc")
    assert (level_of(mine, "score_psi"), level_of(mine, "feature_psi")) != ("unknown", "unknown"), (
        "of 800 leads of both"
    )
    assert mine.figures["outcomes"] > 0 < theirs.figures["outcomes"]


# --- what comes of it --------------------------------------------------------------------------------------------


def found(agency: Agency, champion: Model | None, level: Level) -> Watched:
    return Watched(agency.pk, TYPE, champion, (Finding("mean", level, {}),), {})


def keep(watched: Watched, day: int) -> Alarm | None:
    with transaction.atomic():
        return keep_watch(watched, now=JUNE + timedelta(days=day))


def test_an_alarm_is_told_once_ends_and_may_be_told_again(agency: Agency) -> None:
    model = calibrated(agency)
    levels = [Level.GOOD, Level.ALARM, Level.ALARM, Level.WARNING, Level.ALARM]
    told = [keep(found(agency, model, level), day) is not None for day, level in enumerate(levels)]
    assert told == [False, True, False, False, True]
    actions = AuditEntry.objects.filter(action__in=["model.drift", "model.recover"]).order_by("id")
    assert list(actions.values_list("action", flat=True)) == ["model.drift", "model.recover", "model.drift"]
    assert alarmed_models(agency.pk) == {(TYPE, model.public_id)}
    assert Watch.objects.count() == 5


def test_an_alarm_asks_for_a_training_only_where_there_is_something_to_learn(agency: Agency) -> None:
    model = calibrated(agency)
    keep(found(agency, model, Level.ALARM), 0)
    assert Policy.objects.get(agency=agency).asked_at == JUNE
    Policy.objects.update(asked_at=None)
    Outcome.objects.all().delete()
    keep(found(agency, model, Level.GOOD), 1)
    keep(found(agency, model, Level.ALARM), 2)
    assert Policy.objects.get(agency=agency).asked_at is None


def test_the_alarm_of_one_model_is_not_that_of_its_successor(agency: Agency) -> None:
    model = calibrated(agency)
    keep(found(agency, model, Level.ALARM), 0)
    scorer = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE]
    assert not scorer.score({}).calibrated
    successor = train_model(scope=Scope(agency.pk, TYPE, Target.STUCK), now=JUNE)
    if successor.state != State.CHAMPION:
        promote_model(model=successor, actor="test", now=JUNE)
    scorer = scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE]
    assert scorer.score({}).calibrated


def test_the_points_table_is_never_called_calibrated_and_never_alarms(agency: Agency) -> None:
    assert keep(found(agency, None, Level.ALARM), 0) is None
    assert not Watch.objects.get().calibrated
    assert not AuditEntry.objects.exists()
    assert not scorers_of(agency_id=agency.pk, lead_types=[TYPE])[TYPE].score({}).calibrated
