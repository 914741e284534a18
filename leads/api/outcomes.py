"""POST /v1/outcomes: an agency's history, as JSON or CSV, for its scores to learn from."""

from typing import Any, ClassVar, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from accounts.api.parser import StrictJSONParser
from accounts.models import Mode
from buyers.api.base import AgencyOnly
from buyers.api.csv_files import CsvParser
from core.api.pagination import refuse_unknown
from core.clock import now
from core.errors import FieldError, FieldProblems
from leads.history import import_outcomes
from scoring.tables import BadTable, parse_table

_MOMENT: Final = {"type": "string", "examples": ["2026-05-12T14:30:00Z", "2026-05-12"]}
_FLAG: Final = {"type": ["boolean", "null"]}
_ROW: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A lead as it was posted, with what became of it. Every other member is a field of the lead.",
    "required": ["external_id", "received_at"],
    "properties": {
        "external_id": {"type": "string", "maxLength": 120, "description": "Your own id: the same again replaces it."},
        "campaign_id": {"type": "string", "description": "A campaign's id or slug; or the source has a default one."},
        "source": {"type": "string"},
        "received_at": {**_MOMENT, "description": "When the lead came; without a zone it is meant in the agency's."},
        "buyer_id": {"type": ["string", "null"], "description": "The id or the external id of the buyer."},
        "accepted": _FLAG,
        "returned": _FLAG,
        "converted": _FLAG,
        "value": {"type": ["number", "null"], "minimum": 0, "description": "What the conversion was worth."},
        "at": {**_MOMENT, "description": "When the lead converted."},
    },
    "additionalProperties": True,
}
_EXAMPLE: Final = OpenApiExample(
    "Two leads of last year",
    [
        {
            "external_id": "crm-1001", "campaign_id": "auto-accident", "source": "google_ads",
            "received_at": "2025-11-03T15:04:05Z", "state": "TX", "phone": "+15125550142", "accepted": True,
            "returned": False, "converted": True, "value": 1200.00, "at": "2025-12-01",
        },
        {
            "external_id": "crm-1002", "campaign_id": "auto-accident", "received_at": "2025-11-04", "state": "CA",
            "accepted": False,
        },
    ],
    request_only=True,
    media_type="application/json",
)  # fmt: skip
_CSV: Final = OpenApiExample(
    "The same as CSV",
    "external_id,campaign_id,received_at,state,accepted,returned\r\ncrm-1001,auto-accident,2025-11-03,TX,yes,no\r\n",
    request_only=True,
    media_type="text/csv",
)
_TRIED: Final = OpenApiExample(
    "A dry run that found a mistake",
    {
        "dry_run": True,
        "rows": 2,
        "imported": 1,
        "updated": 0,
        "invalid": 1,
        "outcomes": {"accepted": 1, "returned": 1, "stuck": 1, "converted": 1},
        "problems": [
            {
                "row": 2,
                "external_id": "crm-1002",
                "field": "phone",
                "code": "invalid_phone",
                "detail": "Not a telephone number.",
            }
        ],
    },
    response_only=True,
)


class RowProblemShape(serializers.Serializer[Any]):
    """What is wrong with one row."""

    row = serializers.IntegerField(help_text="From 1, without the header.")
    external_id = serializers.CharField()
    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class OutcomeCounts(serializers.Serializer[Any]):
    """How many facts follow from the rows."""

    accepted = serializers.IntegerField()
    returned = serializers.IntegerField()
    stuck = serializers.IntegerField(help_text="Accepted and kept, or not.")
    converted = serializers.IntegerField()


class ImportedShape(serializers.Serializer[Any]):
    """What an import did, or would do."""

    dry_run = serializers.BooleanField()
    rows = serializers.IntegerField()
    imported = serializers.IntegerField(help_text="New ones.")
    updated = serializers.IntegerField(help_text="Those whose external_id was imported before.")
    invalid = serializers.IntegerField(help_text="Rows with problems, which were left out.")
    outcomes = OutcomeCounts()
    problems = RowProblemShape(many=True, help_text="The first 500.")


class OutcomesView(ApiView):
    """Take in the past."""

    scopes: ClassVar = {"POST": "leads:write"}
    parser_classes = [StrictJSONParser, CsvParser]
    largest_body = 2 * 1024 * 1024

    @extend_schema(
        parameters=[
            OpenApiParameter("dry_run", bool, description="Say what would happen, change nothing."),
            OpenApiParameter("skip_invalid", bool, description="Leave out rows with problems instead of all."),
        ],
        request={"application/json": {"type": "array", "items": _ROW, "minItems": 1}, "text/csv": OpenApiTypes.STR},
        responses=ImportedShape,
        examples=[_EXAMPLE, _CSV, _TRIED],
        tags=["Leads"],
    )
    def post(self, request: Request) -> Response:
        """Import leads of the past with what became of them.

        They are for scores to learn from and never become leads. Contact data serves to compute features and is not
        kept. A test key can only try: its imports are dry runs.
        """
        if self.principal.bound:
            raise AgencyOnly
        refuse_unknown(request, ("dry_run", "skip_invalid"))
        found = import_outcomes(
            actor=self.principal,
            rows=_rows(request.data),
            now=now(),
            dry_run=_flag(request, "dry_run") or self.principal.mode == Mode.TEST,
            skip_invalid=_flag(request, "skip_invalid"),
        )
        return Response(found.to_record())


def _rows(data: Any) -> list[dict[str, Any]]:
    rows = _table(data)
    if not rows:
        raise FieldProblems(
            [FieldError("body", "blank", "Send a row at least; a table begins with the names of its columns.")]
        )
    return rows


def _table(data: Any) -> list[dict[str, Any]]:
    if isinstance(data, dict) and "csv" in data:
        try:
            return parse_table(str(data["csv"]).encode(), "The body")
        except BadTable as error:
            raise FieldProblems([FieldError("body", "invalid", str(error))]) from error
    if not isinstance(data, list):
        raise FieldProblems([FieldError("body", "not_a_list", "Send a list of rows.")])
    problems = [
        FieldError(f"rows.{number}", "not_an_object", "must be an object")
        for number, row in enumerate(data, start=1)
        if not isinstance(row, dict)
    ]
    if problems:
        raise FieldProblems(problems[:500])
    return data


def _flag(request: Request, name: str) -> bool:
    asked = request.query_params.getlist(name) or ["false"]
    if asked not in (["true"], ["false"]):
        raise FieldProblems([FieldError(name, "invalid", "must be true or false, once")])
    return asked == ["true"]
