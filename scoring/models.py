"""What scoring remembers, by lead reference: the features as they were, and every score given on them.

Both are written once. The agency is a key without a database constraint or index: an insert for every lead would
otherwise lock the agency's row, and nothing is ever looked up by it alone.
"""

from django.db import models

from accounts.models import Agency
from core.clock import now
from core.ids import new_id


class FeatureSnapshot(models.Model):
    """The features of a lead at its receipt: the only thing a model is ever trained on. Goes when the lead goes."""

    lead_ref = models.UUIDField(primary_key=True, editable=False)
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False, editable=False
    )
    features = models.JSONField()
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return f"features of {self.lead_ref}"


class Score(models.Model):
    """A score given to a lead. A rescore is a new row; `base` and `contributions` add up to its log-odds."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False, editable=False
    )
    lead_ref = models.UUIDField(db_index=True, editable=False)
    score = models.PositiveSmallIntegerField()
    probability = models.FloatField()
    base = models.FloatField()
    contributions = models.JSONField()
    reasons = models.JSONField()
    stage = models.CharField(max_length=20)
    model = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return f"{self.score} for {self.lead_ref}"
