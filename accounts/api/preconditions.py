"""ETag and If-Match: a change is refused where the client has not seen the present state."""

from datetime import datetime

from django.db import models

from core.errors import DomainError


class ChangedMeanwhile(DomainError):
    """The resource is not what your If-Match names any more. Read it again."""

    code = "changed_meanwhile"
    status = 412


def etag_of(row: models.Model) -> str:
    """The tag of the row's present state: it moves with `updated_at`, to the microsecond."""
    changed: datetime = getattr(row, "updated_at")  # noqa: B009 - every configurable row has one
    return f'"{int(changed.timestamp() * 1_000_000):x}"'


def check_match(row: models.Model, if_match: str) -> None:
    """Nothing, where the header is absent, `*`, or names the present tag. Raises ChangedMeanwhile."""
    tags = {tag.strip() for tag in if_match.split(",")} - {""}
    if tags and "*" not in tags and etag_of(row) not in tags:
        raise ChangedMeanwhile
