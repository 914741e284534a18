"""Hashes of a telephone number and an e-mail address, by which a buyer finds its own duplicates in a ping.

The normal forms are the trade's: a North American number as its ten digits, any other as its digits with the country's;
an address trimmed and in lower case. A plain hash of a telephone number can be guessed in seconds; under a key shared
with the buyer (HMAC, RFC 2104) it cannot.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from typing import Any, Final

ALGORITHMS: Final = ("sha256", "md5", "sha1")
HASHES: Final = tuple(f"{name}_{algorithm}" for name in ("phone", "email") for algorithm in ALGORITHMS)


def contact_hashes(lead: Mapping[str, Any], names: Collection[str], key: bytes = b"") -> dict[str, str]:
    """The wanted ones of HASHES, in lower-case hexadecimal; what the lead does not have is left out."""
    if not names:
        return {}
    wanted = (name for name in HASHES if name in names)
    found = ((name, lead.get(name.partition("_")[0])) for name in wanted)
    return {name: digest(normal_contact(str(value)), name.partition("_")[2], key) for name, value in found if value}


def normal_contact(value: str) -> str:
    """The form that is hashed, of an address or a number in E.164 (or as typed)."""
    if "@" in value:
        return value.strip().lower()
    return ten_digits(value)


def ten_digits(number: str) -> str:
    """The digits of a number, a North American one without its leading 1."""
    digits = "".join(mark for mark in number if mark in "0123456789")
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def digest(text: str, algorithm: str, key: bytes = b"") -> str:
    """The hash in hexadecimal, keyed where there is a key. MD5 and SHA-1 are what buyers ask for, no protection."""
    if key:
        return hmac.new(key, text.encode(), algorithm).hexdigest()
    return hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()
