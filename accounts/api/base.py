"""The base of every view of the API: who asks, what the method needs, one effect per Idempotency-Key, strict input."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar, cast

from django.db import models, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, MethodNotAllowed, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.once import answer_once, answer_once_outside
from accounts.api.parser import StrictJSONParser
from accounts.api.preconditions import check_match, etag_of
from accounts.api.schema import ApiSchema
from accounts.authentication import KeyAuthentication
from accounts.idempotency import Repeat, repeat_of
from accounts.principals import MissingScope, Principal
from accounts.versions import lock_configuration
from accounts.visibility import VisibleQuerySet
from core.api.pagination import page, refuse_unknown
from core.api.problems import handle
from core.api.renderers import JSONRenderer
from core.errors import DomainError, NotFound
from core.ids import BadId, decode

LARGEST_BODY = 256 * 1024
_RENDERER = JSONRenderer()
UNSAFE = frozenset(("POST", "PATCH", "PUT", "DELETE"))
Row = TypeVar("Row", bound=models.Model)


class BodyTooLarge(DomainError):
    """The body is larger than 256 KiB; an import of outcomes takes 2 MiB."""

    code = "body_too_large"
    status = 413


class ApiView(APIView):
    """A view of the API. `scopes` names the scope that each method needs; a method without one is refused.

    Methods in `any_scope` are open to every valid key. Unsafe methods run in one transaction together with the record
    of their answer, where the client sent an Idempotency-Key; the key is authenticated and counted before it opens.
    Methods in `configures` hold the agency's configuration from their start, so that If-Match, the row and the change
    belong together. `calls_outside = True` is for views that speak to the network: no transaction is open meanwhile,
    and their answer is recorded in one of its own. `keeps_answers = False` is for those that see to the Idempotency-Key
    (`repeat`) themselves. `further_problems` are statuses of errors beside the usual.
    """

    authentication_classes = [KeyAuthentication]
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    schema = ApiSchema()

    scopes: ClassVar[Mapping[str, str]] = {}
    any_scope: ClassVar[frozenset[str]] = frozenset()
    configures: ClassVar[frozenset[str]] = frozenset(("PATCH", "PUT", "DELETE"))
    keeps_answers: ClassVar[bool] = True
    calls_outside: ClassVar[bool] = False
    further_problems: ClassVar[tuple[str, ...]] = ()
    largest_body: ClassVar[int] = LARGEST_BODY

    @property
    def principal(self) -> Principal:
        """Who asks."""
        return cast(Principal, self.request.auth)

    # --- what views call -----------------------------------------------------------------------------------------

    def find(self, rows: VisibleQuerySet[Row], public_id: str) -> Row:
        """The visible row with this public id. Raises NotFound, also for a stranger's.

        In an unsafe method the row is locked until the transaction ends and compared with If-Match first; raises
        ChangedMeanwhile where it differs.
        """
        prefix: str = getattr(rows.model, "prefix")  # noqa: B009 - every row with a public id is a Record
        try:
            key = decode(prefix, public_id)
        except BadId as error:
            raise NotFound from error
        return self.pick(rows, pk=key)

    def pick(self, rows: VisibleQuerySet[Row], **lookups: Any) -> Row:
        """As `find`, for rows that are named by something else than a public id."""
        changing = self.request.method in UNSAFE
        visible = rows.visible_to(self.principal).filter(**lookups)
        if changing and self.keeps_answers and not self.calls_outside:
            visible = visible.select_for_update(of=("self",), no_key=True)
        row = visible.first()
        if row is None:
            raise NotFound
        if changing:
            check_match(row, self.request.META.get("HTTP_IF_MATCH", ""))
        return row

    def validated(self, serializer: type[serializers.Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
        """The values of the body as the serializer reads them. Raises the problems of all fields at once (422)."""
        read = serializer(data=self.request.data, partial=partial)
        read.is_valid(raise_exception=True)
        return cast(dict[str, Any], read.validated_data)

    def filters(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The values of the query parameters. Raises the problems of all, of those too that there are not (422)."""
        read = serializer(data=self.request.query_params.dict())
        refuse_unknown(self.request, read.fields)
        read.is_valid(raise_exception=True)
        return cast(dict[str, Any], read.validated_data)

    def page(
        self, rows: models.QuerySet[Row], show: Callable[[Row], Mapping[str, Any]], *, by: str = "created_at"
    ) -> Response:
        """One page of the rows, each as `show` shows it."""
        found, cursor = page(self.request, rows, by=by)
        return Response({"data": [show(row) for row in found], "next_cursor": cursor})

    def answer(self, data: Mapping[str, Any], *, row: models.Model | None = None, status: int = 200) -> Response:
        """The answer, with the ETag of the row that it shows."""
        return Response(data, status=status, headers={"ETag": etag_of(row)} if row is not None else None)

    # --- one request ---------------------------------------------------------------------------------------------

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Authenticate and count outside of any transaction, then answer inside one where the method changes things."""
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(self.request, *args, **kwargs)
            response = self._respond()
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(self.request, response, *args, **kwargs)
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, then look at the method, its scope and the size of the body.

        There is one form of answer, so nothing is negotiated; throttles and permissions are the key's.
        """
        request.accepted_renderer, request.accepted_media_type = _RENDERER, _RENDERER.media_type
        self.perform_authentication(request)
        method = "GET" if request.method == "HEAD" else cast(str, request.method)
        if method not in self.allowed_methods:
            raise MethodNotAllowed(method)
        if method not in self.any_scope:
            self._require_scope(method)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isdigit() and int(length) <= self.largest_body):
            raise BodyTooLarge

    def _require_scope(self, method: str) -> None:
        if method not in self.scopes:
            raise MissingScope("No key may do this.")
        self.principal.require(self.scopes[method])

    def _respond(self) -> HttpResponseBase:
        method = cast(str, self.request.method)
        handler = getattr(self, method.lower())
        if method not in UNSAFE or not self.keeps_answers:
            return cast(HttpResponseBase, handler(self.request, *self.args, **self.kwargs))
        if self.calls_outside:
            return answer_once_outside(self.repeat(), lambda: handler(self.request, *self.args, **self.kwargs))
        with transaction.atomic():
            repeat = self.repeat()
            if repeat is not None:
                return answer_once(repeat, lambda: self._change(method, handler))
            return self._change(method, handler)

    def _change(self, method: str, handler: Callable[..., HttpResponseBase]) -> HttpResponseBase:
        if method in self.configures:
            lock_configuration(self.principal.agency_id)
        return handler(self.request, *self.args, **self.kwargs)

    def repeat(self) -> Repeat | None:
        """What this request's Idempotency-Key stands for; None without one. Raises BadIdempotencyKey."""
        key = self.request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return None
        return repeat_of(
            self.principal,
            key,
            method=cast(str, self.request.method),
            path=self.request.path,
            query=self.request.META.get("QUERY_STRING", ""),
            body=self.request._request.body,
        )

    def get_exception_handler(self) -> Any:
        """Every error is a problem document."""
        return handle

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say how much of the rate limit is left."""
        response = super().finalize_response(request, response, *args, **kwargs)
        principal = getattr(request, "_auth", None)
        if isinstance(principal, Principal) and principal.rate is not None:
            for name, value in principal.rate.headers().items():
                response.headers.setdefault(name, value)
        return response


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses members that it does not know, by name, together with the problems of those it knows."""

    def to_internal_value(self, data: Any) -> Any:
        """The validated values. Unknown members are field problems like any other."""
        unknown = [str(name) for name in data if name not in self.fields] if isinstance(data, Mapping) else []
        if not unknown:
            return super().to_internal_value(data)
        problems: dict[str, Any] = {name: [ErrorDetail("There is no such member.", "unknown")] for name in unknown}
        try:
            super().to_internal_value(data)
        except ValidationError as known:
            problems |= cast("dict[str, Any]", known.detail)
        raise ValidationError(problems)
