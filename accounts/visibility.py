"""The one place where tenancy becomes a WHERE: every table shown outside the operators' admin is read through it."""

from typing import ClassVar, Final, Self, TypeVar

from django.db import models

from accounts.principals import Principal

EVERY_ROW: Final = ""
"""The lookup of a table in which principals bound to a source or buyer see each row of their agency."""

Row = TypeVar("Row", bound=models.Model, covariant=True)


class VisibleQuerySet(models.QuerySet[Row]):
    """Rows of one agency, cut down to what the principal may know.

    Subclasses name the lookups of their table: `mode_lookup` parts live from test rows; `source_lookup` and
    `buyer_lookup` say where a row names its source or its buyer. While one is None, a principal bound to that side
    sees nothing. Used as `objects = ThingSet.as_manager()`.
    """

    agency_lookup: ClassVar[str] = "agency_id"
    mode_lookup: ClassVar[str | None] = None
    source_lookup: ClassVar[str | None] = None
    buyer_lookup: ClassVar[str | None] = None

    def visible_to(self, principal: Principal) -> Self:
        """The rows this principal may see; a stranger's are simply not there. Lazy: no statement by itself."""
        rows = self.filter(**{self.agency_lookup: principal.agency_id})
        if self.mode_lookup is not None:
            rows = rows.filter(**{self.mode_lookup: principal.mode})
        if principal.source_id is not None:
            rows = rows.filter(_of(self.source_lookup, principal.source_id))
        if principal.buyer_id is not None:
            rows = rows.filter(_of(self.buyer_lookup, principal.buyer_id))
        return rows


def _of(lookup: str | None, subject_id: object) -> models.Q:
    if lookup is None:
        return models.Q(pk__in=[])
    return models.Q() if lookup == EVERY_ROW else models.Q(**{lookup: subject_id})
