"""What a posted lead may hold, as JSON schemas for the OpenAPI document. The intake is what really reads it."""

from typing import Any, Final

from leads.intake import shape
from routing.fields import BUILT_IN

Schema = dict[str, Any]
_NAME: Final = "[A-Za-z_][A-Za-z0-9_.\\-]{0,63}"
_LISTED: Final[Schema] = {"type": ["string", "number", "boolean"], "maxLength": shape.MAX_TEXT}
_ONE_OR_MANY: Final[Schema] = {
    "type": ["string", "number", "boolean", "array", "null"],
    "maxLength": shape.MAX_TEXT,
    "items": _LISTED,
    "maxItems": shape.MAX_LIST,
}
_STEERING: Final[Schema] = {
    "source": {
        "type": ["string", "integer", "null"],
        "maxLength": shape.MAX_CONTROL,
        "description": "The source's slug or id; a name that is none is kept as tracking text. A key bound to a source "
        "decides by itself.",
    },
    "campaign_id": {
        "type": ["string", "integer", "null"],
        "maxLength": shape.MAX_CONTROL,
        "description": "The campaign's id or slug. May be left out where the source has a default campaign.",
    },
    "external_id": {
        "type": ["string", "integer", "null"],
        "maxLength": shape.MAX_EXTERNAL_ID,
        "description": "Your own id of the lead.",
    },
    "metadata": {
        "type": ["object", "null"],
        "propertyNames": {"pattern": f"^{_NAME}$"},
        "maxProperties": shape.MAX_METADATA,
        "additionalProperties": {
            "type": ["string", "number", "boolean", "null"],
            "maxLength": shape.MAX_METADATA_TEXT,
        },
        "description": "Whatever you want to find beside the lead again; no field of it.",
    },
}
_WORDS: Final = {
    "phone": "Any usual way of writing; numbers without a country are North American. Kept as E.164.",
    "email": "Kept in lower case.",
    "state": "A US state by its code or name.",
    "zip": "Five digits, or ZIP+4.",
    "ip_address": "The person's IPv4 or IPv6 address.",
    "consent_timestamp": "When the person agreed to be contacted: RFC 3339 with its zone, not in the future.",
    "landing_page": "An http or https address.",
}


def _built_in(name: str) -> Schema:
    described = {"description": _WORDS[name]} if name in _WORDS else {}
    return {"type": ["string", "number", "null"], "maxLength": shape.MAX_TEXT, **described}


_FIELDS: Final = {name: _built_in(name) for name in BUILT_IN if name not in _STEERING}

LEAD: Final[Schema] = {
    "type": "object",
    "description": "A lead: the fields that every lead type has, those of its own lead type, and custom ones, 200 at "
    "most. Blank and null are the same as left out. Which fields are required, and the types of further ones, is the "
    "lead type's matter.",
    "properties": {**_STEERING, **_FIELDS},
    "propertyNames": {"pattern": f"^{_NAME}$"},
    "additionalProperties": _ONE_OR_MANY,
}

LEAD_FORM: Final[Schema] = {
    "type": "object",
    "description": "The same as a form: each name once, `metadata[name]` for metadata.",
    "properties": {name: {"type": "string"} for name in (*_STEERING, *_FIELDS) if name != "metadata"},
    "propertyNames": {"pattern": f"^({_NAME}|metadata\\[{_NAME}\\])$"},
    "additionalProperties": {"type": "string", "maxLength": shape.MAX_TEXT},
}

SIMULATED_LEAD: Final[Schema] = {
    **LEAD,
    "properties": {
        **LEAD["properties"],
        "at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "The instant to decide at; now, where it is left out.",
        },
    },
}

_HASH: Final[Schema] = {
    "type": ["string", "null"],
    "pattern": "^([0-9a-fA-F]{64})?$",
    "description": "SHA-256 in hexadecimal: of the ten digits of a North American number, or of the e-mail address in "
    "lower case. Finds duplicates without naming anybody.",
}

PING: Final[Schema] = {
    **LEAD,
    "description": "Part of a lead: of its fields only those that may be pinged are read. Nothing is required.",
    "properties": {**LEAD["properties"], "phone_sha256": _HASH, "email_sha256": _HASH},
}

POST: Final[Schema] = {
    **LEAD,
    "properties": {
        **LEAD["properties"],
        "ping_id": {"type": "string", "description": "What POST /v1/ping answered."},
        "bid_ids": {
            "type": ["array", "null"],
            "items": {"type": "string"},
            "minItems": 1,
            "maxItems": shape.MAX_LIST,
            "description": "Those of its bids that are taken; all, where they are left out.",
        },
    },
    "required": ["ping_id"],
}

COMPONENTS: Final = {
    "LeadInput": LEAD,
    "LeadForm": LEAD_FORM,
    "SimulatedLead": SIMULATED_LEAD,
    "PingInput": PING,
    "PostInput": POST,
}
"""By the names under which operations refer to them."""
