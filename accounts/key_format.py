"""The shape of an API key: `ldk_live_`, 256 random bits in base62 and a CRC32 that catches typing errors. Pure."""

import zlib
from hashlib import sha256

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET, _CHECK = 43, 6
_PREFIXES = ("ldk_live_", "ldk_test_")
LENGTH = len(_PREFIXES[0]) + _SECRET + _CHECK


def make_key(mode: str, randomness: bytes) -> str:
    """The key of this book over 32 random bytes."""
    body = f"ldk_{mode}_{_base62(int.from_bytes(randomness, 'big'), _SECRET)}"
    return body + checksum(body)


def checksum(body: str) -> str:
    """Six base62 characters of the CRC32 of all that stands before them."""
    return _base62(zlib.crc32(body.encode()), _CHECK)


def is_well_formed(key: str) -> bool:
    """Whether the text can be a key at all, which needs no database to know."""
    if len(key) != LENGTH or not key.startswith(_PREFIXES) or not key.isascii():
        return False
    return checksum(key[:-_CHECK]) == key[-_CHECK:]


def digest(key: str) -> bytes:
    """What is stored of a key: SHA-256 is right for 256 random bits, which no dictionary holds."""
    return sha256(key.encode()).digest()


def _base62(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, rest = divmod(number, 62)
        letters.append(_ALPHABET[rest])
    return "".join(reversed(letters))
