"""What the resource views share: who may write, finding a row or 404, reading a body, and versions by ETag."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView, StrictSerializer
from accounts.api.preconditions import ChangedMeanwhile
from accounts.principals import Principal
from core import json
from core.api.pagination import page
from core.errors import DomainError, FieldError, NotFound
from core.ids import BadId, decode

Record = dict[str, Any]
Row = TypeVar("Row", bound=Model)


class AgencyOnly(DomainError):
    """Only keys of the agency may do this, not those bound to a buyer or a source."""

    code = "agency_only"
    status = 403


class ResourceView(ApiView):
    """A view of the configuration: read by its scope, written by keys of the agency alone."""

    read_scope: ClassVar[str] = "buyers:read"
    write_scope: ClassVar[str] = "buyers:write"
    bound_may_write: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        """One scope to read, one to write."""
        super().__init_subclass__(**options)
        cls.scopes = {"GET": cls.read_scope, **dict.fromkeys(("POST", "PATCH", "DELETE"), cls.write_scope)}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse writes by bound keys, where they are none of theirs."""
        super().initial(request, *args, **kwargs)
        if request.method != "GET" and self.principal.bound and not self.bound_may_write:
            raise AgencyOnly


def find(rows: QuerySet[Row], prefix: str, public_id: str, *, member: str = "") -> Row:
    """The row of this public id among those the caller may see. Raises NotFound, naming the body's member if any."""
    try:
        found = rows.filter(pk=decode(prefix, public_id)).first()
    except BadId:
        found = None
    if found is None:
        detail = "There is nothing with this id that you may see."
        raise NotFound(detail, errors=[FieldError(member, "not_found", detail)] if member else ())
    return found


def read_input(kind: type[StrictSerializer], data: Any, principal: Principal, *, partial: bool = False) -> Record:
    """The validated values of a body. Raises a validation error that names every field at fault."""
    serializer = kind(data=data, partial=partial, context={"currency": principal.agency.currency})
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def list_answer(request: Request, rows: QuerySet[Row], record: Callable[[Row], Record]) -> Response:
    """One page of records."""
    found, cursor = page(request, rows)
    return Response({"data": [record(row) for row in found], "next_cursor": cursor})


def record_answer(record: Record, *, status: int = 200) -> Response:
    """A record with its ETag."""
    response = Response(record, status=status)
    response.headers["ETag"] = etag(record)
    return response


def etag(record: Mapping[str, Any]) -> str:
    """The version of a record: equal records, equal tags."""
    return f'"{sha256(json.canonical(record)).hexdigest()[:24]}"'


def check_match(request: Request, record: Mapping[str, Any]) -> None:
    """Nothing, where If-Match is absent or names this very record. Raises ChangedMeanwhile (412)."""
    wanted = request.headers.get("If-Match")
    if wanted and wanted.strip() != "*" and etag(record) not in [tag.strip() for tag in wanted.split(",")]:
        raise ChangedMeanwhile
