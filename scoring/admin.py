"""What was known of leads when they were scored, what became of them, and the models, for the operators to read."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import operator
from core.admin import ReadOnlyAdmin
from core.clock import now
from core.errors import DomainError
from scoring.models import (
    Belonging,
    BuyerHabits,
    FeatureSnapshot,
    Model,
    Outcome,
    Policy,
    Recalibration,
    Score,
    Standing,
    State,
    Watch,
)
from scoring.registry import promote_model, roll_back_model, scope_of


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
    """Models, with the reports of the gate; one takes over or goes by the verbs."""

    list_display = ("created_at", "lead_type", "target", "agency", "stage", "state", "rows", "positives", "promoted_at")
    list_filter = ("state", "stage", "target")
    list_select_related = ("agency",)
    search_fields = ("=id", "lead_type")
    ordering = ("-created_at", "id")
    actions = ("promote", "roll_back")

    def has_verbs_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return bool(request.user.is_superuser)

    @admin.action(description="Put the selected model in charge", permissions=["verbs"])
    def promote(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        """By the audited verb; each that cannot be is named."""
        for model in queryset:
            self._try(request, model, lambda one=model: promote_model(model=one, actor=operator(request), now=now()))

    @admin.action(description="Roll the selected champion back", permissions=["verbs"])
    def roll_back(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        """The champion before it is in charge again at once."""
        for model in queryset.filter(state=State.CHAMPION):
            self._try(request, model, lambda one=model: roll_back_model(scope=scope_of(one), actor=operator(request)))

    def _try(self, request: HttpRequest, model: Model, verb: Any) -> None:
        try:
            verb()
        except DomainError as refused:
            self.message_user(request, f"{model.public_id}: {refused}", messages.ERROR)


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


@admin.register(Watch)
class WatchAdmin(ReadOnlyAdmin):
    """What the watch found, day by day."""

    list_display = ("day", "agency", "lead_type", "level", "calibrated", "model", "watched_at")
    list_filter = ("level", "agency")
    list_select_related = ("agency",)
    ordering = ("-day", "id")


@admin.register(Belonging)
class BelongingAdmin(ReadOnlyAdmin):
    """Of which leads a group is on record. Which one is shown to nobody, only counted."""

    list_display = ("id", "agency", "lead_type", "lead_ref", "attribute")
    list_filter = ("attribute",)
    list_select_related = ("agency",)
    search_fields = ("=lead_ref",)
    exclude = ("group",)
    ordering = ("-id",)
