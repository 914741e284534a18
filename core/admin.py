"""The base of every table in the operators' admin: for reading. What changes anything there calls an audited verb."""

from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import Model, Q, QuerySet, UUIDField
from django.http import HttpRequest

from core.ids import decode_any
from core.money import spell


def money(column: str, currency: str = "currency") -> Any:
    """A list's column of minor units as people write it, such as $1,234.56; sorted by the amount.

    `currency` is the path to its currency from the row.
    """

    @admin.display(description=column.replace("_", " "), ordering=column)
    def shown(row: Model) -> str | None:
        minor: int | None = getattr(row, column)
        return None if minor is None else spell(minor, attrgetter(currency)(row))

    shown.__name__ = column
    return shown


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # rows of any table; not subscriptable at run time
    """Shows rows and changes none. Columns that hold sealed or binary values stay out, whatever a table gains later."""

    actions: Any = None
    list_per_page = 50
    show_full_result_count = False
    hidden: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Every operator."""
        return bool(request.user.is_active and request.user.is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Every operator."""
        return self.has_view_permission(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id as people see it (ld_01...) finds its row, and the rows that name it."""
        wanted = decode_any(search_term.strip())
        columns = [name.removeprefix("=") for name in self.get_search_fields(request) if str(name).startswith("=")]
        ids = [name for name in columns if isinstance(get_fields_from_path(self.model, name)[-1], UUIDField)]
        if wanted is None or not ids:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(Q.create([(name, wanted) for name in ids], connector=Q.OR)), False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Every column but those that hold bytes or are named in `hidden`."""
        columns = [field for field in self.opts.concrete_fields if field.get_internal_type() != "BinaryField"]
        return [field.name for field in columns if field.name not in self.hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """All of them."""
        return self.get_fields(request, obj)
