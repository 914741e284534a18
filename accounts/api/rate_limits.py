"""The API's views of the agency's named rate limits."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from accounts.api.key_bodies import RateLimitRequest, RateLimitShape, show_rate_limit
from accounts.api.pages import PAGING, page_of
from accounts.api.preconditions import check_match
from accounts.models import RateLimit
from accounts.rate_limits import delete_rate_limit, put_rate_limit
from core.api.pagination import refuse_unknown

_MANAGE = "keys:write"
_TAGS = ["Rate limits"]
_LIMIT = {
    "name": "big-partner",
    "per_minute": 3000,
    "created_at": "2026-05-12T14:30:01.184Z",
    "updated_at": "2026-05-12T14:30:01.184Z",
}
_ONE = OpenApiExample("A named limit", _LIMIT, response_only=True, status_codes=["200", "201"])
_PAGE = OpenApiExample("One limit", {"data": [_LIMIT], "next_cursor": None}, response_only=True)
_EXAMPLE = OpenApiExample("A partner with much traffic", {"per_minute": 3000}, request_only=True)


class RateLimitsView(ApiView):
    """All named rate limits."""

    scopes = {"GET": _MANAGE}

    @extend_schema(
        summary="List rate limits",
        parameters=PAGING,
        responses=page_of(RateLimitShape),
        examples=[_PAGE],
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """The agency's named rate limits, the newest first."""
        refuse_unknown(request)
        return self.page(RateLimit.objects.visible_to(self.principal), show_rate_limit)


class RateLimitView(ApiView):
    """One named rate limit."""

    scopes = {"GET": _MANAGE, "PUT": _MANAGE, "DELETE": _MANAGE}

    @extend_schema(summary="Read a rate limit", responses=RateLimitShape, examples=[_ONE], tags=_TAGS)
    def get(self, request: Request, name: str) -> Response:
        """The number behind the name."""
        limit = self.pick(RateLimit.objects.all(), name=name)
        return self.answer(show_rate_limit(limit), row=limit)

    @extend_schema(
        summary="Set a rate limit",
        request=RateLimitRequest,
        responses={200: RateLimitShape, 201: RateLimitShape},
        examples=[_EXAMPLE, _ONE],
        tags=_TAGS,
    )
    def put(self, request: Request, name: str) -> Response:
        """Makes the limit (201) or changes it (200); its keys follow from their next request on."""
        values = self.validated(RateLimitRequest)
        present = RateLimit.objects.visible_to(self.principal).filter(name=name).first()
        if present is not None:
            check_match(present, request.META.get("HTTP_IF_MATCH", ""))
        limit, is_new = put_rate_limit(actor=self.principal, name=name, **values)
        return self.answer(show_rate_limit(limit), row=limit, status=201 if is_new else 200)

    @extend_schema(summary="Delete a rate limit", responses={204: None}, tags=_TAGS)
    def delete(self, request: Request, name: str) -> Response:
        """Refused (409) while keys use it."""
        delete_rate_limit(actor=self.principal, limit=self.pick(RateLimit.objects.all(), name=name))
        return Response(status=204)
