"""Fields that hold a small language: filters, caps, schedules, price rules, mocks, delivery methods.

Routing reads them; here they become what is stored, with money in minor units of the context's currency. A problem is
named by its dotted path inside the document.
"""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from buyers.inputs import document_schemas
from buyers.inputs.fields import minor_units
from core.errors import FieldError, FieldProblems
from core.http.loop import egress
from core.http.urls import BadUrl, parse_target
from routing.caps import parse_caps
from routing.filters import parse_filter
from routing.price_rules import parse_price_rules
from routing.schedule import parse_schedule

_LATER = ("email", "sms", "slack", "salesforce", "hubspot", "zoho")
_METHODS = ("webhook", "portal", "http")


class Document(serializers.Field[Any, Any, Any, Any]):
    """A JSON document; records show it themselves."""

    def to_representation(self, value: Any) -> Any:
        """The document as given."""
        return value

    def read(self, parse: Callable[[], Any]) -> Any:
        """What the parser gives; its problems become this field's, by path."""
        try:
            return parse()
        except FieldProblems as problems:
            raise serializers.ValidationError(_nested(problems.errors)) from problems


def _nested(errors: tuple[FieldError, ...]) -> dict[str, Any]:
    """Flat problems by path; one of the whole document stands under `non_field_errors`."""
    found: dict[str, Any] = {}
    for error in errors:
        _, _, path = error.field.partition(".")
        detail = serializers.ErrorDetail(error.detail, code=error.code)
        found.setdefault(path or "non_field_errors", []).append(detail)
    return found


@extend_schema_field(document_schemas.FILTERS)
class Filters(Document):
    """Which leads: tests in nested groups."""

    def to_internal_value(self, data: Any) -> Any:
        """The document as given, once it is understood."""
        self.read(lambda: parse_filter(data))
        return data


@extend_schema_field(document_schemas.CAPS)
class Caps(Document):
    """How much at most."""

    def to_internal_value(self, data: Any) -> Any:
        """Caps with limits in leads or minor units."""
        return [cap.to_content() for cap in self.read(lambda: parse_caps(data, currency=self.context["currency"]))]


@extend_schema_field(document_schemas.OPEN_HOURS)
class OpenHours(Document):
    """When."""

    def to_internal_value(self, data: Any) -> Any:
        """The document as given, once it is understood."""
        self.read(lambda: parse_schedule(data))
        return data


@extend_schema_field(document_schemas.PRICE_RULES)
class PriceRules(Document):
    """Other prices under conditions."""

    def to_internal_value(self, data: Any) -> Any:
        """Rules with prices in minor units."""
        rules = self.read(lambda: parse_price_rules(data, currency=self.context["currency"]))
        return [rule.to_content() for rule in rules]


@extend_schema_field(document_schemas.MOCK)
class Mock(Document):
    """How the contract answers to test leads."""

    def to_internal_value(self, data: Any) -> Any:
        """The mock with its bid in minor units."""
        data = _members(data, ("bid", "delay_ms", "answer"))
        delay = data.get("delay_ms", 0)
        if isinstance(delay, bool) or not isinstance(delay, int) or not 0 <= delay <= 30_000:
            raise serializers.ValidationError({"delay_ms": "must be a whole number from 0 to 30000"}, code="invalid")
        if data.get("answer", "accept") not in document_schemas.ANSWERS:
            raise serializers.ValidationError(
                {"answer": f"must be one of: {', '.join(document_schemas.ANSWERS)}"}, code="invalid_choice"
            )
        if "bid" not in data:
            return dict(data)
        try:
            return {**data, "bid": minor_units(data["bid"], self.context["currency"])}
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"bid": error.detail}) from error


@extend_schema_field(document_schemas.DELIVERY)
class Delivery(Document):
    """How leads reach the buyer: by webhook, by http (the buyer's own interface as data), or in the portal."""

    def to_internal_value(self, data: Any) -> Any:
        """The method; a webhook's endpoint_id, as records show it, is accepted and ignored."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("must be an object", code="invalid")
        method = data.get("method")
        if method in _LATER:
            detail = f"delivery by {method} is not available; use webhook, http or portal"
            raise serializers.ValidationError({"method": detail}, code="not_available")
        if method not in _METHODS:
            raise serializers.ValidationError({"method": "must be webhook, http or portal"}, code="invalid_choice")
        if method == "http":
            return data  # read against the campaign, whose fields and currency it speaks of
        _members(data, ("method", "url", "endpoint_id") if method == "webhook" else ("method",))
        return {"method": method, "url": _url(data.get("url"))} if method == "webhook" else {"method": method}


def _members(data: Any, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise serializers.ValidationError("must be an object", code="invalid")
    unknown = {str(name): "There is no such member." for name in data if name not in known}
    if unknown:
        raise serializers.ValidationError(unknown, code="unknown")
    return data


def _url(data: Any) -> str:
    """An address that deliveries may go to: what will never be called is refused here, and not at the first lead."""
    try:
        if not isinstance(data, str):
            raise BadUrl("must be a URL")
        parse_target(data, egress())
    except BadUrl as error:
        raise serializers.ValidationError({"url": str(error)}, code="invalid") from error
    return data


class Information(Delivery):
    """A delivery that decides nothing: a buyer is asked and sold to by the primary one alone."""

    def to_internal_value(self, data: Any) -> Any:
        """As any delivery, but for `http`."""
        if isinstance(data, dict) and data.get("method") == "http":
            detail = "http asks and sells: it can only be the delivery itself"
            raise serializers.ValidationError({"method": detail}, code="invalid_choice")
        return super().to_internal_value(data)


class Also(serializers.ListField):
    """Further deliveries, for information."""

    child = Information()

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 5, **options})
