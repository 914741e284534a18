"""Fits shared models to single agencies: two numbers each, from the agency's own outcomes."""

import logging
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np
from django.db import transaction

from accounts.principals import SystemActor
from accounts.versions import publish_change
from scoring.examples import later_examples, training_examples
from scoring.models import Model, Recalibration, State
from scoring.platt import fit_platt
from scoring.prediction import margins_of
from scoring.scopes import Scope
from scoring.stages import FEWEST_OF_EACH

log = logging.getLogger(__name__)

AUTOMATIC: Final = "system:recalibrate"


def recalibrate_shared(*, now: datetime) -> int:
    """Opens transactions. Fit every shared champion to each of its agencies' own outcomes; how many lines changed.

    What fails is logged and holds up no other.
    """
    changed = 0
    for model in Model.objects.filter(state=State.CHAMPION, agency__isnull=True):
        for agency_id in Scope(None, model.lead_type, model.target).agencies:
            try:
                changed += _recalibrate(model, agency_id, now)
            except Exception:
                log.exception("model %s could not be fitted to an agency", model.public_id)
    return changed


def _recalibrate(model: Model, agency_id: UUID, now: datetime) -> bool:
    """The two numbers by the leads after the model's last, or by all that matured while those are too few."""
    shared = Scope(None, model.lead_type, model.target)
    found = later_examples(shared, after=model.trained_to, now=now)
    own = found.part(np.array([one == agency_id for one in found.agencies], dtype=bool))
    if own.rarer < FEWEST_OF_EACH:
        found = training_examples(shared, now=now)
        own = found.part(np.array([one == agency_id for one in found.agencies], dtype=bool))
    if own.rarer < FEWEST_OF_EACH:
        return False
    line = fit_platt(margins_of(model, own.rows), own.labels)
    with transaction.atomic():
        Recalibration.objects.update_or_create(
            model=model,
            agency_id=agency_id,
            defaults={
                "slope": line.slope,
                "intercept": line.intercept,
                "rows": len(own),
                "positives": int(own.labels.sum()),
                "fitted_at": now,
            },
        )
        publish_change(
            actor=SystemActor(agency_id, AUTOMATIC),
            action="model.recalibrate",
            object_id=model.public_id,
            object_name=f"{model.lead_type} {model.target}",
            changes={"slope": [None, line.slope], "intercept": [None, line.intercept]},
        )
    return True
