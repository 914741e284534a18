"""How lists are documented: a page of one shape, and the parameters that turn it."""

from functools import cache
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from core.api.pagination import DEFAULT_LIMIT, LARGEST_LIMIT

PAGING = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
        description="How many of them in one page.",
    ),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the page before; newest come first."),
]


@cache  # one page of one shape, however many lists show it
def page_of(shape: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """The documented page of this shape."""
    fields = {
        "data": shape(many=True),
        "next_cursor": serializers.CharField(allow_null=True, help_text="null on the last page."),
    }
    return inline_serializer(f"{shape.__name__.removesuffix('Shape').removesuffix('Record')}Page", fields)
