"""Buyers, their contracts and how much room is left, for the operators to read."""

from django.contrib import admin

from buyers.models import Buyer, CapCounter, Contract, DeliveryMethod, Rotation
from core.admin import ReadOnlyAdmin, money


@admin.register(Buyer)
class BuyerAdmin(ReadOnlyAdmin):
    """Companies that buy."""

    list_display = ("name", "public_id", "agency", "email", "timezone", "status", "updated_at")
    list_filter = ("status", "agency")
    list_select_related = ("agency",)
    search_fields = ("name", "email", "external_id", "=id")
    date_hierarchy = "created_at"


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    """Standing orders."""

    list_display = (
        *("name", "status", money("price", "campaign.currency"), "priority", "weight", "buyer", "campaign", "agency"),
    )
    list_filter = ("status", "sells", "campaign", "agency")
    list_select_related = ("agency", "buyer", "campaign")
    search_fields = ("name", "buyer__name", "external_id", "=id", "=buyer__id", "=campaign__id")
    date_hierarchy = "created_at"


@admin.register(DeliveryMethod)
class DeliveryMethodAdmin(ReadOnlyAdmin):
    """How contracts' leads reach their buyers. The method's settings may hold secrets and are not shown."""

    list_display = ("contract", "method", "primary", "endpoint")
    list_filter = ("method", "primary")
    list_select_related = ("contract", "endpoint")
    search_fields = ("contract__name", "endpoint__url", "=contract__id", "=endpoint__id")
    hidden = ("config",)


@admin.register(CapCounter)
class CapCounterAdmin(ReadOnlyAdmin):
    """What was bought in which period."""

    list_display = ("subject_id", "mode", "window", "period_start", "leads", "money")
    list_filter = ("mode", "window")
    search_fields = ("=subject_id",)
    ordering = ("-period_start",)


@admin.register(Rotation)
class RotationAdmin(ReadOnlyAdmin):
    """Whose turn it is."""

    list_display = ("contract", "mode", "ticket", "pass_value")
    list_filter = ("mode",)
    list_select_related = ("contract",)
    search_fields = ("contract__name", "=contract__id")
