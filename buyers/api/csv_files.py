"""/v1/buyers.csv and /v1/contracts.csv out, /import back in; a row without an id is new, one with an id is a change.

What is exported and imported unchanged changes nothing. Rows pass the same checks as JSON bodies.
"""

import csv
import io
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.answer_shapes import FieldErrorShape
from buyers.api.base import ResourceView, find, read_input
from buyers.api.bulk import outcome
from buyers.api.buyers import FILTERS as BUYER_FILTERS
from buyers.api.buyers import visible_buyers
from buyers.api.contracts import FILTERS as CONTRACT_FILTERS
from buyers.api.contracts import place, visible_contracts
from buyers.api.filters import filtered, parameters
from buyers.bulk import AT_MOST, Step, refuse_problems, run_batch
from buyers.buyers import change_buyer
from buyers.contracts import change_contract
from buyers.csv_cells import from_cell, write_csv
from buyers.inputs.resources import BuyerInput, ContractChange
from buyers.models import Buyer, Contract
from buyers.onboarding import open_buyer
from buyers.records import buyer_record, contract_record
from core.api.pagination import refuse_unknown
from core.errors import FieldError, FieldProblems

_KEPT = {"status": "text", "external_id": "text", "metadata": "document"}
BUYER_COLUMNS = {
    "buyer_id": "text",
    "name": "text",
    "email": "text",
    "timezone": "text",
    "credit_limit": "number",
    "return_days": "number",
    "caps": "document",
    **_KEPT,
}
CONTRACT_COLUMNS = {
    "contract_id": "text",
    "buyer_id": "text",
    "campaign_id": "text",
    "name": "text",
    **dict.fromkeys(("price", "priority", "weight", "min_score", "min_percentile"), "number"),
    "timezone": "text",
    "filters": "document",
    "caps": "document",
    "schedule": "document",
    "dedupe_days": "number",
    "confirm_minutes": "number",
    "price_rules": "document",
    "sells": "text",
    **dict.fromkeys(("shared_price", "min_bid", "max_bid", "return_penalty"), "number"),
    "refund_undelivered": "flag",
    "delivery": "document",
    "also": "document",
    "mock": "document",
    **_KEPT,
}
_CSV = OpenApiExample(
    "One row", '"name","status"\r\n"Best Law","active"\r\n', media_type="text/csv", response_only=True
)
_NEW_ROW = OpenApiExample("A new one", "name,status\r\nBest Law,active\r\n", media_type="text/csv", request_only=True)
_TOLD = OpenApiExample(
    "A dry run that found a mistake",
    {
        "dry_run": True,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "errors": 1,
        "rows": [
            {"row": 1, "outcome": "create", "id": "buyer_01jv3k8m2xq4r5s6t7v8w9x0yz"},
            {
                "row": 2,
                "outcome": "error",
                "errors": [{"field": "credit_limit", "code": "invalid", "detail": "must be a number"}],
            },
        ],
    },
    response_only=True,
)
_DRY_RUN = OpenApiParameter("dry_run", bool, description="Say what would happen, change nothing.")
_ANSWER = inline_serializer(
    "ImportAnswer",
    {
        "dry_run": serializers.BooleanField(),
        "created": serializers.IntegerField(),
        "updated": serializers.IntegerField(),
        "unchanged": serializers.IntegerField(),
        "errors": serializers.IntegerField(),
        "rows": inline_serializer(
            "ImportRow",
            {
                "row": serializers.IntegerField(help_text="From 1, without the header."),
                "outcome": serializers.ChoiceField(["create", "update", "unchanged", "error"]),
                "id": serializers.CharField(required=False, help_text="Of a row without errors."),
                "errors": FieldErrorShape(many=True, required=False),
            },
            many=True,
        ),
    },
)


class CsvParser(BaseParser):
    """text/csv in UTF-8, with or without a byte order mark."""

    media_type = "text/csv"

    def parse(self, stream: Any, media_type: str | None = None, context: Any = None) -> dict[str, str]:
        """The text under `csv`. Raises FieldProblems where it is not UTF-8."""
        try:
            return {"csv": stream.read().decode("utf-8-sig")}
        except UnicodeDecodeError as error:
            raise FieldProblems([FieldError("body", "invalid", "must be UTF-8")]) from error


def _download(name: str, columns: Iterable[str], records: Iterable[Mapping[str, Any]]) -> HttpResponse:
    response = HttpResponse(write_csv(list(columns), records), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


class BuyersCsvView(ResourceView):
    """All buyers as CSV."""

    @extend_schema(
        parameters=parameters(*BUYER_FILTERS, paged=False),
        responses={(200, "text/csv"): OpenApiTypes.STR},
        examples=[_CSV],
    )
    def get(self, request: Request) -> HttpResponse:
        """Export buyers, oldest first."""
        rows = filtered(request, visible_buyers(self.principal), BUYER_FILTERS).order_by("created_at", "id")
        return _download("buyers", BUYER_COLUMNS, (buyer_record(row) for row in rows))


class ContractsCsvView(ResourceView):
    """All contracts as CSV."""

    @extend_schema(
        parameters=parameters(*CONTRACT_FILTERS, paged=False),
        responses={(200, "text/csv"): OpenApiTypes.STR},
        examples=[_CSV],
    )
    def get(self, request: Request) -> HttpResponse:
        """Export contracts, oldest first."""
        rows = filtered(request, visible_contracts(self.principal), CONTRACT_FILTERS).order_by("created_at", "id")
        return _download("contracts", CONTRACT_COLUMNS, (contract_record(row) for row in rows))


class ImportView(ResourceView, ABC):
    """Rows of CSV become new and changed resources: all or none. A dry run reports every row."""

    parser_classes = [CsvParser]
    columns: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def take(self, values: dict[str, Any]) -> dict[str, Any]:
        """Create or change by one row, and say which."""

    @extend_schema(
        parameters=[_DRY_RUN], request={"text/csv": OpenApiTypes.STR}, responses=_ANSWER, examples=[_NEW_ROW, _TOLD]
    )
    def post(self, request: Request) -> Response:
        """Import CSV with the columns of the export; columns may be left out."""
        dry_run = _dry_run(request)
        rows = self._rows(str(dict(request.data).get("csv", "")))
        batch = run_batch(
            (Step(f"rows.{number}", partial(self.take, row)) for number, row in enumerate(rows, start=1)),
            dry_run=dry_run,
        )
        if not dry_run:
            refuse_problems(batch)
        kinds = [row["outcome"] for row in batch.outcomes]
        counts = {"created": "create", "updated": "update", "unchanged": "unchanged", "errors": "error"}
        told = {name: kinds.count(kind) for name, kind in counts.items()}
        listed = [{"row": number, **row} for number, row in enumerate(batch.outcomes, start=1)]
        return Response({"dry_run": dry_run, **told, "rows": listed})

    def _rows(self, text: str) -> list[dict[str, Any]]:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        try:
            header, rows = list(reader.fieldnames or ()), list(reader)
        except csv.Error as error:
            raise FieldProblems([FieldError("body", "invalid", f"is not CSV: {error}")]) from error
        unknown = [
            FieldError(name[:100], "unknown", "There is no such column.") for name in header if name not in self.columns
        ]
        if unknown or not header:
            raise FieldProblems(unknown or [FieldError("body", "required", "must have a header and rows")])
        if len(rows) > AT_MOST:
            raise FieldProblems([FieldError("rows", "too_many", f"holds at most {AT_MOST} rows")])
        return [self._values(row) for row in rows]

    def _values(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        """What the row says; an empty cell says nothing."""
        return {
            name: from_cell(cell, self.columns[name]) if name in self.columns else cell
            for name, cell in ((str(name), cell) for name, cell in row.items())
            if cell not in ("", None)
        }


def _dry_run(request: Request) -> bool:
    """Whether only to say what would happen; what is not understood is no permission to change anything."""
    refuse_unknown(request, ("dry_run",))
    asked = request.query_params.getlist("dry_run") or ["false"]
    if asked not in (["true"], ["false"]):
        raise FieldProblems([FieldError("dry_run", "invalid", "must be true or false, once")])
    return asked == ["true"]


class BuyersImportView(ImportView):
    """Import buyers."""

    columns = BUYER_COLUMNS

    def take(self, values: dict[str, Any]) -> dict[str, Any]:
        """A buyer by one row."""
        public_id = values.pop("buyer_id", None)
        if public_id is None:
            buyer = open_buyer(actor=self.principal, values=read_input(BuyerInput, values, self.principal))
            return {"id": buyer.public_id, "outcome": "create"}
        buyer = find(visible_buyers(self.principal), Buyer.prefix, public_id, member="buyer_id")
        before = buyer_record(buyer)
        wanted = read_input(BuyerInput, _restored(values, before), self.principal, partial=True)
        return outcome(public_id, before, buyer_record(change_buyer(actor=self.principal, buyer=buyer, values=wanted)))


class ContractsImportView(ImportView):
    """Import contracts."""

    columns = CONTRACT_COLUMNS

    def take(self, values: dict[str, Any]) -> dict[str, Any]:
        """A contract by one row. Buyer and campaign of a known one cannot change."""
        public_id = values.pop("contract_id", None)
        if public_id is None:
            return {"id": place(self.principal, values).contract.public_id, "outcome": "create"}
        contract = find(visible_contracts(self.principal), Contract.prefix, public_id, member="contract_id")
        before = contract_record(contract)
        for name in ("buyer_id", "campaign_id"):
            if values.pop(name, before[name]) != before[name]:
                raise FieldProblems([FieldError(name, "fixed", "cannot change; place another contract")])
        wanted = read_input(ContractChange, _restored(values, before), self.principal, partial=True)
        after = change_contract(actor=self.principal, contract=contract, values=wanted).record()
        return outcome(public_id, before, after)


def _restored(values: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """An archived row that is imported as it was exported stays as it is."""
    if values.get("status") == "archived" == before["status"]:
        return {name: value for name, value in values.items() if name != "status" and value != before.get(name)}
    return values
