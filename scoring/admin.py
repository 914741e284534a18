"""What was known of leads when they were scored, what became of them, and the models, for the operators to read."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from scoring.models import BuyerHabits, FeatureSnapshot, Model, Outcome, Policy, Recalibration, Score, Standing


@admin.register(FeatureSnapshot)
class FeatureSnapshotAdmin(ReadOnlyAdmin):
    """Features at arrival. They name nobody."""

    list_display = ("lead_ref", "agency", "created_at")
    list_filter = ("agency",)
    list_select_related = ("agency",)
    search_fields = ("=lead_ref",)
    ordering = ("-lead_ref",)


@admin.register(Score)
class ScoreAdmin(ReadOnlyAdmin):
    """Scores given."""

    list_display = ("created_at", "lead_ref", "lead_type", "score", "probability", "stage", "model")
    list_filter = ("stage", "model")
    search_fields = ("=lead_ref",)
    ordering = ("-id",)


@admin.register(Outcome)
class OutcomeAdmin(ReadOnlyAdmin):
    """What became of leads."""

    list_display = ("received_at", "lead_ref", "lead_type", "target", "label", "matured_at", "origin")
    list_filter = ("target", "origin")
    search_fields = ("=lead_ref",)
    ordering = ("-received_at", "id")


@admin.register(Model)
class ModelAdmin(ReadOnlyAdmin):
    """Models, with the reports of the gate."""

    list_display = ("created_at", "lead_type", "target", "agency", "stage", "state", "rows", "positives", "promoted_at")
    list_filter = ("state", "stage", "target")
    list_select_related = ("agency",)
    search_fields = ("=id", "lead_type")
    ordering = ("-created_at", "id")


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    """What agencies want of the scores of a lead type."""

    list_display = ("agency", "lead_type", "shares", "regulation", "conversion_days")
    list_filter = ("shares", "regulation")
    list_select_related = ("agency",)
    ordering = ("agency", "lead_type")


@admin.register(Recalibration)
class RecalibrationAdmin(ReadOnlyAdmin):
    """Shared models as single agencies use them."""

    list_display = ("model", "agency", "slope", "intercept", "rows", "positives", "fitted_at")
    list_select_related = ("model", "agency")
    ordering = ("-fitted_at", "id")


@admin.register(Standing)
class StandingAdmin(ReadOnlyAdmin):
    """What percentiles are read from."""

    list_display = ("agency", "lead_type", "leads", "reckoned_at")
    list_select_related = ("agency",)
    ordering = ("agency", "lead_type")


@admin.register(BuyerHabits)
class BuyerHabitsAdmin(ReadOnlyAdmin):
    """What buyers do beyond what the model says of leads."""

    list_display = ("agency", "lead_type", "buyer_ref", "answers", "accept_rate", "taken", "return_rate", "reckoned_at")
    list_select_related = ("agency",)
    search_fields = ("=buyer_ref", "lead_type")
    ordering = ("agency", "lead_type", "buyer_ref")
