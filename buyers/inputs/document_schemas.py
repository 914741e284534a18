"""The small languages of contracts as JSON schemas, for the OpenAPI document. `documents` is what really reads them."""

from typing import Any, Final

from accounts.api.fields import id_schema
from buyers.inputs.http_schema import HTTP_DELIVERY
from routing import caps, filters, price_rules, schedule
from routing.operators import OPERATORS
from routing.windows import WEEKDAYS, Window

Schema = dict[str, Any]
ANSWERS: Final = ("accept", "refuse", "error", "timeout", "garbage")
_MONEY: Final[Schema] = {"type": "number", "minimum": 0}
_CLOCK: Final[Schema] = {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
_CONDITION: Final[Schema] = {"$ref": "#/components/schemas/Filter"}
_CONDITIONS: Final[Schema] = {"type": "array", "maxItems": filters.AT_MOST, "items": _CONDITION}
_DAY_NAMES: Final[Schema] = {"enum": list(WEEKDAYS)}


def _closed(properties: Schema, *, required: tuple[str, ...] = (), **rest: Any) -> Schema:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", **needed, "properties": properties, "additionalProperties": False, **rest}


FILTER: Final[Schema] = {
    "description": "Which leads: a test of one field, or a group of conditions. `all`, `any` and `none` in one group "
    "must each hold, groups nest, `{}` is every lead. A missing field passes only `ne`, `not_in` and `exists: false`.",
    "oneOf": [
        _closed(
            {
                "field": {"type": "string", "minLength": 1, "description": "A field of the lead, or `score`."},
                "op": {"enum": list(OPERATORS)},
                "value": {
                    "description": "What to compare with: one value; a list for `in` and `not_in` (ZIP ranges such as "
                    '`"75001-75099"` too), two for `between`; an RE2 pattern for `regex`; '
                    '`{"zip": "75001", "miles": 25}` for `within`.'
                },
            },
            required=("field", "op"),
            title="Test",
        ),
        _closed({"all": _CONDITIONS, "any": {**_CONDITIONS, "minItems": 1}, "none": _CONDITIONS}, title="Group"),
    ],
}
"""The component that FILTERS and price rules refer to."""

FILTERS: Final[Schema] = {
    "allOf": [_CONDITION],
    "example": {"all": [{"field": "state", "op": "in", "value": ["TX", "CA"]}]},
}

CAPS: Final[Schema] = {
    "type": "array",
    "maxItems": caps.AT_MOST,
    "items": _closed(
        {
            "window": {"enum": [window.value for window in Window]},
            "unit": {"enum": ["leads", "money"]},
            "limit": {**_MONEY, "description": "Leads, or money in major units."},
            "weekdays": {
                "type": "object",
                "propertyNames": _DAY_NAMES,
                "additionalProperties": _MONEY,
                "description": "Another limit on these days; only with `hour` and `day`.",
            },
        },
        required=("window", "unit", "limit"),
    ),
    "example": [{"window": "day", "unit": "leads", "limit": 10, "weekdays": {"sat": 3}}],
}

OPEN_HOURS: Final[Schema] = {
    "type": "array",
    "maxItems": schedule.AT_MOST,
    "items": _closed(
        {"days": {"type": "array", "minItems": 1, "maxItems": 7, "items": _DAY_NAMES}, "from": _CLOCK, "to": _CLOCK}
    ),
    "description": "When leads are bought, by the clock of the contract's zone; `[]` is always. A span that ends "
    "before it begins runs into the next day.",
    "example": [{"days": ["mon", "tue"], "from": "09:00", "to": "17:00"}],
}

PRICE_RULES: Final[Schema] = {
    "type": "array",
    "maxItems": price_rules.AT_MOST,
    "items": _closed({"when": _CONDITION, "price": _MONEY}, required=("when", "price")),
    "description": "Other prices under conditions: the first rule that matches sets the price.",
    "example": [{"when": {"all": [{"field": "state", "op": "eq", "value": "TX"}]}, "price": 210.00}],
}

MOCK: Final[Schema] = _closed(
    {
        "bid": _MONEY,
        "delay_ms": {"type": "integer", "minimum": 0, "maximum": 30000},
        "answer": {"enum": list(ANSWERS)},
    },
    description="How the contract answers to leads of test keys; without one it accepts at its price.",
)

_WEBHOOK: Final[Schema] = {
    "method": {"const": "webhook"},
    "url": {"type": "string", "format": "uri", "maxLength": 2000},
    "endpoint_id": {"type": "string", "description": "As records show it; ignored when sent."},
}
_PORTAL: Final = _closed({"method": {"const": "portal"}}, required=("method",), title="Portal")

DELIVERY: Final[Schema] = {
    "oneOf": [_closed(_WEBHOOK, required=("method", "url"), title="Webhook"), _PORTAL, HTTP_DELIVERY],
    "example": {"method": "webhook", "url": "https://buyer.example.com/leads"},
}

INFORMATION: Final[Schema] = {
    "oneOf": [_closed(_WEBHOOK, required=("method", "url"), title="Webhook"), _PORTAL],
    "example": {"method": "webhook", "url": "https://buyer.example.com/leads"},
}

SHOWN_DELIVERY: Final[Schema] = {
    "oneOf": [
        _closed(
            {
                **_WEBHOOK,
                "endpoint_id": id_schema("we"),
                "secret": {"type": "string", "description": "Only in the answer that opened the webhook."},
            },
            required=("method", "url", "endpoint_id"),
            title="Webhook",
        ),
        _PORTAL,
        HTTP_DELIVERY,
    ],
}
