"""The forms in which buyers want a value: a closed list, applied by name. Nothing here can run code.

A format that cannot read a value leaves it as it is: what a buyer finds odd it refuses, and its reason is on record.
"""

import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from buyers.exchange.hashes import ALGORITHMS, digest, normal_contact, ten_digits
from routing.documents import LARGEST_WHOLE

Format = Callable[[Any], Any]


def to_text(value: Any) -> str:
    """A value as forms and XML carry it: true and false in lower case, numbers without exponents, lists by commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, Decimal):
        return format(value, "f")
    return ", ".join(map(to_text, value)) if isinstance(value, list | tuple) else str(value)


def _dashed(value: Any) -> str:
    digits = ten_digits(to_text(value))
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 10 else digits


def _national(value: Any) -> str:
    """As people of its country write it: (512) 555-0143."""
    try:
        number = phonenumbers.parse(to_text(value), "US")
    except NumberParseException:
        return to_text(value)
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)


def _time(pattern: str) -> Format:
    """A date (ISO 8601) or an instant (RFC 3339, in UTC) by strftime's pattern."""

    def write(value: Any) -> Any:
        moment = _moment(value)
        return value if moment is None else moment.strftime(pattern)

    return write


def _unix(value: Any) -> Any:
    moment = _moment(value)
    return value if moment is None else int(moment.timestamp())


def _moment(value: Any) -> datetime | None:
    try:
        if len(to_text(value)) == 10:
            day = date.fromisoformat(to_text(value))
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(to_text(value))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _choice(true: Any, false: Any) -> Format:
    """One of two words for a yes-or-no value, also one that came as text."""
    words = {"true": true, "yes": true, "1": true, "false": false, "no": false, "0": false}
    return lambda value: words.get(to_text(value).lower(), value)


def _number(value: Any) -> Any:
    try:
        number = Decimal(to_text(value))
    except ArithmeticError:
        return value
    if not number.is_finite() or abs(number) > LARGEST_WHOLE:
        return value
    return int(number) if number == number.to_integral_value() else float(number)


def _ascii(value: Any) -> str:
    """Accents go, other marks beyond ASCII too."""
    return unicodedata.normalize("NFKD", to_text(value)).encode("ascii", "ignore").decode()


def _hash(algorithm: str) -> Format:
    return lambda value: digest(normal_contact(to_text(value)), algorithm)


FORMATS: Final[dict[str, Format]] = {
    "text": to_text,
    "number": _number,
    "upper": lambda value: to_text(value).upper(),
    "lower": lambda value: to_text(value).lower(),
    "title": lambda value: to_text(value).title(),
    "ascii": _ascii,
    "digits": lambda value: "".join(mark for mark in to_text(value) if mark in "0123456789"),
    "digits10": lambda value: ten_digits(to_text(value)),
    "e164": to_text,  # the form in which leads are kept
    "dashed": _dashed,
    "national": _national,
    "iso_date": _time("%Y-%m-%d"),
    "us_date": _time("%m/%d/%Y"),
    "eu_date": _time("%d/%m/%Y"),
    "compact_date": _time("%Y%m%d"),
    "sql_datetime": _time("%Y-%m-%d %H:%M:%S"),
    "unix": _unix,
    "yes_no": _choice("yes", "no"),
    "y_n": _choice("Y", "N"),
    "one_zero": _choice(1, 0),
    "true_false": _choice("true", "false"),
    **{algorithm: _hash(algorithm) for algorithm in ALGORITHMS},
}
"""By name. Hashes are of the trade's normal form (see `hashes`), without a key."""
