"""What the OpenAPI document says of every operation alike: key, scope, repeats, preconditions, limits, problems."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from accounts.api.answer_shapes import ProblemShape, headers_of, problem_response
from accounts.scopes import SCOPES

_UNSAFE = ("POST", "PATCH", "PUT", "DELETE")
_CONDITIONAL = ("PATCH", "PUT", "DELETE")
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
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
_REQUEST_ID = OpenApiParameter(
    "X-Request-Id",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Your own id of this request, 8 to 64 letters, digits and `._:-`; the answer and our logs carry it. "
    "Left out or written otherwise, the request gets one from us.",
)
_DONE = {
    "200": "What was asked for, or the state after the change.",
    "201": "Made and on record.",
    "202": "Taken on; the outcome is still open.",
    "204": "Done; there is nothing to show.",
}
_ALWAYS = ("401", "403", "429")
_OF_CHANGES = ("400", "404", "409", "413", "415", "422")


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The bearer key in the document's security section."""

    target_class = "accounts.authentication.KeyAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """How a client sends its key, and the scopes that operations name."""
        scopes = "\n".join(f"- `{scope}`: {sentence}" for scope, sentence in SCOPES.items())
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "ldk_live_... or ldk_test_...",
            "description": "An API key, in this header only. Test keys work on a second book that reaches no buyer. "
            f"Each operation names the scope that its key needs:\n\n{scopes}",
        }

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        """The scope that the operation needs, as OpenAPI 3.1 names roles; none where every valid key will do."""
        scope = getattr(auto_schema.view, "scopes", {}).get(auto_schema.method)
        return {self.name: [scope] if scope else []}


class StrictBody(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Bodies that refuse unknown members say so; what we answer may grow, and says nothing."""

    target_class = "accounts.api.base.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Literal["request", "response"]) -> dict[str, Any]:
        """The schema as drf-spectacular makes it, closed for requests."""
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        return schema if getattr(self.target, "is_answer", False) else schema | {"additionalProperties": False}


class ApiSchema(AutoSchema):
    """Documents an ApiView: views describe what is their own, this adds what all share."""

    def get_serializer_name(self, serializer: Any, direction: Literal["request", "response"]) -> str:
        """The component's name in the words of the API's users: without what our classes call themselves."""
        name: str = super().get_serializer_name(serializer, direction)
        return name.removesuffix("Shape").removesuffix("Record")

    def get_tags(self) -> list[str]:
        """The resource, in words: `/v1/lead-types/{id}` is of Lead types."""
        return [str(self._tokenize_path()[0]).partition(".")[0].replace("-", " ").capitalize()]

    def get_summary(self) -> str:
        """The operation in a few words: those given, or the first sentence of its docstring."""
        return super().get_summary() or super().get_description().partition(".")[0].strip()

    def get_operation_id(self) -> str:
        """The name that generated clients give the operation: method and path, so that no two are alike."""
        parts = [part.strip("{}").replace("-", "_") for part in self.path.split("/") if part not in ("", "v1")]
        return "_".join([self.method.lower(), *parts])

    def get_override_parameters(self) -> list[Any]:
        """The headers that every operation takes, and those that every changing one does."""
        given = [*super().get_override_parameters(), _REQUEST_ID]
        if self.method in _UNSAFE:
            given.append(_IDEMPOTENCY_KEY)
        if self.method in _CONDITIONAL:
            given.append(_IF_MATCH)
        return given

    def _get_parameters(self) -> list[dict[str, Any]]:
        given: list[dict[str, Any]] = super()._get_parameters()
        for parameter in given:
            if parameter["in"] == "path" and "description" not in parameter:
                kind = parameter["name"].removesuffix("_id").replace("_", " ")
                parameter["description"] = f"The {kind}'s id." if parameter["name"].endswith("_id") else "Its name."
        return given

    def get_description(self) -> str:  # type: ignore[override] # drf-spectacular's form
        """The operation's own words, and the scope that it needs."""
        scope = getattr(self.view, "scopes", {}).get(self.method)
        needs = f"Needs a key with the scope `{scope}`." if scope else "Open to every valid key."
        return f"{super().get_description()}\n\n{needs}".strip()

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status, body in bodies.items():
            body["description"] = _DONE[status]
            body["headers"] = headers_of(status, *self._further_headers(body))
        self.resolve_serializer(ProblemShape, direction)
        problems = {status: problem_response(status) for status in self._problems()}
        return dict(sorted((problems | bodies).items()))

    def _problems(self) -> set[str]:
        statuses = {*_ALWAYS, *getattr(self.view, "further_problems", ())}
        if "{" in self.path:
            statuses.add("404")
        if self.method in _UNSAFE:
            statuses.update(_OF_CHANGES)
        if self.method in _CONDITIONAL:
            statuses.add("412")
        if any(parameter.get("in") == "query" for parameter in self._get_parameters()):
            statuses.add("422")
        return statuses

    def _further_headers(self, body: dict[str, Any]) -> list[str]:
        """Of an answer of success: that it is a repeated one, and the version of a configuration record.

        Those records, and only those, tell when they were last changed.
        """
        reference = body.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
        shown = self.registry._components.get((reference.rpartition("/")[2], "schemas"))
        versioned = shown is not None and "updated_at" in shown.schema.get("properties", {})
        return ["Idempotent-Replayed"] * (self.method in _UNSAFE) + ["ETag"] * versioned
