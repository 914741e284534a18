"""Leads, sales and decisions for the operators to read. Who a lead is stays sealed; the agency's pages reveal it."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin, money
from leads.models import Auction, Decision, Lead, Ping, Sale, Source, Submission


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    """Who sends leads."""

    list_display = ("name", "slug", "agency", "payout_kind", "payout_value", "status", "updated_at")
    list_filter = ("status", "payout_kind", "agency")
    list_select_related = ("agency",)
    search_fields = ("name", "slug", "external_id", "=id")


@admin.register(Lead)
class LeadAdmin(ReadOnlyAdmin):
    """Recorded leads."""

    list_display = (
        *(
            "public_id",
            "status",
            "reason",
            "score",
            money("price"),
            "campaign",
            "source",
            "created_at",
            "mode",
            "agency",
        ),
    )
    list_filter = ("status", "mode", "routing_decision", "agency")
    list_select_related = ("agency", "campaign", "source")
    search_fields = ("=id", "=external_id")
    ordering = ("-id",)


@admin.register(Sale)
class SaleAdmin(ReadOnlyAdmin):
    """Leads sold."""

    list_display = (
        *("public_id", "state", money("price"), money("payout"), "buyer", "contract", "sold_at", "mode", "agency"),
    )
    list_filter = ("state", "mode", "agency")
    list_select_related = ("agency", "buyer", "contract")
    search_fields = ("=id", "=lead__id", "=buyer__id", "=contract__id")
    ordering = ("-id",)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """Stored runs of the engine; what they decided by is sealed with the lead."""

    list_display = ("decided_at", "lead", "number", "kind", "outcome", "config_version")
    list_filter = ("kind", "outcome")
    list_select_related = ("lead", "config_version")
    search_fields = ("=lead__id",)
    ordering = ("-id",)


@admin.register(Ping)
class PingAdmin(ReadOnlyAdmin):
    """Questions for a price, and what was promised."""

    list_display = (
        *("public_id", "status", "reason", money("price"), "campaign", "source", "created_at", "used_at"),
        *("mode", "agency"),
    )
    list_filter = ("status", "mode", "agency")
    list_select_related = ("agency", "campaign", "source")
    search_fields = ("=id", "=lead_id")
    ordering = ("-id",)


@admin.register(Auction)
class AuctionAdmin(ReadOnlyAdmin):
    """Rounds of pings; the buyers' tokens stay sealed."""

    list_display = ("started_at", "lead", "ping", "told_at")
    list_filter = ("told_at",)
    list_select_related = ("lead", "ping")
    search_fields = ("=lead__id", "=ping__id")
    ordering = ("-id",)


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    """What was refused at the door."""

    list_display = ("created_at", "agency", "mode", "source", "status", "code")
    list_filter = ("code", "status", "mode", "agency")
    list_select_related = ("agency", "source")
    search_fields = ("=id", "=source__id", "=key_id")
    ordering = ("-id",)
