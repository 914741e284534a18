"""The ledger for the operators to read. What corrects an amount is a new journal, never an edit."""

from django.contrib import admin

from billing.models import Account, BuyerBalance, Hold, Journal, Transfer
from core.admin import ReadOnlyAdmin, money


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """Pots of money. Append-only."""

    list_display = ("id", "agency", "mode", "code", "owner_id", "currency")
    list_filter = ("mode", "code", "currency", "agency")
    list_select_related = ("agency",)
    search_fields = ("=owner_id",)


@admin.register(BuyerBalance)
class BuyerBalanceAdmin(ReadOnlyAdmin):
    """Buyers' wallets."""

    list_display = (
        "account",
        *(money(column, "account.currency") for column in ("balance", "held", "credit_limit")),
        "frozen",
    )
    list_filter = ("frozen", "account__mode", "account__agency")
    list_select_related = ("account",)
    search_fields = ("=account__owner_id",)


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    """Money events. Append-only."""

    list_display = ("posted_at", "kind", "actor", "reason", "sale_ref", "mode", "agency")
    list_filter = ("kind", "mode", "agency")
    list_select_related = ("agency",)
    search_fields = ("key", "external_ref", "=id", "=lead_ref", "=sale_ref")
    date_hierarchy = "posted_at"
    ordering = ("-id",)


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Debits and credits. Append-only."""

    list_display = ("posted_at", money("amount"), "debit", "credit", "journal", "agency")
    list_filter = ("currency", "agency")
    list_select_related = ("agency", "debit", "credit", "journal")
    search_fields = ("=lead_ref", "=sale_ref", "=journal__id")
    date_hierarchy = "posted_at"
    ordering = ("-id",)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """Money set aside."""

    list_display = ("created_at", "state", money("amount", "account.currency"), "account", "expires_at", "settled_at")
    list_filter = ("state",)
    list_select_related = ("account",)
    search_fields = ("=sale_ref",)
    ordering = ("-id",)
