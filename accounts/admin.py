"""Agencies, people and keys for the operators. Agencies and keys change by verbs; the rest is for reading."""

from collections.abc import Callable
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.agencies import close_agency, create_agency, reactivate_agency, suspend_agency
from accounts.keys import revoke_key
from accounts.models import (
    Agency,
    ApiKey,
    AuditEntry,
    DataKey,
    IdempotencyRecord,
    Membership,
    Notice,
    RateLimit,
    SearchKeyMark,
    User,
)
from accounts.principals import SystemActor
from core.admin import ReadOnlyAdmin


def operator(request: HttpRequest) -> str:
    """How the audit trail names the signed-in operator."""
    return f"user:{request.user.get_username()}"


def acting_on(request: HttpRequest, agency_id: UUID) -> SystemActor:
    """The signed-in operator as the one who changes this agency."""
    address, request_id = request.META["REMOTE_ADDR"], request.META["HTTP_X_REQUEST_ID"]
    return SystemActor(agency_id, operator(request), address, request_id)


class NewAgencyForm(forms.Form):
    """What an agency starts with."""

    name = forms.CharField(max_length=200)
    email = forms.EmailField(label="Owner's e-mail", help_text="Somebody known here becomes owner of this agency too.")
    currency = forms.CharField(max_length=3, min_length=3, initial="USD")
    timezone = forms.CharField(max_length=64, initial="America/New_York")

    def clean_currency(self) -> str:
        """Three letters, in capitals."""
        currency = str(self.cleaned_data["currency"]).upper()
        if not currency.isalpha():
            raise ValidationError("Write the three letters of ISO 4217, such as USD.")
        return currency

    def clean_timezone(self) -> str:
        """A zone that this machine knows."""
        zone = str(self.cleaned_data["timezone"])
        if zone not in available_timezones():
            raise ValidationError("Write a name of the IANA list, such as America/New_York.")
        return zone


@admin.register(Agency)
class AgencyAdmin(ReadOnlyAdmin):
    """Agencies: created with their first keys, suspended, reactivated and closed."""

    list_display = ("name", "public_id", "status", "currency", "timezone", "version", "created_at")
    list_filter = ("status", "currency")
    search_fields = ("name", "slug", "=id")
    date_hierarchy = "created_at"
    actions = ("suspend", "reactivate", "close")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return bool(request.user.is_superuser)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The form; then the keys and the password, which exist nowhere else."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewAgencyForm(request.POST or None)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Add agency", "form": form}
        if request.method == "POST" and form.is_valid():
            context |= {"made": create_agency(**form.cleaned_data, actor=operator(request)), "title": "Agency created"}
        answer = render(request, "admin/accounts/agency/new.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @admin.action(description="Suspend the selected agencies", permissions=["add"])
    def suspend(self, request: HttpRequest, agencies: QuerySet[Agency]) -> HttpResponse | None:
        """Their requests are refused with the reason."""
        if (asked := self._ask(request, agencies, "suspend")) is None:
            self._each(request, agencies.filter(status="active"), suspend_agency, "Suspended")
        return asked

    @admin.action(description="Reactivate the selected agencies", permissions=["add"])
    def reactivate(self, request: HttpRequest, agencies: QuerySet[Agency]) -> None:
        """Back to work."""
        self._each(request, agencies.exclude(status="active"), reactivate_agency, "Reactivated")

    @admin.action(description="Close the selected agencies", permissions=["add"])
    def close(self, request: HttpRequest, agencies: QuerySet[Agency]) -> HttpResponse | None:
        """As if they had never been, for everybody outside."""
        if (asked := self._ask(request, agencies, "close")) is None:
            self._each(request, agencies.exclude(status="closed"), close_agency, "Closed")
        return asked

    def _ask(self, request: HttpRequest, agencies: QuerySet[Agency], action: str) -> HttpResponse | None:
        """What stops an agency's business at once is confirmed on a page of its own."""
        if "confirmed" in request.POST:
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{action.capitalize()} agencies",
        }
        return render(
            request, "admin/accounts/agency/confirm.html", {**context, "agencies": agencies, "action": action}
        )

    def _each(self, request: HttpRequest, agencies: QuerySet[Agency], verb: Callable[..., None], done: str) -> None:
        names = []
        for agency in agencies:
            verb(agency, actor=acting_on(request, agency.pk))
            names.append(agency.name)
        self.message_user(request, f"{done}: {', '.join(names) or 'none'}.", messages.SUCCESS)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """People who sign in. Passwords are theirs to reset by e-mail."""

    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "created_at")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    hidden = ("password",)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    """Who acts for whom."""

    list_display = ("user", "agency", "role", "subject_id", "created_at")
    list_filter = ("role", "agency")
    list_select_related = ("user", "agency")
    search_fields = ("user__email", "agency__name", "=subject_id")


@admin.register(RateLimit)
class RateLimitAdmin(ReadOnlyAdmin):
    """Named limits."""

    list_display = ("name", "agency", "per_minute", "updated_at")
    list_filter = ("agency",)
    list_select_related = ("agency",)
    search_fields = ("name", "agency__name")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys by what people recognise them by; the key itself is kept nowhere."""

    list_display = ("name", "agency", "mode", "key_prefix", "last4", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("mode", ("revoked_at", admin.EmptyFieldListFilter), "agency")
    list_select_related = ("agency",)
    search_fields = ("name", "last4", "=id", "=source_id", "=buyer_id")
    date_hierarchy = "created_at"
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return bool(request.user.is_superuser)

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        """No request is let in by them from now on."""
        for key in keys:
            revoke_key(actor=acting_on(request, key.agency_id), key=key)
        self.message_user(request, "The keys are revoked.", messages.SUCCESS)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """E-mails to people of agencies: what was sent, and what still waits."""

    list_display = ("created_at", "agency", "user", "subject", "attempts", "due_at", "sent_at")
    list_filter = ("agency",)
    list_select_related = ("agency", "user")
    search_fields = ("user__email", "subject", "key")
    ordering = ("-created_at", "-id")


@admin.register(SearchKeyMark)
class SearchKeyMarkAdmin(ReadOnlyAdmin):
    """That the key which people are found by left its mark."""

    list_display = ("id",)
    exclude = ("mark",)
    search_fields = ("=id",)
    ordering = ("id",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who changed what, and when."""

    list_display = ("at", "agency", "actor", "action", "object_name", "object_id", "version")
    list_filter = ("agency", "action")
    list_select_related = ("agency",)
    search_fields = ("actor", "object_id", "object_name", "request_id")
    date_hierarchy = "at"
    ordering = ("-at", "-id")


@admin.register(DataKey)
class DataKeyAdmin(ReadOnlyAdmin):
    """Which subjects can still be read; the keys themselves are not shown."""

    list_display = ("subject_id",)
    search_fields = ("=subject_id",)


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Requests that named an Idempotency-Key."""

    list_display = ("created_at", "route", "key", "mode", "state", "status", "lead_id")
    list_filter = ("mode", "state", "route")
    search_fields = ("key", "=lead_id")
    ordering = ("-created_at",)
