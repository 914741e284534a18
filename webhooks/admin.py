"""What was told to whom, for the operators to read. Secrets and bodies are sealed and stay so."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from webhooks.models import Attempt, Endpoint, EndpointSecret, Event, Message


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyAdmin):
    """Subscribers' addresses."""

    list_display = ("url", "state", "owner_kind", "last_success_at", "last_failure_at", "mode", "public_id", "agency")
    list_filter = ("state", "mode", "owner_kind", "agency")
    list_select_related = ("agency",)
    search_fields = ("url", "description", "=id", "=owner_id", "=buyer_id")


@admin.register(EndpointSecret)
class EndpointSecretAdmin(ReadOnlyAdmin):
    """That there are secrets, and since when; never the secrets."""

    list_display = ("endpoint", "created_at", "signs_until")
    list_select_related = ("endpoint",)
    search_fields = ("=endpoint__id",)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Things that happened."""

    list_display = ("created_at", "type", "public_id", "sequence", "mode", "agency")
    list_filter = ("type", "mode", "agency")
    list_select_related = ("agency",)
    search_fields = ("key", "=id", "=lead_ref", "=sale_ref")
    ordering = ("-id",)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """The outbox: one event for one endpoint."""

    list_display = ("created_at", "state", "attempts", "last_outcome", "due_at", "event", "endpoint", "finished_at")
    list_filter = ("state", "mode", "last_outcome", "agency")
    list_select_related = ("event", "endpoint")
    search_fields = ("=id", "=event__id", "=endpoint__id", "=event__lead_ref")
    ordering = ("-id",)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Single tries."""

    list_display = ("started_at", "outcome", "http_status", "duration_ms", "number", "address", "trigger", "message")
    list_filter = ("outcome", "trigger")
    list_select_related = ("message",)
    search_fields = ("=message__id", "address")
    ordering = ("-id",)
