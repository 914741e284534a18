"""The OpenAPI document: served to everybody, cheaply, and complete."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator

from accounts.scopes import SCOPES

DOCUMENT = json.loads((settings.BASE_DIR / "docs" / "openapi.json").read_text())
VERBS = ("get", "post", "put", "patch", "delete")
HEADERS = {"Idempotency-Key": ("post", "put", "patch", "delete"), "If-Match": ("put", "patch", "delete")}
NO_SCOPE = {"get_keys_current"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            yield path, verb, operation


def routes(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, str]]:
    """Every path below /v1/ that a view of the API answers, with each of its methods."""
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "cls", None)
            named = path.replace("<str:", "{").replace("<slug:", "{").replace(">", "}")
            yield from ((named, verb) for verb in VERBS if path.startswith("/v1/") and hasattr(view, verb))
        else:
            yield from routes(pattern, path)


def resolved(value: Any) -> Any:
    """A part of the document, what it refers to in its place."""
    if isinstance(value, dict) and "$ref" in value:
        found = DOCUMENT
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return found
    return value


def test_it_is_served_without_a_key_and_told_unchanged_the_second_time() -> None:
    answer = Client().get("/v1/openapi.json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == DOCUMENT
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = Client().get("/v1/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_share_is_a_plain_number_and_an_amount_may_be_none() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["EndpointHealth"]["properties"]["failure_share"]["type"] == "number"
    price = schemas["TryAnswer"]["properties"]["price"]
    assert (price["type"], price["format"]) == (["number", "null"], "decimal")


def test_it_is_for_reading_only() -> None:
    answer = Client().post("/v1/openapi.json", b"{}", content_type="application/json")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert (answer.headers["Content-Type"], answer.json()["code"]) == ("application/problem+json", "method_not_allowed")


def test_every_route_of_the_api_is_in_it_and_nothing_else() -> None:
    assert {(path, verb) for path, verb, _ in operations()} == set(routes(get_resolver()))


def exemplified(value: Any, seen: frozenset[str] = frozenset()) -> bool:
    """Whether an example stands in this part of the document, or in a shape that it is made of."""
    if isinstance(value, list):
        return any(exemplified(inner, seen) for inner in value)
    if not isinstance(value, dict):
        return False
    if (reference := value.get("$ref")) is not None:
        return reference not in seen and exemplified(resolved(value), seen | {reference})
    return bool(value.keys() & {"example", "examples"}) or any(exemplified(inner, seen) for inner in value.values())


def test_every_body_that_is_sent_or_answered_is_shown_by_an_example() -> None:
    bodies = {
        f"{verb} {path} {name}": resolved(part)["content"]
        for path, verb, operation in operations()
        for name, part in {"body": operation.get("requestBody"), **operation["responses"]}.items()
        if part is not None and "content" in resolved(part)
    }
    empty = {"post /v1/leads/{lead_id}/reroute body"}  # has no members
    assert {name for name, content in bodies.items() if not exemplified(content)} == empty


def test_every_operation_says_what_it_does_needs_and_answers() -> None:
    incomplete = []
    for path, verb, operation in operations():
        named = {(parameter["in"], parameter["name"]) for parameter in operation["parameters"]}
        wanted = {("header", "X-Request-Id"), *(("header", name) for name, verbs in HEADERS.items() if verb in verbs)}
        (security,) = operation["security"]
        scopes = set(security["ApiKey"])
        fine = (
            operation["summary"]
            and wanted <= named
            and scopes <= SCOPES.keys()
            and (scopes or operation["operationId"] in NO_SCOPE)
            and {"401", "403", "429"} <= operation["responses"].keys()
        )
        if not fine:
            incomplete.append((verb, path))
    assert incomplete == []


def test_every_answer_has_a_shape_and_every_error_is_a_problem() -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    shapeless = []
    for path, verb, operation in operations():
        for status, body in operation["responses"].items():
            content = resolved(body).get("content", {})
            if status.startswith("2"):
                fine = status == "204" or all(
                    "$ref" in kind["schema"] or kind["schema"]["type"] != "object" for kind in content.values()
                )
            else:
                fine = content["application/problem+json"]["schema"] == problem and len(content) == 1
            if not fine or "X-Request-Id" not in resolved(body)["headers"]:
                shapeless.append((verb, path, status))
    assert shapeless == []


def test_every_example_is_what_its_schema_says() -> None:
    checked = 0
    for _, _, operation in operations():
        bodies = [operation.get("requestBody", {}), *map(resolved, operation["responses"].values())]
        for content in (kind for body in bodies for kind in body.get("content", {}).values()):
            examples = [example["value"] for example in content.get("examples", {}).values()]
            validator = Draft202012Validator({**content["schema"], "components": DOCUMENT["components"]})
            for example in [*examples, *([content["example"]] if "example" in content else [])]:
                validator.validate(example)
                checked += 1
    assert checked > 20


@pytest.mark.parametrize("tag", [tag["name"] for tag in DOCUMENT["tags"]])
def test_every_tag_is_in_use(tag: str) -> None:
    assert any(tag in operation["tags"] for _, _, operation in operations())


def test_every_operation_has_one_known_tag() -> None:
    known = {tag["name"] for tag in DOCUMENT["tags"]}
    assert [operation["tags"] for _, _, operation in operations() if not known.issuperset(operation["tags"])] == []


def test_every_parameter_says_what_it_is() -> None:
    silent = [
        (verb, path, parameter["name"])
        for path, verb, operation in operations()
        for parameter in operation["parameters"]
        if not parameter.get("description")
    ]
    assert silent == []
