"""Serializer fields that the whole API shares."""

from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework import serializers

from core.clock import now, rfc3339
from core.ids import BadId, decode, encode


class PublicIdField(serializers.CharField):
    """A public id of one kind, such as `buyer_...`: a UUID inside, prefixed outside."""

    default_error_messages = {"invalid_id": "Must be an id that begins with {prefix}_."}

    def __init__(self, prefix: str, **options: Any) -> None:
        super().__init__(**options)
        self.prefix = prefix

    def to_internal_value(self, data: Any) -> Any:
        """The UUID behind the id."""
        try:
            return decode(self.prefix, super().to_internal_value(data))
        except BadId:
            self.fail("invalid_id", prefix=self.prefix)

    def to_representation(self, value: Any) -> str:
        """The id as outsiders see it."""
        return encode(self.prefix, value) if isinstance(value, UUID) else str(value)


def check_future(moment: datetime) -> None:
    """A validator: the instant lies ahead."""
    if moment <= now():
        raise serializers.ValidationError("Must lie in the future.", code="not_in_future")


def instant(moment: datetime | None) -> str | None:
    """A time as answers show it; None stays None."""
    return None if moment is None else rfc3339(moment)


def public_id(prefix: str, value: UUID | None) -> str | None:
    """A reference as answers show it; None stays None."""
    return None if value is None else encode(prefix, value)
