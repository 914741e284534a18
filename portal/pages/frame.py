"""What every page of /agency/ stands in: who looks, where one is, which book, and how a list goes on."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from accounts.models import Mode
from portal.access import Access

PAGE = 50


def show(
    request: HttpRequest, access: Access, name: str, context: dict[str, Any], *, here: str | None = None
) -> HttpResponse:
    """The page of this name; `here` is its place in the main menu where that has another name."""
    shown = {**context, "access": access, "here": here or name, "book": book_of(access.mode)}
    response = render(request, f"portal/{name}.html", shown)
    response["Cache-Control"] = "no-store"  # what a person may see ends with the session
    return response


def book_of(mode: str) -> str:
    """The query by which addresses stay in the test book."""
    return "?mode=test" if mode == Mode.TEST else ""


def next_page(asked: QueryDict, cursor: str | None) -> str | None:
    """The address of the next page, the filters kept."""
    if cursor is None:
        return None
    query = asked.copy()
    query["cursor"] = cursor
    return f"?{query.urlencode()}"
