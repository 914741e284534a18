"""The ledger in the operators' admin: everything may be looked at, nothing may be touched."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from billing.models import Account, BuyerBalance, Hold, Journal, Transfer


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # Django's own class takes no parameter
    """Money moves through verbs only."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody may."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody may."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody may."""
        return False


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """The pots of money."""

    list_display = ("id", "agency", "mode", "code", "owner_id", "currency")
    list_filter = ("mode", "code", "currency", "agency")
    search_fields = ("=owner_id",)
    list_select_related = ("agency",)


@admin.register(BuyerBalance)
class BuyerBalanceAdmin(ReadOnlyAdmin):
    """The wallets of buyers."""

    list_display = ("account", "balance", "held", "credit_limit", "frozen")
    list_filter = ("frozen", "account__mode", "account__agency")
    search_fields = ("=account__owner_id",)
    list_select_related = ("account",)


class TransferInline(admin.TabularInline):  # type: ignore[type-arg]
    """A journal's transfers, on its page."""

    model = Transfer
    fields = ("debit", "credit", "amount", "currency")
    readonly_fields = fields
    extra = 0
    can_delete = False


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    """The money events."""

    list_display = ("public_id", "agency", "mode", "kind", "key", "posted_at", "actor")
    list_filter = ("mode", "kind", "posted_date", "agency")
    search_fields = ("=key", "=external_ref", "=lead_ref", "=sale_ref")
    list_select_related = ("agency",)
    ordering = ("-posted_at", "-id")
    inlines: ClassVar = [TransferInline]


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Each amount that moved."""

    list_display = ("id", "agency", "journal", "debit", "credit", "amount", "currency", "posted_at")
    list_filter = ("currency", "posted_date", "agency")
    search_fields = ("=lead_ref", "=sale_ref", "=buyer_ref", "=source_ref")
    list_select_related = ("agency", "journal", "debit", "credit")
    ordering = ("-id",)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    """Money set aside."""

    list_display = ("id", "account", "sale_ref", "amount", "state", "expires_at", "settled_at")
    list_filter = ("state", "account__agency")
    search_fields = ("=sale_ref",)
    list_select_related = ("account",)
