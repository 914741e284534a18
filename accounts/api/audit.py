"""The API's view of the audit trail."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from accounts.api.fields import Instant, instant
from accounts.api.pages import PAGING, page_of
from accounts.models import AuditEntry


class AuditFilters(serializers.Serializer[Any]):
    """By what entries are found."""

    object_id = serializers.CharField(required=False, help_text="The public id of what was changed.")
    action = serializers.CharField(required=False, help_text="Such as `contract.update`.")
    actor = serializers.CharField(required=False, help_text="Such as `key:key_...` or `user:...`.")
    created_from = Instant(required=False, source="at__gte", help_text="This instant or later.")
    created_to = Instant(required=False, source="at__lt", help_text="Before this instant.")


class AuditEntryShape(serializers.Serializer[Any]):
    """One entry: who did what to which object, when and from where."""

    at = serializers.DateTimeField()
    actor = serializers.CharField()
    address = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)
    action = serializers.CharField()
    object_id = serializers.CharField()
    object_name = serializers.CharField(allow_blank=True)
    changes = serializers.DictField(
        child=serializers.ListField(min_length=2, max_length=2), help_text="{field: [old, new]}; secrets are masked."
    )
    version = serializers.IntegerField(help_text="The agency's configuration version after the change.")


_EXAMPLE = OpenApiExample(
    "A price was raised",
    {
        "data": [
            {
                "at": "2026-05-12T14:30:01.184Z",
                "actor": "key:key_01jv3k8m2xq4r5s6t7v8w9x0yz",
                "address": "203.0.113.9",
                "request_id": "01a2153c31117a8fb1c4f7d9b2c06e55",
                "action": "contract.update",
                "object_id": "ctr_01jv3k8m2xq4r5s6t7v8w9x0yz",
                "object_name": "Texas and California",
                "changes": {"price": [175.00, 180.00]},
                "version": 42,
            }
        ],
        "next_cursor": None,
    },
    response_only=True,
)


class AuditView(ApiView):
    """The trail of the principal's agency."""

    scopes = {"GET": "keys:write"}

    @extend_schema(
        summary="List audit entries",
        parameters=[AuditFilters, *PAGING],
        responses=page_of(AuditEntryShape),
        examples=[_EXAMPLE],
        tags=["Audit"],
    )
    def get(self, request: Request) -> Response:
        """Every change of configuration, the newest first. Entries are never changed or deleted."""
        rows = AuditEntry.objects.visible_to(self.principal).filter(**self.filters(AuditFilters))
        return self.page(rows, show_entry, by="at")


def show_entry(entry: AuditEntry) -> dict[str, Any]:
    """An entry as AuditEntryShape."""
    return {
        "at": instant(entry.at),
        "actor": entry.actor,
        "address": entry.address,
        "request_id": entry.request_id,
        "action": entry.action,
        "object_id": entry.object_id,
        "object_name": entry.object_name,
        "changes": entry.changes,
        "version": entry.version,
    }
