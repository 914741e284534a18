"""What was known of leads when they were scored, for the operators to read. Features name nobody."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from scoring.models import FeatureSnapshot, Score


@admin.register(FeatureSnapshot)
class FeatureSnapshotAdmin(ReadOnlyAdmin):
    """Features at arrival."""

    list_display = ("lead_ref", "agency", "created_at")
    list_filter = ("agency",)
    list_select_related = ("agency",)
    search_fields = ("=lead_ref",)
    ordering = ("-lead_ref",)


@admin.register(Score)
class ScoreAdmin(ReadOnlyAdmin):
    """Scores given."""

    list_display = ("created_at", "lead_ref", "score", "probability", "stage", "model")
    list_filter = ("stage", "model")
    search_fields = ("=lead_ref",)
    ordering = ("-id",)
