"""What the OpenAPI document says of every operation alike: key, scope, repeats, preconditions, limits, problems."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from core.api.problems import MEDIA_TYPE

_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="1 to 255 visible ASCII characters, new for each new request. For 24 hours the same request under the "
    "same key has one effect and gets the first answer again, with `Idempotent-Replayed: true`.",
)
_IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The `ETag` of the state that you have seen. Where it has changed since, nothing happens (412).",
)
_ALWAYS = {"401": "No key, or none that is valid.", "403": "Not with this key.", "429": "Too many requests."}
_UNSAFE = {
    "400": "Malformed JSON or header.",
    "409": "The present state does not allow it, or the same Idempotency-Key is in flight.",
    "413": "The body is larger than 256 KiB.",
    "415": "The body is not JSON.",
    "422": "Fields need correction, or the Idempotency-Key was used for another request.",
}


class FieldErrorShape(serializers.Serializer[Any]):
    """One field at fault."""

    field = serializers.CharField(help_text="Dotted path.")
    code = serializers.CharField()
    detail = serializers.CharField(help_text="What would be right.")


class ProblemShape(serializers.Serializer[Any]):
    """RFC 9457 problem details. `code` is stable; programs decide by it."""

    type = serializers.URLField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = FieldErrorShape(many=True)  # type: ignore[assignment] # a serializer's own `errors` is for input only


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The bearer key in the document's security section."""

    target_class = "accounts.authentication.KeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """How a client sends its key."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "ldk_live_... or ldk_test_...",
            "description": "An API key, in this header only. Test keys work on a second book that reaches no buyer.",
        }


class ApiSchema(AutoSchema):
    """Documents an ApiView: views describe what is their own, this adds what all share."""

    def get_summary(self) -> str:
        """The operation in a few words: those given, or the first sentence of its docstring."""
        return super().get_summary() or super().get_description().partition(".")[0].strip()

    def get_operation_id(self) -> str:
        """The name that generated clients give the operation: method and path, so that no two are alike."""
        parts = [part.strip("{}").replace("-", "_") for part in self.path.split("/") if part not in ("", "v1")]
        return "_".join([self.method.lower(), *parts])

    def get_override_parameters(self) -> list[Any]:
        """The headers that every changing operation takes."""
        given = list(super().get_override_parameters())
        if self.method in ("POST", "PATCH", "PUT", "DELETE"):
            given.append(_IDEMPOTENCY_KEY)
        if self.method in ("PATCH", "PUT", "DELETE"):
            given.append(_IF_MATCH)
        return given

    def get_description(self) -> str:  # type: ignore[override] # drf-spectacular's form
        """The operation's own words, and the scope that it needs."""
        scope = getattr(self.view, "scopes", {}).get(self.method)
        needs = f"Needs a key with the scope `{scope}`." if scope else "Open to every valid key."
        return f"{super().get_description()}\n\n{needs}".strip()

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, description in self._shared_problems().items():
            if status not in bodies:
                body = self._get_response_for_code(ProblemShape, status, media_types=[MEDIA_TYPE])  # type: ignore[no-untyped-call]
                bodies[status] = body | {"description": description}
        for status, body in bodies.items():
            self._add_headers(status, body)
        return dict(sorted(bodies.items()))

    def _shared_problems(self) -> dict[str, str]:
        shared = dict(_ALWAYS)
        if "{" in self.path:
            shared["404"] = "There is nothing with this id that you may see."
        if self.method != "GET":
            shared |= _UNSAFE
        if self.method in ("PATCH", "PUT", "DELETE"):
            shared["412"] = "The resource is not what your If-Match names any more."
        if any(parameter.get("in") == "query" for parameter in self._get_parameters()):
            shared["422"] = _UNSAFE["422"]
        return shared

    def _add_headers(self, status: str, body: dict[str, Any]) -> None:
        told = {"X-Request-Id": "The id of this request in our logs."}
        if status != "401":
            told["RateLimit"] = 'What is left of this minute: `"key";r=612;t=23`.'
            told["RateLimit-Policy"] = 'The limit of the key: `"key";q=1000;w=60`.'
        if status == "401":
            told["WWW-Authenticate"] = "The scheme: Bearer."
        if status in ("409", "429"):
            told["Retry-After"] = "Seconds to wait, where trying again can help."
        if status.startswith("2") and self.method in ("POST", "PATCH", "PUT", "DELETE"):
            told["Idempotent-Replayed"] = "`true` where this is an earlier answer, given again."
        headers = body.setdefault("headers", {})
        for name, description in told.items():
            headers.setdefault(name, {"description": description, "schema": {"type": "string"}})
