"""/v1/submissions: what was refused at the door, for whom sent it to see what was sent and why it was not taken."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.answer_shapes import ProblemShape
from accounts.api.base import ApiView
from accounts.api.fields import Instant, PublicIdField
from accounts.api.pages import PAGING, page_of
from accounts.vault import Erased
from leads.models import Source
from leads.refusals import refusal, refusal_record, refusals, sent_body


class SubmissionFilters(serializers.Serializer[Any]):
    """By what refused submissions are found."""

    source_id = PublicIdField(Source.prefix, required=False, help_text="Those of this source.")
    code = serializers.CharField(required=False, help_text="Such as `invalid` or `unknown_campaign`.")
    status = serializers.IntegerField(required=False, min_value=400, max_value=499, help_text="Such as 422.")
    request_id = serializers.CharField(required=False, help_text="The `X-Request-Id` of the refusal.")
    created_from = Instant(required=False, source="created_at__gte", help_text="Then or later.")
    created_to = Instant(required=False, source="created_at__lt", help_text="Before this instant.")


class SubmissionShape(serializers.Serializer[Any]):
    """A submission that was refused, and the answer that it got. No lead was recorded."""

    submission_id = serializers.CharField()
    source_id = serializers.CharField(allow_null=True)
    key_id = serializers.CharField(allow_null=True)
    request_id = serializers.CharField(allow_null=True)
    status = serializers.IntegerField(help_text="The HTTP status of the answer.")
    code = serializers.CharField()
    reason = serializers.CharField()
    answer = ProblemShape(help_text="The answer as it was given.")
    test = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    kept_until = serializers.DateTimeField(help_text="It is forgotten after this.")


class OneSubmissionShape(SubmissionShape):
    """The same with what was sent."""

    body = serializers.CharField(allow_null=True, help_text="What was sent, as it was sent; null once erased.")


_SENT = '{"campaign_id": "auto-accident", "first_name": "Maria", "email": "maria"}'
_REFUSED: dict[str, Any] = {
    "submission_id": "sub_01jv3k8m2xq4r5s6t7v8w9x0yz",
    "source_id": "src_01jv3k8m2xq4r5s6t7v8w9x0yz",
    "key_id": "key_01jv3k8m2xq4r5s6t7v8w9x0yz",
    "request_id": "01a2153be4587d369d3724809774b3e8",
    "status": 422,
    "code": "invalid",
    "reason": "1 field(s) need correction.",
    "answer": {
        "type": "https://leads.example.com/docs/errors#invalid",
        "title": "Not valid",
        "status": 422,
        "detail": "1 field(s) need correction.",
        "code": "invalid",
        "errors": [{"field": "email", "code": "invalid_email", "detail": "Send an address such as maria@example.com."}],
    },
    "test": False,
    "created_at": "2026-05-12T14:30:01.184Z",
    "kept_until": "2026-05-19T14:30:01.184Z",
}


class SubmissionsView(ApiView):
    """Refused submissions: a source's key lists its own, an agency's key all."""

    scopes: ClassVar = {"GET": "leads:read"}

    @extend_schema(
        summary="List refused submissions",
        parameters=[SubmissionFilters, *PAGING],
        responses=page_of(SubmissionShape),
        examples=[OpenApiExample("One", {"data": [_REFUSED], "next_cursor": None}, response_only=True)],
        tags=["Leads"],
    )
    def get(self, request: Request) -> Response:
        """Refused submissions, newest first. They are kept for seven days."""
        return self.page(refusals(self.principal, self.filters(SubmissionFilters)), refusal_record)


class SubmissionView(ApiView):
    """One refused submission."""

    scopes: ClassVar = {"GET": "leads:read"}

    @extend_schema(
        summary="Read a refused submission",
        responses=OneSubmissionShape,
        examples=[OpenApiExample("With what was sent", {**_REFUSED, "body": _SENT}, response_only=True)],
        tags=["Leads"],
    )
    def get(self, request: Request, submission_id: str) -> Response:
        """The submission with what was sent."""
        found = refusal(self.principal, submission_id)
        try:
            body = sent_body(found)
        except Erased:
            body = None
        return Response({**refusal_record(found), "body": body})
