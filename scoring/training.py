"""Trains the model of a scope: from matured outcomes alone, judged forward in time, and written down whatever it is.

A calibrated scorecard is two numbers and takes over at once from what is no better founded. Everything learned first
shows on the newest leads that it would have done better, then watches as a shadow until the gate lets it through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import transaction

from scoring.allowed import allowed_features
from scoring.drift import profile_of
from scoring.examples import Examples, training_examples
from scoring.gate import Check
from scoring.learning import Fitted, learn, stage_for
from scoring.metrics import better_by, log_losses, summary
from scoring.models import Model, Policy, Stage, State, Target
from scoring.prediction import chances_of
from scoring.registry import champion_of, note_model, promote_model, scope_of
from scoring.scopes import Scope
from scoring.sealing import hash_of
from scoring.soundness import check_soundness
from scoring.suspects import suspects
from scoring.watches import alarmed_models

FORWARD_SHARE: Final = 0.25
"""The newest part of the leads, which the others must predict."""
USUAL_SEED: Final = 20_260_501
AUTOMATIC: Final = "system:train_scorer"


@dataclass(frozen=True, slots=True)
class Forward:
    """How a model of the older leads did on the newest, beside what is in charge now."""

    figures: dict[str, Any]
    worse: bool


def train_model(*, scope: Scope, now: datetime, seed: int = USUAL_SEED, actor: str = AUTOMATIC) -> Model:
    """Opens transactions, none while it learns. The new model: a shadow, champion (calibrated scorecards), or refused.

    Takes minutes of one core for 200,000 leads: never call it in a web process. Raises scoring.learning.TooFewOutcomes.
    """
    examples = training_examples(scope, now=now)
    stage_for(examples.labels)
    names, regulation = _names(scope, examples)
    known_too_much = suspects(examples.rows, examples.labels, names)
    fitted = learn(examples.rows, examples.labels, seed=seed, names=names, falling=scope.target == Target.RETURNED)
    incumbent = champion_of(scope)
    forward = _forward(scope, examples, fitted, names, incumbent, seed)
    model = _model(scope, examples, fitted, incumbent, now)
    checks = [
        Check("no_leak", not known_too_much, {"suspects": known_too_much}),
        Check("forward", not forward.worse or _is_no_measure(incumbent, fitted), forward.figures),
        *check_soundness(model, examples.rows[-300:]),
    ]
    sound = all(check.passed for check in checks)
    model.metrics = {"out_of_fold": dict(fitted.metrics), "forward": forward.figures}
    model.report = {"training": [{"name": c.name, "passed": c.passed, "figures": dict(c.figures)} for c in checks]}
    model.parameters = {**fitted.parameters, "regulation": regulation}
    model.profile = profile_of(examples.rows, names)
    model.state = State.SHADOW if sound else State.REFUSED
    return _keep(model, incumbent, actor=actor, now=now)


def _is_no_measure(incumbent: Model | None, fitted: Fitted) -> bool:
    """Whether the watch has an alarm about the champion, and the gate will judge the new model anyway.

    After a sudden change the older leads teach nothing about the newest: whoever learns from them alone, as the test
    forward in time does, may do worse by accident than a champion that knows as little.
    """
    if incumbent is None or fitted.stage == Stage.CALIBRATED:
        return False
    return any(
        (incumbent.lead_type, incumbent.public_id) in alarmed_models(one) for one in scope_of(incumbent).agencies
    )


def _keep(model: Model, incumbent: Model | None, *, actor: str, now: datetime) -> Model:
    """Opens a transaction. Write the model down with its audit entry; a calibrated scorecard takes over."""
    with transaction.atomic():
        model.save(force_insert=True)
        note_model(model, action="model.refuse" if model.state == State.REFUSED else "model.train", actor=actor)
        simple = model.stage == Stage.CALIBRATED and (incumbent is None or incumbent.stage == Stage.CALIBRATED)
        if simple and model.state == State.SHADOW:
            promote_model(model=model, actor=actor, now=now)
    return model


def _names(scope: Scope, examples: Examples) -> tuple[list[str], str]:
    """The features that this scope's model may learn from, and the strictest regulation among its agencies."""
    policies = Policy.objects.filter(agency__in=set(examples.agencies), lead_type=scope.lead_type)
    rows = list(policies.values_list("regulation", "excluded"))
    regulation = max((row[0] for row in rows), default="")
    excluded = [name for row in rows for name in row[1]]
    names = {name for row in examples.rows for name in row}
    return allowed_features(names, regulation=regulation, excluded=excluded), regulation


def _forward(
    scope: Scope, examples: Examples, fitted: Fitted, names: Sequence[str], incumbent: Model | None, seed: int
) -> Forward:
    """Learn from the older leads, predict the newest. Nothing is worse where there are too few to learn from."""
    older = np.arange(len(examples)) < round((1 - FORWARD_SHARE) * len(examples))
    past, newest = examples.part(older), examples.part(~older)
    if past.rarer < 20 or newest.rarer < 20:
        return Forward({"newest": len(newest)}, worse=False)
    earlier = learn(
        past.rows, past.labels, seed=seed, names=names, falling=scope.target == Target.RETURNED,
        stage=min(fitted.stage, stage_for(past.labels), key=list(Stage.values).index),
    )  # fmt: skip
    model = _model(scope, past, earlier, None, examples.received[-1])
    chances, before = (chances_of(one, newest.rows, target=scope.target) for one in (model, incumbent))
    low, high = better_by(log_losses(before, newest.labels), log_losses(chances, newest.labels), seed=seed)
    figures = {"newest": len(newest), "challenger": summary(chances, newest.labels), "gain_low": low, "gain_high": high}
    return Forward({**figures, "incumbent": summary(before, newest.labels)}, worse=high < 0)


def _model(scope: Scope, examples: Examples, fitted: Fitted, incumbent: Model | None, now: datetime) -> Model:
    """The row of a fitted model, not stored yet."""
    spec, line = fitted.vocabulary.record(), fitted.platt
    return Model(
        agency_id=scope.agency_id,
        lead_type=scope.lead_type,
        target=scope.target,
        stage=fitted.stage,
        parent=incumbent,
        library=fitted.library,
        body=fitted.body,
        spec=spec,
        slope=line.slope,
        intercept=line.intercept,
        sha256=hash_of(body=fitted.body, spec=spec, slope=line.slope, intercept=line.intercept),
        seed=fitted.seed,
        trained_from=examples.received[0],
        trained_to=examples.received[-1],
        rows=len(examples),
        positives=int(examples.labels.sum()),
        fingerprint=examples.fingerprint(),
        reference=list(fitted.reference),
        created_at=now,
    )


# --- when --------------------------------------------------------------------------------------------------------


LEASE: Final = timedelta(hours=2)


def claim_training(*, agency_id: UUID, lead_type: str, now: datetime) -> bool:
    """Opens a transaction. Whether the caller may train now: nobody else has begun within two hours."""
    policy, _ = Policy.objects.get_or_create(agency_id=agency_id, lead_type=lead_type)
    free = Policy.objects.filter(pk=policy.pk).exclude(training_until__gt=now)
    return free.update(training_until=now + LEASE) == 1


def release_training(*, agency_id: UUID, lead_type: str) -> None:
    """Opens a transaction. The next may train."""
    Policy.objects.filter(agency_id=agency_id, lead_type=lead_type).update(training_until=None)
