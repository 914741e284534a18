"""What people ask of models: to train now, to promote one that passed the gate, to go back to the one before.

Training takes minutes, so a wish is a row that a worker finds; it is told at once, and a lost word costs only time.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts.principals import Actor
from accounts.versions import record_audit
from core.errors import DomainError
from scoring.models import Model, Policy, Stage, State, Target
from scoring.progress import progress_of
from scoring.registry import OPEN, NothingToRollBack, models_of, promote_model, roll_back_model, scope_of
from scoring.scopes import Scope, scope_for

LATELY: Final = timedelta(hours=1)
"""How long a wish is tried again every five minutes; after that nightly."""
OUTSTANDING: Final = timedelta(days=30)
FRESH: Final = timedelta(days=2)
"""How long a verdict of the nightly gate holds: after that too much has come in that it did not see."""


class GateNotPassed(DomainError):
    """The gate has not let this model through; its report names what is missing."""

    code = "gate_not_passed"


class TooFewMatured(DomainError):
    """Fewer than 20 outcomes of each kind have matured: there is nothing to learn from yet."""

    code = "too_few_outcomes"


class SharedModel(DomainError):
    """Several agencies share this model: only the gate changes who is in charge of it."""

    code = "shared_model"


def ask_training(*, actor: Actor, lead_type: str, now: datetime) -> Policy:
    """Opens a transaction or joins the open one. A model of this lead type is to be trained, whatever the cadence says.

    Counts until a model was trained after it; asking again changes nothing but the moment. Raises TooFewMatured.
    """
    if not can_train(agency_id=actor.agency_id, lead_type=lead_type, now=now):
        raise TooFewMatured
    with transaction.atomic():
        policy, _ = Policy.objects.update_or_create(
            agency_id=actor.agency_id, lead_type=lead_type, defaults={"asked_at": now, "asked_by": actor.actor[:200]}
        )
        record_audit(actor=actor, action="model.ask", object_id="", object_name=lead_type)
    return policy


def can_train(*, agency_id: UUID, lead_type: str, now: datetime) -> bool:
    """Whether there is anything to learn from yet; of agencies that share it is the others' outcomes too."""
    if Policy.objects.filter(agency_id=agency_id, lead_type=lead_type, shares=True).exists():
        return True
    found = progress_of(agency_id=agency_id, lead_types=[lead_type], now=now)
    return found[lead_type].reached != Stage.RULES


def asked_scopes(*, since: datetime) -> list[Scope]:
    """The scopes that somebody wished since then to have trained, and were not after it; each once.

    A shadow that waits is no hindrance.
    """
    scopes: dict[Scope, None] = {}
    for policy in Policy.objects.filter(asked_at__gt=since).order_by("agency_id", "lead_type"):
        scope = scope_for(agency_id=policy.agency_id, lead_type=policy.lead_type, target=Target.STUCK)
        if not models_of(scope).filter(created_at__gte=policy.asked_at or since).exists():
            scopes[scope] = None
    return list(scopes)


def promote_judged(*, model: Model, actor: Actor, now: datetime) -> Model:
    """Opens a transaction or joins the open one. The model takes over on the word of a person.

    The gate must have passed it within two days. Raises SharedModel, GateNotPassed, NotPromotable.
    """
    _refuse_shared(model)
    if model.state in OPEN:
        refuse_unjudged(model, now=now)
    if model.state == State.WITHDRAWN:
        raise GateNotPassed("It was rolled back, and does not come back: train another.")
    if model.state == State.RETIRED:
        raise GateNotPassed("It was in charge before: roll back to it, or train another.")
    return promote_model(model=model, actor=actor.actor, now=now)


def refuse_unjudged(model: Model, *, now: datetime) -> None:
    """Nothing, where the gate passed the model within two days. Raises GateNotPassed, which says what failed."""
    verdict: dict[str, Any] = model.report.get("gate", {})
    if not verdict:
        raise GateNotPassed("It is judged every night once its shadow is 14 days old.")
    failed = [check["name"] for check in verdict["checks"] if not check["passed"]]
    if failed:
        raise GateNotPassed(f"The gate has not let it through: {', '.join(failed)}.")
    if now - datetime.fromisoformat(model.report["judged_at"]) > FRESH:
        raise GateNotPassed("Its last verdict is older than two days; the next one comes tonight.")


def roll_back(*, model: Model, actor: Actor) -> Model | None:
    """Opens a transaction or joins the open one. The champion before this one is in charge again, at once.

    None where that is the scorecard. Raises SharedModel, and NothingToRollBack where this model is not in charge.
    """
    _refuse_shared(model)
    if model.state != State.CHAMPION:
        raise NothingToRollBack("This model is not in charge.")
    return roll_back_model(scope=scope_of(model), actor=actor.actor)


def _refuse_shared(model: Model) -> None:
    if model.agency_id is None:
        raise SharedModel
