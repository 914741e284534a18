"""What was told to whom, for the operators to read. Secrets and bodies are sealed and stay so."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from webhooks.models import Attempt, Endpoint, EndpointSecret, Event, Message


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    """Subscribers' addresses."""

    list_display = ("public_id", "agency", "mode", "owner_kind", "url", "state", "last_success_at", "last_failure_at")
    list_filter = ("state", "mode", "owner_kind", "agency")
    list_select_related = ("agency",)
    search_fields = ("url", "description", "=owner_id")


@admin.register(EndpointSecret)
class EndpointSecretAdmin(ReadOnlyAdmin):
    """That there are secrets, and since when; never the secrets."""

    list_display = ("endpoint", "created_at", "signs_until")
    list_select_related = ("endpoint",)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Things that happened."""

    list_display = ("created_at", "type", "agency", "mode", "lead_ref", "sale_ref", "sequence")
    list_filter = ("type", "mode", "agency")
    list_select_related = ("agency",)
    search_fields = ("key", "=lead_ref", "=sale_ref")
    ordering = ("-id",)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """The outbox: one event for one endpoint."""

    list_display = ("created_at", "event", "endpoint", "state", "attempts", "due_at", "last_outcome", "finished_at")
    list_filter = ("state", "mode", "last_outcome", "agency")
    list_select_related = ("event", "endpoint")
    search_fields = ("=id", "=event__lead_ref")
    ordering = ("-id",)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Single tries."""

    list_display = ("started_at", "message", "number", "outcome", "http_status", "duration_ms", "address", "trigger")
    list_filter = ("outcome", "trigger")
    list_select_related = ("message",)
    search_fields = ("=message__id", "address")
    ordering = ("-id",)
