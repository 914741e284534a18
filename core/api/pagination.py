"""Lists come in pages: newest first, with a cursor that stays right while rows are added."""

import base64
from collections.abc import Container
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request

from core.clock import read_instant
from core.errors import FieldError, FieldProblems

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
PAGE_PARAMETERS = ("limit", "cursor")
Row = TypeVar("Row", bound=Model)


def page(request: Request, rows: QuerySet[Row], *, by: str = "created_at") -> tuple[list[Row], str | None]:
    """One page of the rows by the request's `limit` and `cursor`, and the cursor of the next page or None.

    Ordered by (`by`, primary key) descending. Raises FieldProblems for a limit or cursor that is none.
    """
    limit = _limit(request.query_params.get("limit"))
    return cut(rows, limit=limit, cursor=request.query_params.get("cursor"), by=by)


def cut(rows: QuerySet[Row], *, limit: int, cursor: str | None, by: str = "created_at") -> tuple[list[Row], str | None]:
    """One page of the rows after the cursor, and the cursor of the next page or None. Raises FieldProblems."""
    if cursor:
        moment, key = _read_cursor(cursor, rows)
        rows = rows.filter(Q(**{f"{by}__lt": moment}) | Q(**{by: moment, "pk__lt": key}))
    found = list(rows.order_by(f"-{by}", "-pk")[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], _write_cursor(getattr(last, by), last.pk)


def refuse_unknown(request: Request, filters: Container[str] = ()) -> None:
    """Raise FieldProblems for query parameters that are neither a page's nor one of these filters."""
    unknown = [name for name in request.query_params if name not in PAGE_PARAMETERS and name not in filters]
    if unknown:
        raise FieldProblems([FieldError(name[:100], "unknown", "There is no such filter.") for name in unknown])


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_LIMIT):
        raise FieldProblems([FieldError("limit", "invalid", f"must be a whole number from 1 to {LARGEST_LIMIT}")])
    return int(text)


def _write_cursor(moment: datetime, key: Any) -> str:
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{key}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str, rows: QuerySet[Any]) -> tuple[datetime, Any]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, _, key = text.partition("|")
        instant = read_instant(moment)
        if instant is None:
            raise ValueError("no instant")
        return instant, UUID(key) if "-" in key else int(key)
    except ValueError as error:
        raise FieldProblems([FieldError("cursor", "invalid", "must be a next_cursor of this list")]) from error
