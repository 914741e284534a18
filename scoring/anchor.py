"""What a model's later leads are compared with: those that the gate let it through on, once there are enough.

The leads it learned from may be half a year old. Whoever was let through on a changed market is at home in it, and must
not raise the alarm about the very change that it was trained for.
"""

from datetime import datetime
from typing import Final

import numpy as np

from scoring.drift import profile_of
from scoring.examples import later_examples
from scoring.learning import QUANTILES
from scoring.models import Model
from scoring.prediction import chances_of
from scoring.registry import features_used, scope_of

FEWEST: Final = 500


def anchor_model(*, model: Model, now: datetime) -> bool:
    """Opens a transaction. Take the leads after the model's last as its reference; False while they are too few."""
    later = later_examples(scope_of(model), after=model.trained_to, now=now)
    if len(later) < FEWEST:
        return False
    chances = chances_of(model, later.rows, target=model.target)
    model.profile = profile_of(later.rows, features_used(model))
    model.reference = [float(cut) for cut in np.quantile(chances, np.arange(1, QUANTILES) / QUANTILES)]
    Model.objects.filter(pk=model.pk).update(profile=model.profile, reference=model.reference)
    return True
