"""Which model is in charge, and the verbs that change it: promote, refuse, roll back. Each leaves an audit entry.

To be in charge is configuration: the change is published to every agency that the model scores for, and counts for the
next lead in every process. Bytes of models are never changed, so an earlier champion is there at once.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from accounts.principals import SystemActor
from accounts.versions import publish_change, record_audit
from core.errors import DomainError
from scoring.models import Model, State
from scoring.scopes import Scope
from scoring.scorecard import SCORECARD

OPEN: Final = (State.CHALLENGER, State.SHADOW)


class NotPromotable(DomainError):
    """The model is in charge already, or was refused: train another."""

    code = "not_promotable"


class NothingToRollBack(DomainError):
    """No model is in charge: the scorecard is."""

    code = "nothing_to_roll_back"


def scope_of(model: Model) -> Scope:
    """What the model is for."""
    return Scope(model.agency_id, model.lead_type, model.target)


def features_used(model: Model) -> list[str]:
    """The features that the model looks at: its own columns, or what the scorecard's rules ask."""
    names = [name for column in model.spec for name in (column.get("name"), column.get("top"), column.get("bottom"))]
    return list(dict.fromkeys(name for name in names if name)) or sorted({rule.feature for rule in SCORECARD.rules})


def models_of(scope: Scope) -> QuerySet[Model]:
    """Every model of this scope, the newest first. Lazy."""
    return _rows(scope).order_by("-created_at", "-id")


def champion_of(scope: Scope) -> Model | None:
    """The model in charge, if one is."""
    return _rows(scope).filter(state=State.CHAMPION).first()


def shadow_of(scope: Scope) -> Model | None:
    """The model that waits to be judged, if one does."""
    return _rows(scope).filter(state__in=OPEN).order_by("-created_at", "-id").first()


def promote_model(*, model: Model, actor: str, now: datetime) -> Model:
    """Opens a transaction or joins the open one. The model takes over, the champion retires. Raises NotPromotable.

    Holds the configuration of every agency that the model scores for until it commits.
    """
    with transaction.atomic():
        before = champion_of(scope_of(model))
        if before == model:
            raise NotPromotable
        if before is not None:
            Model.objects.filter(pk=before.pk, state=State.CHAMPION).update(state=State.RETIRED)
        claimed = Model.objects.filter(pk=model.pk, state__in=[*OPEN, State.RETIRED]).update(
            state=State.CHAMPION, promoted_at=now, promoted_by=actor[:200]
        )
        if not claimed:
            raise NotPromotable
        model.refresh_from_db()
        _publish(model, "model.promote", actor, before, model)
    return model


def refuse_model(*, model: Model, actor: str, report: dict[str, object]) -> Model:
    """Opens a transaction. The model will never be in charge; `report` says why. Raises NotPromotable."""
    with transaction.atomic():
        merged = {**model.report, **report}
        if not Model.objects.filter(pk=model.pk, state__in=OPEN).update(state=State.REFUSED, report=merged):
            raise NotPromotable
        model.refresh_from_db()
        note_model(model, action="model.refuse", actor=actor)
    return model


def roll_back_model(*, scope: Scope, actor: str) -> Model | None:
    """Opens a transaction. The champion before this one is in charge again, at once; the scorecard where there is none.

    This one is withdrawn for good; again goes further back. Raises NothingToRollBack.
    """
    with transaction.atomic():
        current = champion_of(scope)
        if current is None:
            raise NothingToRollBack
        earlier = _rows(scope).filter(state=State.RETIRED, promoted_at__lt=current.promoted_at)
        previous = earlier.order_by("-promoted_at", "-id").first()
        Model.objects.filter(pk=current.pk).update(state=State.WITHDRAWN)
        if previous is not None:
            Model.objects.filter(pk=previous.pk).update(state=State.CHAMPION)
            previous.refresh_from_db()
        _publish(current, "model.roll_back", actor, current, previous)
    return previous


def note_model(model: Model, *, action: str, actor: str) -> None:
    """Needs a transaction. Write into the audit trail of every agency concerned what happened to the model."""
    for agency_id in scope_of(model).agencies:
        record_audit(
            actor=SystemActor(agency_id, actor),
            action=action,
            object_id=model.public_id,
            object_name=f"{model.lead_type} {model.target}",
            changes={"state": [None, str(model.state)], "stage": [None, str(model.stage)]},
        )


def _publish(model: Model, action: str, actor: str, before: Model | None, after: Model | None) -> None:
    names = [one.public_id if one else "scorecard" for one in (before, after)]
    for agency_id in scope_of(model).agencies:
        publish_change(
            actor=SystemActor(agency_id, actor),
            action=action,
            object_id=model.public_id,
            object_name=f"{model.lead_type} {model.target}",
            changes={"champion": names},
        )


def _rows(scope: Scope) -> QuerySet[Model]:
    return Model.objects.filter(scope.condition)
