"""Telephone numbers: one form (E.164), and whether the number can belong to anyone.

A number of an impossible shape is refused; one that is possible but not assigned is only doubtful. Numbers without a
country are read as North American. For those, shape and assignment follow from the first six digits, so the common
case is one pattern and one cached answer that remembers no one's number.
"""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

_MAX_LENGTH = 40
_NORTH_AMERICAN = re.compile(
    r"(?:\+?1[ .\-]?)?(?:\(([2-9][0-9]{2})\)|([2-9][0-9]{2}))[ .\-]?([2-9][0-9]{2})[ .\-]?([0-9]{4})", re.ASCII
)


def e164(text: str) -> str | None:
    """The number as `+15125550143`, or None where no telephone number has this shape."""
    if match := _NORTH_AMERICAN.fullmatch(text):
        bracketed, bare, exchange, line = match.groups()
        return f"+1{bracketed or bare}{exchange}{line}"
    return _parse(text) if len(text) <= _MAX_LENGTH else None


def is_assigned(number: str) -> bool:
    """Whether numbering plans assign this E.164 number to anyone; says nothing of a line being in service."""
    return _is_valid(number[:8] + "1234" if number.startswith("+1") and len(number) == 12 else number)


def _parse(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "US")
    except NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    number.extension = None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@lru_cache(maxsize=32_768)
def _is_valid(number: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(number))
