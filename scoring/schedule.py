"""When models are trained: weekly, or once outcomes have grown; never two of one lead type at a time."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q

from scoring.learning import TooFewOutcomes
from scoring.models import Model, Outcome, Target
from scoring.registry import models_of, shadow_of
from scoring.requests import LATELY, OUTSTANDING, asked_scopes
from scoring.scopes import Scope, scope_for
from scoring.shadows import LONGEST_SHADOW
from scoring.stages import FEWEST_OF_EACH
from scoring.training import claim_training, release_training, train_model

log = logging.getLogger(__name__)

TARGETS: Final = (Target.STUCK, Target.RETURNED, Target.CONVERTED)
CADENCE: Final = timedelta(days=7)
GROWTH: Final = 1.2
GROWTH_OF_RARER: Final = 50
AUTOMATIC: Final = "system:train_scorer"


def train_due(*, now: datetime) -> list[Model]:
    """Opens transactions. Train every scope that is due or was asked for, one after another; the new models.

    Takes minutes: for a process of its own (`manage.py train_scorer`). What fails is logged and holds up no other.
    """
    return _train_all(dict.fromkeys([*asked_scopes(since=now - OUTSTANDING), *due_scopes(now=now)]), now)


def _train_all(scopes: Iterable[Scope], now: datetime) -> list[Model]:
    made = []
    for scope in scopes:
        try:
            model = train_claimed(scope=scope, now=now)
        except Exception:
            log.exception("the model of %s for %s could not be trained", scope.target, scope.lead_type)
            continue
        made += [model] if model else []
    return made


def train_claimed(*, scope: Scope, now: datetime, actor: str = AUTOMATIC) -> Model | None:
    """Opens transactions. Train the scope's model under its lease.

    None where somebody else trains for the lead type, or there are too few outcomes.
    """
    agencies = scope.agencies
    if not _has_outcomes(scope) or not claim_training(agency_id=agencies[0], lead_type=scope.lead_type, now=now):
        return None
    try:
        return train_model(scope=scope, now=now, actor=actor)
    except TooFewOutcomes:
        return None
    finally:
        release_training(agency_id=agencies[0], lead_type=scope.lead_type)


def _has_outcomes(scope: Scope) -> bool:
    """Whether there ever was one of this lead type."""
    rows = Outcome.objects.filter(agency__in=scope.agencies, lead_type=scope.lead_type, target=scope.target)
    return rows.exists()


def train_asked(*, now: datetime) -> list[Model]:
    """Opens transactions. Train what somebody wished for and nothing was trained since; the new models."""
    return _train_all(asked_scopes(since=now - LATELY), now)


def due_scopes(*, now: datetime) -> list[Scope]:
    """What is to be trained: weekly, or once outcomes have grown by a fifth; nothing while a shadow waits."""
    matured = Outcome.objects.filter(matured_at__lte=now, target__in=TARGETS)
    counts = matured.values("agency_id", "lead_type", "target").annotate(
        positives=Count("pk", filter=Q(label=True)), negatives=Count("pk", filter=Q(label=False))
    )
    sizes: dict[Scope, list[int]] = {}
    for row in counts.order_by("agency_id", "lead_type", "target"):
        scope = scope_for(agency_id=row["agency_id"], lead_type=row["lead_type"], target=row["target"])
        size = sizes.setdefault(scope, [0, 0])
        size[0] += row["positives"]
        size[1] += row["negatives"]
    return [scope for scope, size in sizes.items() if _is_due(scope, *size, now=now)]


def _is_due(scope: Scope, positives: int, negatives: int, *, now: datetime) -> bool:
    shadow = shadow_of(scope)
    if shadow is not None and now - shadow.created_at <= LONGEST_SHADOW:
        return False
    if min(positives, negatives) < FEWEST_OF_EACH:
        return False
    last = models_of(scope).first()
    if last is None or now - last.created_at >= CADENCE:
        return True
    rarer_then = min(last.positives, last.rows - last.positives)
    grown = positives + negatives >= GROWTH * last.rows
    return grown and min(positives, negatives) - rarer_then >= GROWTH_OF_RARER
