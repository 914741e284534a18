"""How the OpenAPI document shows what answers have in common: problem details, one shape for all, and headers."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.problems import MEDIA_TYPE, TITLES


@extend_schema_serializer(component_name="FieldError")
class FieldErrorShape(serializers.Serializer[Any]):
    """One field at fault."""

    field = serializers.CharField(allow_blank=True, help_text="Dotted path, such as `caps.0.limit`; empty: the body.")
    code = serializers.CharField(help_text="Stable; programs decide by it.")
    detail = serializers.CharField(help_text="What would be right.")


@extend_schema_serializer(component_name="Problem")
class ProblemShape(serializers.Serializer[Any]):
    """RFC 9457 problem details. `code` is stable; programs decide by it. What was refused has changed nothing."""

    type = serializers.CharField(help_text="The address of the code's description.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What happened, and the cure.")
    code = serializers.CharField()
    errors = FieldErrorShape(many=True)  # type: ignore[assignment] # a serializer's own `errors` is for input only


_FIELD = {"field": "phone", "code": "invalid_phone", "detail": "Send a telephone number such as +15125550143."}
_WORDS = {
    "400": ("BadRequest", "malformed_json", "Malformed JSON or header."),
    "401": ("NotAuthenticated", "invalid_key", "No key, or none that is valid."),
    "403": ("NotAllowed", "missing_scope", "Not with this key."),
    "404": ("NotFound", "not_found", "Something that the address or the body names is not there, or not yours."),
    "409": ("Conflict", "in_flight", "The present state forbids it, or the same Idempotency-Key is in flight."),
    "412": ("ChangedMeanwhile", "changed_meanwhile", "The resource is not what your If-Match names any more."),
    "413": ("TooLarge", "body_too_large", "The body is larger than 256 KiB."),
    "415": ("UnsupportedMediaType", "unsupported_media_type", "The body is of another media type than those listed."),
    "422": ("NotValid", "invalid", "Fields need correction, or the Idempotency-Key was used for another request."),
    "429": ("TooManyRequests", "too_many_requests", "The key has used up its requests of this minute."),
    "503": ("Busy", "busy", "Too many requests compete for the same room: send it again."),
}


def problem_response(status: str) -> dict[str, str]:
    """How an operation refers to the answer of this status."""
    return {"$ref": f"#/components/responses/{_WORDS[status][0]}"}


def problem_responses() -> dict[str, Any]:
    """Every answer that `problem_response` refers to, by its name."""
    return {name: _response(status, code, sentence) for status, (name, code, sentence) in _WORDS.items()}


def _response(status: str, code: str, sentence: str) -> dict[str, Any]:
    example = {
        "type": f"https://leads.example.com/docs/errors#{code}",
        "title": TITLES[int(status)],
        "status": int(status),
        "detail": "1 field(s) need correction." if code == "invalid" else sentence,
        "code": code,
        "errors": [_FIELD] if code == "invalid" else [],
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": sentence, "content": {MEDIA_TYPE: content}, "headers": headers_of(status)}


_HEADERS = {
    "X-Request-Id": "The id of this request: your own, or one of ours.",
    "RateLimit": 'What is left of this minute: `"key";r=612;t=23`.',
    "RateLimit-Policy": 'The limit of the key: `"key";q=1000;w=60`.',
    "Retry-After": "Seconds to wait, where trying again can help.",
    "WWW-Authenticate": "The scheme: Bearer.",
    "Idempotent-Replayed": "`true` where this is an earlier answer, given again.",
    "ETag": "The state shown here, for If-Match.",
}
_ALWAYS = ("X-Request-Id", "RateLimit", "RateLimit-Policy")
_BY_STATUS = {
    "401": ("X-Request-Id", "WWW-Authenticate"),
    **dict.fromkeys(("409", "429", "503"), (*_ALWAYS, "Retry-After")),
}


def headers_of(status: str, *more: str) -> dict[str, Any]:
    """The headers of an answer of this status, and `more`, as references."""
    names = (*_BY_STATUS.get(status, _ALWAYS), *more)
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def headers() -> dict[str, Any]:
    """Every header that `headers_of` refers to, by its name."""
    return {name: {"description": words, "schema": {"type": "string"}} for name, words in _HEADERS.items()}
