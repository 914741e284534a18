"""What was known of a lead when it was scored, and the score it got. Both are written once."""

from django.db import models

from accounts.models import Agency
from core.ids import new_id


class FeatureSnapshot(models.Model):
    """The features of a lead at its arrival: the only thing that training may ever read."""

    lead_ref = models.UUIDField(primary_key=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="+")
    features = models.JSONField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"features of {self.lead_ref}"


class Score(models.Model):
    """One score of one lead; scoring again is a new row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    lead_ref = models.UUIDField()
    score = models.SmallIntegerField()
    probability = models.FloatField()
    stage = models.CharField(max_length=24)
    model = models.CharField(max_length=64)
    reasons = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["lead_ref"], name="score_of_lead")]

    def __str__(self) -> str:
        return f"{self.score} for {self.lead_ref}"
