"""E-mail addresses: one form (lower case, Unicode domain) and a shape the Internet can deliver. No look-ups."""

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

MAX_EMAIL = 254

_PLAIN = re.compile(
    r"[a-z0-9_+\-]{1,60}(?:\.[a-z0-9_+\-]{1,60})?@(?:[a-z0-9]{1,60}(?:-[a-z0-9]{1,60})?\.){1,3}([a-z]{2,20})", re.ASCII
)
_RESERVED = frozenset(SPECIAL_USE_DOMAIN_NAMES)


def normal_email(text: str) -> str | None:
    """The address in its one form, or None where it is not one. What is plainly well formed skips the full reading."""
    text = text.lower()
    if len(text) <= 64 and (match := _PLAIN.fullmatch(text)) and match[1] not in _RESERVED and "xn--" not in text:
        return text
    return _read_fully(text)


def _read_fully(text: str) -> str | None:
    if len(text) > MAX_EMAIL:
        return None
    try:
        return validate_email(text, check_deliverability=False, strict=True).normalized.lower()
    except EmailNotValidError:
        return None
