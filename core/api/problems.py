"""Every error of the API in one shape: RFC 9457 problem details with a stable code and the fields at fault."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from core import json
from core.errors import DomainError, FieldError

TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Precondition failed",
    413: "Body too large",
    415: "Unsupported media type",
    422: "Not valid",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available",
}
MEDIA_TYPE = "application/problem+json"
_DRF_CODES = {"parse_error": "malformed_json", "not_authenticated": "key_missing", "permission_denied": "not_allowed"}


def problem(status: int, code: str, detail: str, errors: Sequence[FieldError] = ()) -> dict[str, Any]:
    """The body of an error answer."""
    return {
        "type": f"{settings.PUBLIC_URL}/docs/errors#{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [{"field": error.field, "code": error.code, "detail": error.detail} for error in errors],
    }


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: refusals and DRF's own errors become problems; a bug (None) rises."""
    if isinstance(error, DomainError):
        response = problem_response(error.status, error.code, error.detail, error.errors)
        for name, value in getattr(error, "headers", {}).items():
            response[name] = value
        return response
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing with this id that you may see.")
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        found = flatten(error.detail)
        return problem_response(422, "invalid", f"{len(found)} field(s) need correction.", found)
    if isinstance(error, exceptions.APIException):
        return _from_drf(error)
    return None


def _from_drf(error: exceptions.APIException) -> Response:
    code = str(error.detail.code if isinstance(error.detail, exceptions.ErrorDetail) else error.default_code)
    response = problem_response(error.status_code, _DRF_CODES.get(code, code), str(error.detail))
    if (challenge := getattr(error, "auth_header", None)) is not None:
        response["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        response["Retry-After"] = str(int(wait) + 1)
    return response


def problem_response(status: int, code: str, detail: str, errors: Sequence[FieldError] = ()) -> Response:
    """The problem as a DRF answer."""
    return Response(problem(status, code, detail, errors), status=status, content_type=MEDIA_TYPE)


def problem_page(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """The problem as a plain Django answer, for what never reaches DRF."""
    return HttpResponse(json.dumps(problem(status, code, detail)), status=status, content_type=MEDIA_TYPE)


def flatten(detail: Any, path: str = "") -> list[FieldError]:
    """DRF's nested validation detail as a flat list with dotted paths."""
    if isinstance(detail, Mapping):
        return [found for name, inner in detail.items() for found in flatten(inner, _join(path, str(name)))]
    if isinstance(detail, list | tuple):
        if all(isinstance(item, str) for item in detail):
            return [_field_error(path, item) for item in detail]
        return [found for index, item in enumerate(detail) for found in flatten(item, _join(path, str(index)))]
    return [_field_error(path, detail)]


def _field_error(path: str, item: Any) -> FieldError:
    return FieldError(path, str(getattr(item, "code", None) or "invalid"), str(item))


def _join(path: str, name: str) -> str:
    if name == "non_field_errors":
        return path
    return f"{path}.{name}" if path else name
