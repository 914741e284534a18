"""Encryption at rest: AES-256-GCM with a key id and a bound context, and keyed hashes to search by.

Root keys come from SEALING_KEYS (newest first). Each purpose gets a key of its own by HKDF. Personal data is sealed
under a data key per subject, wrapped by the root: deleting the wrapped key erases the data.
"""

import base64
import hmac
import os
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE = 12
_VERSION = b"\x01"


class Unsealable(ValueError):
    """The bytes were not sealed by us, under this key, for this context."""


class Sealer:
    """Seals and opens bytes under one 256-bit key. Safe to share between threads."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, context: str) -> bytes:
        """The plain bytes, encrypted and bound to the context (table, column, row): version, nonce, ciphertext."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The plain bytes. Raises Unsealable where key, context or a single bit differs."""
        sealed = bytes(sealed)
        if sealed[:1] != _VERSION:
            raise Unsealable("unknown form")
        try:
            return self._cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], context.encode())
        except InvalidTag as error:
            raise Unsealable("wrong key or context") from error


@dataclass(frozen=True, slots=True)
class Ring:
    """The root keys by id, the newest first: the newest seals, all open."""

    sealers: tuple[tuple[str, Sealer], ...]

    def seal(self, plain: bytes, context: str) -> bytes:
        """Sealed under the newest root key, whose id stands in front."""
        name, sealer = self.sealers[0]
        return name.encode() + b"." + sealer.seal(plain, context)

    def open(self, sealed: bytes, context: str) -> bytes:
        """The plain bytes, whichever root key sealed them. Raises Unsealable."""
        name, _, rest = bytes(sealed).partition(b".")
        for known, sealer in self.sealers:
            if known.encode() == name:
                return sealer.open(rest, context)
        raise Unsealable(f"no sealing key named {name[:16]!r}")


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"leaddistro/{purpose}".encode()).derive(key)


def root_keys() -> list[tuple[str, bytes]]:
    """The root keys as (id, 32 bytes), newest first; without SEALING_KEYS one is derived from SECRET_KEY.

    Raises ValueError for a malformed entry (a system check says so at start).
    """
    entries = []
    for entry in settings.SEALING_KEYS:
        name, _, text = entry.partition(":")
        key = base64.b64decode(text, validate=True)
        if not name or "." in name or len(key) != 32:
            raise ValueError("SEALING_KEYS holds id:base64 of 32 bytes, separated by commas")
        entries.append((name, key))
    return entries or [("d", sha256(settings.SECRET_KEY.encode()).digest())]


@lru_cache(maxsize=8)
def root(purpose: str = "data-keys") -> Ring:
    """The ring of root keys for one purpose."""
    return Ring(tuple((name, Sealer(_derive(key, purpose))) for name, key in root_keys()))


@lru_cache(maxsize=8)
def _index_key(purpose: str) -> bytes:
    return _derive(
        root_keys()[-1][1], f"blind-index/{purpose}"
    )  # the oldest key: an index cannot be re-keyed row by row


def blind_index(purpose: str, value: str) -> bytes:
    """Sixteen bytes that stand for a value in equality searches and tell nothing else without the key."""
    return hmac.digest(_index_key(purpose), value.encode(), "sha256")[:16]
