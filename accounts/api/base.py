"""The base of every view of the API: who asks, what the method needs, one effect per Idempotency-Key, strict input."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authentication import KeyAuthentication
from accounts.idempotency import (
    Raced,
    Repeat,
    Stored,
    check_key,
    find_statement,
    fingerprint_of,
    insert_statement,
    stored,
)
from accounts.principals import Principal
from core import sql
from core.api.problems import handle
from core.api.renderers import JSONRenderer
from core.clock import now
from core.errors import DomainError, FieldError, FieldProblems
from core.json import dumps

LARGEST_BODY = 256 * 1024
_UNSAFE = frozenset(("POST", "PATCH", "PUT", "DELETE"))


class BodyTooLarge(DomainError):
    """The body is larger than 256 KiB."""

    code = "body_too_large"
    status = 413


class ChangedMeanwhile(DomainError):
    """The resource is not what your If-Match names any more. Read it again."""

    code = "changed_meanwhile"
    status = 412


class UnscopedMethod(DomainError):
    """This method is not open to keys."""

    code = "missing_scope"
    status = 403


class ApiView(APIView):
    """A view of the management API. `scopes` names the scope that each method needs; what is not named is refused.

    `any_scope` lists methods that any valid key may use. Unsafe methods run in one transaction with their answer, where
    the client sent an Idempotency-Key.
    """

    authentication_classes = [KeyAuthentication]
    parser_classes = [JSONParser]
    renderer_classes = [JSONRenderer]
    scopes: ClassVar[Mapping[str, str]] = {}
    any_scope: ClassVar[frozenset[str]] = frozenset()
    keeps_answers: ClassVar[bool] = True  # False where the view settles Idempotency-Keys in its own transaction

    @property
    def principal(self) -> Principal:
        """Who asks."""
        return cast(Principal, self.request.auth)

    def get_exception_handler(self) -> Any:
        """Every error is a problem document."""
        return handle

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, look at the scope and at the size of the body."""
        super().initial(request, *args, **kwargs)
        method = cast(str, request.method)
        if method not in self.any_scope and method != "OPTIONS":
            if method not in self.scopes:
                raise UnscopedMethod
            self.principal.require(self.scopes[method])
        if not _is_small(request):
            raise BodyTooLarge
        if self._keeps_answer(request):
            self._answer_again()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; where the client sent an Idempotency-Key, once."""
        if self._keeps_answer(request) and _is_small(request):
            return self._dispatch_once(request, *args, **kwargs)
        return super().dispatch(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Any:
        """An earlier answer is given again byte for byte; every other exception becomes a problem, or rises."""
        if isinstance(exc, _Answered):
            response = HttpResponse(exc.stored.body, status=exc.stored.status, content_type="application/json")
            response.headers["Idempotent-Replayed"] = "true"
            return response
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say how much of the rate limit is left."""
        response = super().finalize_response(request, response, *args, **kwargs)
        principal = getattr(request, "_auth", None)
        if isinstance(principal, Principal) and principal.rate is not None:
            for name, value in principal.rate.headers().items():
                response.headers.setdefault(name, value)
        return response

    def _dispatch_once(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """One transaction for effect and answer. A rival that was first has committed: its answer is found next."""
        _ = request.body  # kept by Django, so that a second look can read it again
        for last in (False, True):
            try:
                with transaction.atomic():
                    response = super().dispatch(request, *args, **kwargs)
                    if response.status_code >= 400:
                        transaction.set_rollback(True)
                    elif "Idempotent-Replayed" not in response.headers:
                        self._keep(response)
                    return response
            except Raced as raced:
                if last:
                    return self._refusal(raced)
        raise AssertionError("unreachable")

    def _refusal(self, error: DomainError) -> HttpResponseBase:
        response = self.finalize_response(self.request, handle(error, {}))
        return cast(HttpResponseBase, response.render())

    def _keep(self, response: HttpResponseBase) -> None:
        data = getattr(response, "data", None)
        body = b"" if data is None else dumps(data)
        sql.run([insert_statement(self.repeat(), status=response.status_code, body=body, now=now())])

    def _keeps_answer(self, request: Any) -> bool:
        return self.keeps_answers and request.method in _UNSAFE and bool(request.META.get("HTTP_IDEMPOTENCY_KEY"))

    def repeat(self) -> Repeat:
        """The request as one that may come again. Raises BadIdempotencyKey."""
        request, principal = self.request, self.principal
        route = f"{request.method} {request.path}"
        return Repeat(
            agency_id=principal.agency_id,
            mode=principal.mode,
            owner=principal.owner,
            route=route,
            key=check_key(request.META["HTTP_IDEMPOTENCY_KEY"]),
            fingerprint=fingerprint_of(route, request._request.body),
        )

    def _answer_again(self) -> None:
        repeat = self.repeat()
        (found,) = sql.run([find_statement(repeat)])
        if found.rows:
            raise _Answered(stored(repeat, found.rows[0]))


class _Answered(Exception):
    """The request was answered before."""

    def __init__(self, stored: Stored) -> None:
        super().__init__()
        self.stored = stored


def _is_small(request: Any) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return length.isdigit() and int(length) <= LARGEST_BODY


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses members that it does not know, by name."""

    def to_internal_value(self, data: Any) -> Any:
        """The validated values. Unknown members are field problems like any other."""
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                raise FieldProblems([FieldError(name, "unknown", "There is no such member.") for name in unknown])
        return super().to_internal_value(data)
