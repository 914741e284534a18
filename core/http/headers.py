"""Headers that tenants may add to what we send, and those that would let them forge or smuggle."""

import re
from collections.abc import Mapping
from typing import Final

_MOST: Final = 20
_LONGEST: Final = 4096
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE: Final = re.compile(r"[\x20-\x7e\t]*")
_OURS: Final = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "accept-encoding",
    }
)
_OUR_FAMILIES: Final = ("proxy-", "webhook-")


class BadHeader(ValueError):
    """We do not send this header; the message says why."""


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, fit to be sent. Raises BadHeader for names that are ours, line breaks and other trickery."""
    if len(headers) > _MOST:
        raise BadHeader(f"At most {_MOST} headers may be added.")
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise BadHeader("A header's name holds letters, digits and dashes.")
        if name.lower() in _OURS or name.lower().startswith(_OUR_FAMILIES):
            raise BadHeader(f"The header {name} is set by the platform.")
        if len(value) > _LONGEST or not _VALUE.fullmatch(value):
            raise BadHeader(f"The value of {name} must be plain text on one line.")
    return dict(headers)
