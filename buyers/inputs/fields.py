"""Fields that take exactly their JSON type: no text for a number, no 1 for true, no money with too many decimals."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import Text
from core.money import BadAmount, to_minor

_LONGEST_METADATA = 50
_HUNDRED_PERCENT = 10_000
_LARGEST_NUMBER = 2**53 - 1  # what every JSON reader holds exactly


@extend_schema_field({"type": "number", "format": "decimal", "minimum": 0, "example": 175.00})
class Money(serializers.Field[int, Any, Any, Any]):
    """An amount in major units, a number with at most the currency's decimals; in Python it is minor units.

    The currency is that of the serializer's context.
    """

    def __init__(self, *, positive: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._least = 1 if positive else 0
        if positive:
            set_override(self, "field", {"type": "number", "format": "decimal", "exclusiveMinimum": 0})

    def to_internal_value(self, data: Any) -> int:
        """Minor units."""
        return minor_units(data, self.context["currency"], least=self._least)

    def to_representation(self, value: Any) -> Any:
        """Records show amounts themselves."""
        return value


def minor_units(data: Any, currency: str, *, least: int = 0) -> int:
    """Minor units of a JSON number in major units. Raises ValidationError saying what is wrong."""
    if isinstance(data, bool | str) or data is None:
        raise serializers.ValidationError("must be a number", code="invalid")
    try:
        minor = to_minor(data, currency)
    except BadAmount as error:
        raise serializers.ValidationError(str(error), code="invalid_amount") from error
    if minor < least:
        raise serializers.ValidationError("must be above 0" if least else "must not be below 0", code="min_value")
    return minor


@extend_schema_field({"type": "number", "format": "decimal", "minimum": 0, "maximum": 100, "example": 7.5})
class Percent(serializers.Field[int, Any, Any, Any]):
    """A percentage from 0 to 100, a number with at most two decimals; in Python it is basis points."""

    def to_internal_value(self, data: Any) -> int:
        """Basis points."""
        points = minor_units(data, "USD")  # hundredths, as cents are
        if points > _HUNDRED_PERCENT:
            raise serializers.ValidationError("must not be above 100", code="max_value")
        return points

    def to_representation(self, value: Any) -> Any:
        """Records show percentages themselves."""
        return value


@cache
def _zones() -> frozenset[str]:
    """The zones of this machine and of tzdata; looking for them walks a tree of some 600 files."""
    return frozenset(available_timezones())


class Zone(Text):
    """An IANA time zone such as America/Chicago."""

    def to_internal_value(self, data: Any) -> str:
        """The zone's name, which must exist."""
        name = super().to_internal_value(data)
        if name not in _zones():
            raise serializers.ValidationError("must be an IANA time zone such as America/Chicago", code="invalid_zone")
        return name


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": _LONGEST_METADATA,
        "propertyNames": {"maxLength": 100},
        "additionalProperties": {
            "type": ["string", "number", "boolean", "null"],
            "maxLength": 1000,
            "minimum": -_LARGEST_NUMBER,
            "maximum": _LARGEST_NUMBER,
        },
    }
)
class Metadata(serializers.Field[dict[str, Any], Any, Any, Any]):
    """Whatever the caller wants to keep beside a resource: up to 50 plain values by name."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The values as given."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("must be an object", code="invalid")
        if len(data) > _LONGEST_METADATA:
            raise serializers.ValidationError(f"must not have more than {_LONGEST_METADATA} members", code="max_length")
        for name, value in data.items():
            _check_metadata(name, value)
        return data

    def to_representation(self, value: Any) -> Any:
        """The values as given."""
        return value


def _check_metadata(name: str, value: Any) -> None:
    if len(name) > 100 or "\x00" in name:
        raise serializers.ValidationError({name[:100]: "has too long or impossible a name"}, code="invalid")
    if isinstance(value, dict | list):
        raise serializers.ValidationError({name: "must be a plain value"}, code="invalid")
    if isinstance(value, int | float) and abs(value) > _LARGEST_NUMBER:
        raise serializers.ValidationError({name: "must not be beyond 2^53; send it as text"}, code="invalid")
    if isinstance(value, str) and (len(value) > 1000 or "\x00" in value):
        raise serializers.ValidationError({name: "must have at most 1000 characters, none of them NUL"}, code="invalid")
