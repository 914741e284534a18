"""One form per type of field, so that filters, duplicates and buyers compare like with like.

A reader takes what was posted and gives the normal form (plain JSON), None for a blank, or raises Malformed with a
stable code and the cure. Reading a normal form again gives the same: what is stored may be read back in.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from leads.emails import normal_email
from leads.phones import e164
from leads.states import state_code
from leads.types import Raw, Scalar

Reader = Callable[[Raw], Raw | None]

MAX_WHOLE_NUMBER: Final = 2**53 - 1
MAX_DIGITS: Final = 15
"""Decimal digits that a JSON number carries without loss."""

_TRUE: Final = frozenset(("true", "yes", "y", "t", "1", "on"))
_FALSE: Final = frozenset(("false", "no", "n", "f", "0", "off"))
_ZIP = re.compile(r"([0-9]{5})(?:[- ]?[0-9]{4})?", re.ASCII)
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_US_DATE = re.compile(r"([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_NUMBER = re.compile(r"[+-]?\$?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?(?:\.[0-9]*)?", re.ASCII)


class Malformed(ValueError):
    """The value has not the shape of its type; `code` is stable, the detail says what would be right."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def read_text(value: Raw) -> str | None:
    """Text in NFC without control characters (line breaks and tabs stay) and without space around it."""
    text = _single(value)
    if text.isascii() and text.isprintable():
        return text.strip() or None
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(mark for mark in text if mark in "\n\t" or unicodedata.category(mark) != "Cc").strip() or None


def read_line(value: Raw) -> str | None:
    """Text on one line with single spaces: names, cities, addresses. Case stays as the person wrote it."""
    text = read_text(value)
    return " ".join(text.split()) if text else None


def read_phone(value: Raw) -> str | None:
    """E.164; numbers without a country are North American."""
    text = read_line(value)
    return text and _or_refuse(e164(text), "invalid_phone", "Send a telephone number such as +15125550143.")


def read_email(value: Raw) -> str | None:
    """Lower case."""
    text = read_line(value)
    return text and _or_refuse(normal_email(text), "invalid_email", "Send an address such as maria@example.com.")


def read_state(value: Raw) -> str | None:
    """The USPS code."""
    text = read_line(value)
    return text and _or_refuse(state_code(text), "invalid_state", "Send a US state by its code or name, such as TX.")


def read_zip(value: Raw) -> str | None:
    """The five digits; the four of ZIP+4 are dropped, zeros that a number lost in front come back."""
    text = read_line(value)
    if text and type(value) is int:
        text = text.zfill(5)
    match = text and _ZIP.fullmatch(text)
    return text and _or_refuse(match and match[1], "invalid_zip", "Send a ZIP code of five digits, or ZIP+4.")


def read_date(value: Raw) -> str | None:
    """ISO 8601 (`2026-05-02`); also reads month first with slashes or hyphens, as Americans write it (`5/2/2026`)."""
    text = read_line(value)
    if not text:
        return None
    if us := _US_DATE.fullmatch(text):
        text = f"{us[3]}-{us[1]:0>2}-{us[2]:0>2}"
    try:
        if _ISO_DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise Malformed("invalid_date", "Send a date as YYYY-MM-DD or MM/DD/YYYY.")


def read_datetime(value: Raw) -> str | None:
    """RFC 3339 in UTC with milliseconds. A time without a zone is refused: an instant is evidence, not a guess."""
    text = read_line(value)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.upper()) if _INSTANT.fullmatch(text) else None
        if moment and moment.tzinfo:
            return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        pass
    raise Malformed("invalid_datetime", "Send an RFC 3339 time with its zone, such as 2026-05-12T14:30:00Z.")


def read_integer(value: Raw) -> int | None:
    """A whole number; `"42"`, `"1,200"` and `42.0` are one too."""
    number = _number(value, "invalid_integer", "Send a whole number.")
    if number is None:
        return None
    if number != number.to_integral_value() or abs(number) > MAX_WHOLE_NUMBER:
        raise Malformed("invalid_integer", "Send a whole number below 2^53.")
    return int(number)


def read_decimal(value: Raw) -> int | float | None:
    """A number; a dollar sign and thousands commas are understood. At most 15 digits, which JSON carries unharmed."""
    number = _number(value, "invalid_decimal", "Send a number such as 1200.50.")
    if number is None:
        return None
    if len(number.normalize().as_tuple().digits) > MAX_DIGITS or abs(number) > MAX_WHOLE_NUMBER:
        raise Malformed("invalid_decimal", f"Send a number of at most {MAX_DIGITS} digits.")
    return int(number) if number == number.to_integral_value() else float(number)


def read_boolean(value: Raw) -> bool | None:
    """True or false; also as the words and digits that forms send."""
    if isinstance(value, bool):
        return value
    text = (read_line(value) or "").lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text:
        raise Malformed("invalid_boolean", "Send true or false.")
    return None


def read_url(value: Raw) -> str | None:
    """An absolute http or https address, as it was written."""
    text = read_line(value)
    if not text:
        return None
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname and " " not in text:
            return text
    except ValueError:
        pass
    raise Malformed("invalid_url", "Send an address that begins with http:// or https://.")


def read_ip_address(value: Raw) -> str | None:
    """An IPv4 or IPv6 address in its canonical text; an IPv4 address dressed as IPv6 is undressed."""
    text = read_line(value)
    if not text:
        return None
    try:
        address = ip_address(text)
    except ValueError as problem:
        raise Malformed("invalid_ip_address", "Send an IPv4 or IPv6 address.") from problem
    return str((address.version == 6 and address.ipv4_mapped) or address)


def read_anything(value: Raw) -> Raw | None:
    """A custom field nobody declared: text is tidied, numbers and booleans stay what they are, lists item by item."""
    if isinstance(value, str):
        return read_text(value)
    if isinstance(value, list):
        items: list[Scalar | None] = [read_text(item) if isinstance(item, str) else item for item in value]
        return [item for item in items if item is not None] or None
    return value


def choice_reader(choices: Sequence[str]) -> Reader:
    """A reader that gives the choice as it was declared, whatever the case it was posted in."""
    canonical = {choice.casefold(): choice for choice in choices}
    detail = f"Send one of: {', '.join(choices)}."[:500]

    def read_choice(value: Raw) -> str | None:
        text = read_line(value)
        return text and _or_refuse(canonical.get(text.casefold()), "invalid_choice", detail)

    return read_choice


READERS: Final[dict[str, Reader]] = {
    "text": read_text,
    "integer": read_integer,
    "decimal": read_decimal,
    "boolean": read_boolean,
    "date": read_date,
    "datetime": read_datetime,
    "phone": read_phone,
    "email": read_email,
    "state": read_state,
    "zip": read_zip,
    "url": read_url,
}
"""The reader of each field type; `choice` is built by `choice_reader`."""


def _single(value: Raw) -> str:
    """The value as text; numbers as they are written. Lists and booleans are no text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list):
        raise Malformed("wrong_type", "Send a single text value.")
    return repr(value)


def _number(value: Raw, code: str, detail: str) -> Decimal | None:
    text = read_line(value)
    if not text:
        return None
    try:
        if isinstance(value, str) and not _NUMBER.fullmatch(text):
            raise Malformed(code, detail)
        return Decimal(text.replace("$", "").replace(",", ""))
    except InvalidOperation as problem:
        raise Malformed(code, detail) from problem


def _or_refuse(value: str | None, code: str, detail: str) -> str:
    if value is None:
        raise Malformed(code, detail)
    return value
