"""The delivery method `http` as JSON schema, for the OpenAPI document. `buyers.exchange` is what really reads it."""

from typing import Any, Final

from buyers.exchange.answer_documents import MOST_PLACES, MOST_STATUSES, MOST_WORDS, OPERATORS, STATUS_CLASSES
from buyers.exchange.bodies import CONTENT_TYPES
from buyers.exchange.formats import FORMATS
from buyers.exchange.hashes import HASHES
from buyers.exchange.presets import PRESETS
from buyers.exchange.prices import LARGEST, UNITS
from buyers.exchange.reading import LANGUAGES
from buyers.exchange.stage_documents import LONGEST_MS, VERBS
from buyers.exchange.values import SCOPES

Schema = dict[str, Any]


def _nullable(**properties: Schema) -> Schema:
    return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


_PATH: Final[Schema] = {
    "oneOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1, "maxItems": MOST_PLACES},
    ],
    "description": "Where it stands: a JSON path (`$.status`, `$.bids[0].price`), an XPath (`/response/status`, "
    "`//bid/@id`) or an RE2 pattern whose first group counts. Of several the first that finds anything.",
}
_WORDS: Final[Schema] = {
    "type": "array",
    "maxItems": MOST_WORDS,
    "items": {"type": ["string", "number", "boolean"]},
    "description": 'Compared without regard to case and surrounding space; 1, 1.0 and "1" are the same.',
}
_TEST: Final[Schema] = _nullable(
    at=_PATH, **{"in": _WORDS}, not_in=_WORDS, exists={"type": "boolean"}, above={"type": "number"}
) | {"description": f"Takes one of {', '.join(OPERATORS)}; without one: that there is something."}
_PLACE: Final[Schema] = _nullable(at=_PATH)
_ANSWER: Final[Schema] = _nullable(
    read={"enum": list(LANGUAGES)},
    statuses={
        "type": "array",
        "maxItems": MOST_STATUSES,
        "items": {"oneOf": [{"type": "integer", "minimum": 200, "maximum": 599}, {"enum": list(STATUS_CLASSES)}]},
        "description": 'HTTP statuses whose body is read; `["2xx"]` where nothing is said. Others are an error.',
    },
    success=_TEST,
    duplicate=_TEST,
    error=_TEST,
    price=_nullable(
        at=_PATH,
        unit={
            "enum": list(UNITS),
            "description": "dollars: major units; cents: minor units; text: as people write, $1,234.50.",
        },
        fallback={"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST},
    ),
    reason=_nullable(
        at=_PATH,
        map={"type": "object", "additionalProperties": {"type": "string"}},
        default={"type": "string"},
    ),
    token=_PLACE,
    redirect=_PLACE,
) | {"description": "How answers are read: `error`, `duplicate` and `success` are asked in this order, and decide."}
_SECRET: Final[Schema] = {
    "type": "object",
    "properties": {"secret": {"type": "string"}, "scheme": {"enum": ["plain", "bearer", "basic"]}},
    "required": ["secret"],
    "additionalProperties": False,
    "description": "Sealed, and shown as a mask ever after; send the mask back to keep the secret.",
}
_REFERENCES: Final = ", ".join(
    ["`lead.FIELD`", *(f"`{scope}.{name}`" for scope in SCOPES for name in sorted(SCOPES[scope]))]
)
_STAGE: Final[Schema] = {
    "url": {"type": "string", "maxLength": 4000, "description": "References may stand behind the host."},
    "verb": {"enum": list(VERBS)},
    "format": {"enum": list(CONTENT_TYPES)},
    "headers": {
        "type": ["object", "null"],
        "maxProperties": 20,
        "additionalProperties": {"oneOf": [{"type": "string"}, _SECRET]},
    },
    "body": {
        "description": 'A template: constants, text with references, `{"from": field, "format", "map", '
        '"default"}`, `{"secret": ...}`, `{"constant": ...}`, in objects and lists; for XML one root, `@name` for '
        'attributes, `#text` for text. `"{{lead.zip}}"` alone keeps its type; `{{lead}}` is the whole lead. '
        f"References: {_REFERENCES}. Formats, as in `{{{{lead.phone|digits10}}}}`: {', '.join(FORMATS)}."
    },
    "timeout_ms": {"type": ["integer", "null"], "minimum": 50, "maximum": LONGEST_MS},
}

_DELIVERY: Final[Schema] = {
    "type": "object",
    "title": "Http",
    "required": ["method"],
    "properties": {
        "method": {"const": "http"},
        "preset": {
            "enum": [*PRESETS, None],
            "description": "A known system's interface; what else is sent overrides it member by member.",
        },
        "ping": {
            **_nullable(**_STAGE, answer={"$ref": "#/components/schemas/BuyerAnswer"}),
            "description": "Asks for a bid; carries pingable fields only.",
        },
        "post": {
            **_nullable(
                **_STAGE, answer={"$ref": "#/components/schemas/BuyerAnswer"}, on_timeout={"enum": ["stop", "next"]}
            ),
            "description": "Hands the lead over. `on_timeout`: whether the next buyer is tried where nobody knows.",
        },
        "loss": {**_nullable(**_STAGE), "description": "Tells a bidder that it lost."},
        "hashes": {
            "type": ["array", "null"],
            "maxItems": len(HASHES),
            "items": {"enum": list(HASHES)},
            "description": "Hashes of contact data that pings may carry, as `{{hash.phone_sha256}}`.",
        },
        "hash_key": {
            "oneOf": [_SECRET, {"type": "null"}],
            "description": "Makes them keyed (HMAC), so that nobody else can guess the number behind one.",
        },
    },
    "additionalProperties": False,
}

HTTP_COMPONENTS: Final[Schema] = {"HttpDelivery": _DELIVERY, "BuyerAnswer": _ANSWER}
"""The components that the document's other schemas refer to."""

HTTP_DELIVERY: Final[Schema] = {"$ref": "#/components/schemas/HttpDelivery"}
