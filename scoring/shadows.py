"""Shadows: challengers that are judged on the leads that came after them, every night, until the gate has decided.

A snapshot never changes, so what a shadow would have said of a lead can be asked at any time and costs the lead's own
request nothing: a shadow scores when it is judged, on exactly the leads that the champion scored meanwhile.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from django.conf import settings
from django.db import transaction

from accounts.notices import notify
from core.ids import encode
from scoring.drift import profile_of
from scoring.examples import Examples, buyers_of_leads, later_examples
from scoring.fairness import fairness_checks
from scoring.gate import REPORT, Check, Trial, Verdict, judge
from scoring.learning import QUANTILES
from scoring.models import Model, Policy, Stage, State
from scoring.policies import barred_features
from scoring.prediction import chances_of
from scoring.registry import OPEN, champion_of, features_used, promote_model, refuse_model, scope_of
from scoring.soundness import check_soundness

log = logging.getLogger(__name__)

LEAST_SHADOW: Final = timedelta(days=14)
LONGEST_SHADOW: Final = timedelta(days=90)
"""What could not be judged by then is refused, so that a fresher model can be trained."""
OLD_CHAMPION: Final = timedelta(days=90)
REPORT_HOLDS: Final = timedelta(days=3)
"""One is made every night."""
AUTOMATIC: Final = "system:judge_shadows"
FEWEST_TO_ANCHOR: Final = 500
"""Later leads before they are the reference of what comes after them."""
_STAGES: Final = list(Stage.values)
_BUYER: Final = "buyer"  # as buyers' ids begin, whose table is none of ours


def judge_shadow(*, model: Model, now: datetime) -> Verdict | None:
    """What the gate says of this challenger today; None while its shadow is shorter than 14 days. Reads alone."""
    if now - model.created_at < LEAST_SHADOW:
        return None
    scope = scope_of(model)
    later = later_examples(scope, after=model.trained_to, now=now)
    technical = [_allowed(model), *check_soundness(model, later.rows)]
    if any(check.name == "loads" and not check.passed for check in technical):
        return Verdict(tuple(technical), automatic=False)
    champion = champion_of(scope)
    trial = Trial(
        labels=later.labels,
        challenger=chances_of(model, later.rows, target=scope.target),
        champion=chances_of(champion, later.rows, target=scope.target),
        trained=model.rows,
        segments=_segments(later),
        lenient=_may_be_lenient(model, champion, now),
        seed=model.seed,
    )
    return judge(trial, technical=technical, fairness=[*_reported(model, now), *fairness_checks(model.fairness)])


def judge_shadows(*, now: datetime) -> dict[str, str]:
    """Opens transactions. Judge every open challenger: promote, refuse, or wait; what became of each, by public id.

    One that passes on fewer than 300 outcomes of the rarer kind waits for a person. One that fails is refused once the
    evidence is enough for an automatic verdict, its failure is technical, or its shadow is longer than 90 days. Where
    judging itself fails (a champion's bytes are damaged) it is logged, and holds up no other.
    """
    ends = {}
    for model in Model.objects.filter(state__in=OPEN).order_by("created_at", "id"):
        try:
            verdict = judge_shadow(model=model, now=now)
            ends[model.public_id] = "waits" if verdict is None else _act(model, verdict, now)
        except Exception:
            log.exception("model %s could not be judged", model.public_id)
            ends[model.public_id] = "failed"
    return ends


def _act(model: Model, verdict: Verdict, now: datetime) -> str:
    report = {**model.report, "gate": verdict.record(), "judged_at": now.isoformat()}
    if verdict.passed:
        anchor_model(model=model, now=now)
    if verdict.passed and verdict.automatic:
        Model.objects.filter(pk=model.pk).update(report=report)
        promote_model(model=model, actor=AUTOMATIC, now=now)
        return "promoted"
    waits_in_vain = not verdict.passed or model.agency_id is None  # a shared one waits for no person's word
    if verdict.hopeless or (waits_in_vain and now - model.created_at > LONGEST_SHADOW):
        refuse_model(model=model, actor=AUTOMATIC, report=report)
        return "refused"
    Model.objects.filter(pk=model.pk, state__in=OPEN).update(state=State.SHADOW, report=report)
    if not verdict.passed:
        return "waits"
    if not model.report.get("gate", {}).get("passed"):
        _tell_ready(model, now)
    return "ready"


def _tell_ready(model: Model, now: datetime) -> None:
    """Tell those who may promote it, once; a model that agencies share waits for nobody's word but the gate's."""
    if model.agency_id is None:
        return
    kind = model.lead_type.replace("_", " ")
    text = (
        f"A new model of your {kind} leads has done better than what is in charge, on leads that came after it. They "
        "are too few for it to take over by itself: it waits for your word.\n\n"
        f"Look at it, and promote it: {settings.PUBLIC_URL}/agency/scoring/\n"
    )
    with transaction.atomic():
        notify(
            agency_id=model.agency_id,
            key=f"model.ready:{model.public_id}",
            subject=f"A model of {kind} leads waits for your word",
            text=text,
            now=now,
        )


def _allowed(model: Model) -> Check:
    """The model looks at nothing that any of its agencies bars by now: policies change while a shadow waits."""
    policies = Policy.objects.filter(agency__in=scope_of(model).agencies, lead_type=model.lead_type)
    barred = sorted({name for policy in policies for name in barred_features(model, policy)})
    return Check("allowed", not barred, {"barred": barred})


def _reported(model: Model, now: datetime) -> list[Check]:
    """Where its agencies compare groups, a model is judged by a report of these days on all that they compare."""
    policies = Policy.objects.filter(agency__in=scope_of(model).agencies, lead_type=model.lead_type)
    compared = {name for policy in policies for name in policy.compared}
    if not compared:
        return []
    report = model.fairness
    fresh = bool(report) and now - datetime.fromisoformat(report["made_at"]) <= REPORT_HOLDS
    missing = sorted(compared.difference(report["attributes"] if fresh else ()))
    return [Check(REPORT, not missing, {"missing": missing})]


def _may_be_lenient(model: Model, champion: Model | None, now: datetime) -> bool:
    """Whether not worse is enough: for the simpler model, or against a champion older than 90 days."""
    if champion is None:
        return False
    simpler = _STAGES.index(model.stage) < _STAGES.index(champion.stage)
    return simpler or now - (champion.promoted_at or champion.created_at) > OLD_CHAMPION


def _segments(examples: Examples) -> dict[str, list[str]]:
    """The groups that no challenger may let down: states, sources, campaigns, buyers, and agencies that share."""
    answered = buyers_of_leads(examples.refs)
    told = zip(examples.buyers, examples.refs, strict=True)
    buyers = [buyer or answered.get(ref) for buyer, ref in told]
    kinds = ("state", "source", "campaign", "agency")
    return {
        **{kind: [str(row.get(kind)) for row in examples.rows] for kind in kinds},
        "buyer": [encode(_BUYER, buyer) if buyer else "none" for buyer in buyers],
    }


def anchor_model(*, model: Model, now: datetime) -> bool:
    """Opens a transaction. Take the leads after the model's last as its reference; False while they are too few.

    The leads it learned from may be half a year old. Whoever was let through on a changed market is at home in it, and
    must not raise the alarm about the very change that it was trained for.
    """
    later = later_examples(scope_of(model), after=model.trained_to, now=now)
    if len(later) < FEWEST_TO_ANCHOR:
        return False
    chances = chances_of(model, later.rows, target=model.target)
    model.profile = profile_of(later.rows, features_used(model))
    model.reference = [float(cut) for cut in np.quantile(chances, np.arange(1, QUANTILES) / QUANTILES)]
    Model.objects.filter(pk=model.pk).update(profile=model.profile, reference=model.reference)
    return True
