"""Buyers, their contracts and how much room is left, for the operators to read."""

from django.contrib import admin

from buyers.models import Buyer, CapCounter, Contract, DeliveryMethod, Rotation
from core.admin import ReadOnlyAdmin


@admin.register(Buyer)
class BuyerAdmin(ReadOnlyAdmin):
    """Companies that buy."""

    list_display = ("name", "public_id", "agency", "email", "timezone", "status", "updated_at")
    list_filter = ("status", "agency")
    list_select_related = ("agency",)
    search_fields = ("name", "email", "external_id")
    date_hierarchy = "created_at"


@admin.register(Contract)
class ContractAdmin(ReadOnlyAdmin):
    """Standing orders. Amounts are minor units."""

    list_display = ("name", "agency", "buyer", "campaign", "price", "priority", "weight", "status", "updated_at")
    list_filter = ("status", "sells", "campaign", "agency")
    list_select_related = ("agency", "buyer", "campaign")
    search_fields = ("name", "buyer__name", "external_id")
    date_hierarchy = "created_at"


@admin.register(DeliveryMethod)
class DeliveryMethodAdmin(ReadOnlyAdmin):
    """How contracts' leads reach their buyers. The method's settings may hold secrets and are not shown."""

    list_display = ("contract", "method", "primary", "endpoint")
    list_filter = ("method", "primary")
    list_select_related = ("contract", "endpoint")
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
