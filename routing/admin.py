"""Lead types, campaigns and what every decision was made by, for the operators to read."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from routing.models import Campaign, ConfigVersion, Field, LeadType


@admin.register(LeadType)
class LeadTypeAdmin(ReadOnlyAdmin):
    """Kinds of leads."""

    list_display = ("name", "label", "agency", "status", "updated_at")
    list_filter = ("status", "agency")
    list_select_related = ("agency",)
    search_fields = ("name", "label", "external_id", "=id")


@admin.register(Field)
class FieldAdmin(ReadOnlyAdmin):
    """Fields of lead types."""

    list_display = ("name", "lead_type", "type", "required", "personal", "pingable", "position")
    list_filter = ("type", "required", "personal", "pingable")
    list_select_related = ("lead_type",)
    search_fields = ("name", "lead_type__name")


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    """Markets. Amounts are minor units."""

    list_display = ("name", "slug", "agency", "lead_type", "method", "max_sales", "currency", "status", "updated_at")
    list_filter = ("status", "method", "agency")
    list_select_related = ("agency", "lead_type")
    search_fields = ("name", "slug", "external_id", "=id")
    date_hierarchy = "created_at"


@admin.register(ConfigVersion)
class ConfigVersionAdmin(ReadOnlyAdmin):
    """Configurations that have decided. Append-only."""

    list_display = ("campaign", "number", "agency", "created_at")
    list_filter = ("agency",)
    list_select_related = ("campaign", "agency")
    search_fields = ("campaign__name", "=campaign__id")
    date_hierarchy = "created_at"
    ordering = ("-id",)
