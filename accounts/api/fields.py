"""Serializer fields that the whole API shares: each takes exactly its JSON type, and says so in the OpenAPI document.

No text for a number, no number for a text, no 1 for true, no time without its zone.
"""

from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from drf_spectacular.drainage import set_override
from rest_framework import serializers

from core.clock import now, read_instant, rfc3339
from core.ids import BadId, decode, encode

LARGEST_WHOLE = 2_147_483_647
_A_TIME = "Must be an RFC 3339 time with its zone, such as 2026-05-12T14:30:00Z."


def id_schema(prefix: str) -> dict[str, Any]:
    """How a public id is documented."""
    example = f"{prefix}_01jv3k8m2xq4r5s6t7v8w9x0yz"
    return {"type": "string", "pattern": f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", "example": example}


class Text(serializers.CharField):
    """A string; surrounding blanks are trimmed."""

    def __init__(self, **options: Any) -> None:
        least = {} if options.get("allow_blank") else {"min_length": 1}
        super().__init__(**{"max_length": 200, **least, **options})

    def to_internal_value(self, data: Any) -> str:
        """The string itself. Numbers are refused."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Reference(Text):
    """The public id of a row of one kind, for its verb to look up: a missing one and a stranger's are told alike."""

    def __init__(self, prefix: str, **options: Any) -> None:
        super().__init__(**options)
        set_override(self, "field", id_schema(prefix))


class PublicIdField(serializers.CharField):
    """A public id of one kind, such as `buyer_...`: a UUID inside, prefixed outside."""

    default_error_messages = {"invalid_id": "Must be an id that begins with {prefix}_."}

    def __init__(self, prefix: str, **options: Any) -> None:
        super().__init__(**options)
        self.prefix = prefix
        set_override(self, "field", id_schema(prefix))

    def to_internal_value(self, data: Any) -> Any:
        """The UUID behind the id."""
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return decode(self.prefix, super().to_internal_value(data))
        except BadId:
            self.fail("invalid_id", prefix=self.prefix)

    def to_representation(self, value: Any) -> str:
        """The id as outsiders see it."""
        return encode(self.prefix, value) if isinstance(value, UUID) else str(value)


class Whole(serializers.IntegerField):
    """A whole number within bounds."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": LARGEST_WHOLE, **options})

    def to_internal_value(self, data: Any) -> int:
        """The number; 5.0 is a whole number in JSON, "5" and true are none."""
        if isinstance(data, bool) or not (isinstance(data, int) or (isinstance(data, float) and data.is_integer())):
            self.fail("invalid")
        return int(data)


class Flag(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: Any) -> bool:
        """The boolean itself; words and numbers are refused."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Choice(serializers.ChoiceField):
    """One word of a closed list."""

    def to_internal_value(self, data: Any) -> str:
        """The word, which must be a string."""
        if not isinstance(data, str) or data not in self.choices:
            self._refuse()
        return data

    def _refuse(self) -> NoReturn:
        words = ", ".join(str(choice) for choice in self.choices)
        raise serializers.ValidationError(f"must be one of: {words}", code="invalid_choice")


class Instant(serializers.DateTimeField):
    """An instant: RFC 3339 with its zone."""

    def to_internal_value(self, value: Any) -> datetime:
        """The instant in UTC. A time without a zone is refused: it names no instant."""
        moment = read_instant(value)
        if moment is None:
            raise serializers.ValidationError(_A_TIME, code="invalid")
        return moment


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
