"""Trains the model of a scope: from matured outcomes alone, judged forward in time, and written down whatever it is.

A calibrated scorecard is two numbers and takes over at once from what is no better founded. Everything learned first
shows on the newest leads that it would have done better, then watches as a shadow until the gate lets it through.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from scoring.allowed import allowed_features
from scoring.drift import profile_of
from scoring.examples import Examples, training_examples
from scoring.forward import Recipe, look_forward, model_of, newest
from scoring.gate import Check
from scoring.learning import Fitted, stage_for
from scoring.models import Model, Policy, Stage, State
from scoring.policies import regulations_of
from scoring.registry import champion_of, note_model, promote_model, scope_of
from scoring.scopes import Scope
from scoring.soundness import check_soundness
from scoring.suspects import suspects
from scoring.watches import alarmed_models

USUAL_SEED: Final = 20_260_501
AUTOMATIC: Final = "system:train_scorer"


def train_model(*, scope: Scope, now: datetime, seed: int = USUAL_SEED, actor: str = AUTOMATIC) -> Model:
    """Opens transactions, none while it learns. The new model: a shadow, champion (calibrated scorecards), or refused.

    Takes minutes of one core for 200,000 leads: never call it in a web process. Raises scoring.learning.TooFewOutcomes.
    """
    everything = training_examples(scope, now=now)
    stage = stage_for(everything.labels)
    names, regulations = _names(scope, everything)
    recipe = Recipe(scope, names, seed, stage)
    incumbent = champion_of(scope)
    forward = look_forward(recipe, everything, incumbent)
    examples = newest(everything, forward.window)
    known_too_much = suspects(examples.rows, examples.labels, names)
    fitted = recipe.learn(examples)
    model = model_of(scope, examples, fitted, incumbent, now)
    checks = [
        Check("no_leak", not known_too_much, {"suspects": known_too_much}),
        Check("forward", not forward.worse or _is_no_measure(incumbent, fitted), forward.figures),
        *check_soundness(model, examples.rows[-300:]),
    ]
    model.metrics = {"out_of_fold": dict(fitted.metrics), "forward": forward.figures}
    model.report = {"training": [asdict(check) for check in checks]}
    model.parameters = {**fitted.parameters, "regulations": regulations, "window": forward.window}
    model.profile = profile_of(examples.rows, names)
    model.state = State.SHADOW if all(check.passed for check in checks) else State.REFUSED
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


def _names(scope: Scope, examples: Examples) -> tuple[list[str], list[str]]:
    """The features that this scope's model may learn from, and the laws that bind any of its agencies."""
    policies = Policy.objects.filter(agency__in=set(examples.agencies), lead_type=scope.lead_type)
    rows = list(policies)
    regulations = regulations_of(rows)
    excluded = [name for row in rows for name in row.kept_out]
    names = {name for row in examples.rows for name in row}
    return allowed_features(names, regulations=regulations, excluded=excluded), regulations


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
