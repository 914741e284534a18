"""JSON as the product speaks it: money as a number with its decimals, times in RFC 3339, ids as they are written."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from core.clock import rfc3339


def _default(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def dumps(value: object) -> bytes:
    """The compact JSON text of a value, keys in their own order."""
    return orjson.dumps(value, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME)


def canonical(value: object) -> bytes:
    """The one JSON text that equal values share (keys sorted): what fingerprints and digests are taken of."""
    return orjson.dumps(
        value, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    )


def loads(text: bytes | str) -> Any:
    """The value of a JSON text. Raises ValueError where it is malformed."""
    return orjson.loads(text)
