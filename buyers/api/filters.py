"""What a list may be narrowed by. Archived rows are out of sight unless they are asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.api.pages import PAGING
from core.api.pagination import PAGE_PARAMETERS
from core.clock import read_instant
from core.errors import FieldError, FieldProblems
from core.ids import BadId, decode

Row = TypeVar("Row", bound=Model)
_MOMENTS = {"created_from": "created_at__gte", "created_to": "created_at__lt"}
_WORDS = {
    "name": "Part of the name; of a lead type the whole.",
    "email": "The whole address.",
    "slug": "The whole slug.",
    "method": "How the campaign chooses.",
    "lead_type": "The name of the lead type.",
    "lead_type_id": "The id of the lead type.",
    "buyer_id": "The id of the buyer.",
    "campaign_id": "The id or slug of the campaign.",
    "external_id": "Your own id.",
}
_STATUSES = ("active", "paused", "archived")


def filtered(request: Request, rows: QuerySet[Row], lookups: Mapping[str, str]) -> QuerySet[Row]:
    """The rows that the query string asks for.

    `lookups` gives the ORM lookup of each parameter; in front of a colon the prefix of its ids ("ctr:contract_id"),
    behind an "or" the lookup of what is no id ("camp:campaign_id or campaign__slug").
    `status`, `created_from` and `created_to` are always understood. Raises FieldProblems for what is not.
    """
    asked = {name: request.query_params[name] for name in request.query_params if name not in PAGE_PARAMETERS}
    return narrowed(asked, rows, lookups)


def narrowed(asked: Mapping[str, str], rows: QuerySet[Row], lookups: Mapping[str, str]) -> QuerySet[Row]:
    """The same for filters that stand elsewhere than in the query string."""
    asked = dict(asked)
    status = asked.pop("status", None)
    rows = rows.exclude(status="archived") if status is None else rows.filter(status=_status(status))
    for name, value in asked.items():
        rows = rows.filter(**_condition(name, value, lookups))
    return rows


def parameters(*names: str, paged: bool = True) -> list[OpenApiParameter]:
    """The query parameters of a list for the OpenAPI document."""
    described = {
        "status": OpenApiParameter("status", str, enum=list(_STATUSES), description="Archived ones only where asked."),
        "created_from": OpenApiParameter("created_from", datetime, description="Created at this time or later."),
        "created_to": OpenApiParameter("created_to", datetime, description="Created before this time."),
    }
    return [
        *described.values(),
        *(OpenApiParameter(name, str, description=_WORDS[name]) for name in names),
        *(PAGING if paged else ()),
    ]


def _condition(name: str, value: str, lookups: Mapping[str, str]) -> dict[str, Any]:
    if name in _MOMENTS:
        return {_MOMENTS[name]: _moment(name, value)}
    if name not in lookups:
        raise FieldProblems([FieldError(name[:100], "unknown", "There is no such filter.")])
    if "\x00" in value:
        raise FieldProblems([FieldError(name, "invalid", "must not hold NUL")])
    prefix, colon, columns = lookups[name].partition(":")
    return _reference(prefix, name, value, columns) if colon else {prefix: value}


def _reference(prefix: str, name: str, value: str, columns: str) -> dict[str, Any]:
    by_id, _, by_word = columns.partition(" or ")
    try:
        return {by_id: decode(prefix, value)}
    except BadId as error:
        if by_word:
            return {by_word: value}
        raise FieldProblems([FieldError(name, "invalid", f"must be an id that starts with {prefix}_")]) from error


def _status(value: str) -> str:
    if value not in _STATUSES:
        raise FieldProblems([FieldError("status", "invalid_choice", f"must be one of: {', '.join(_STATUSES)}")])
    return value


def _moment(name: str, value: str) -> datetime:
    moment = read_instant(value)
    if moment is None:
        raise FieldProblems([FieldError(name, "invalid", "must be a time such as 2026-05-01T00:00:00Z")])
    return moment
