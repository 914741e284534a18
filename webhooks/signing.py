"""Standard Webhooks 1.0.0: the three headers, the signature over id, timestamp and body, and its verification."""

import base64
import binascii
import hmac
import os
from collections.abc import Mapping, Sequence
from typing import Final

ID: Final = "Webhook-Id"
TIMESTAMP: Final = "Webhook-Timestamp"
SIGNATURE: Final = "Webhook-Signature"
PREFIX: Final = "whsec_"
TOLERANCE: Final = 300  # seconds between sender's and receiver's clock, both ways
_SHORTEST, _LONGEST, _OURS = 24, 64, 32  # bytes of a key: what the standard allows, and what we make


class BadSecret(ValueError):
    """The text is not a signing secret; the message says why."""


class BadSignature(ValueError):
    """The request was not signed by us, not for this body, or not now; the message says which."""


def new_secret() -> bytes:
    """A fresh key of 256 bits."""
    return os.urandom(_OURS)


def show_secret(key: bytes) -> str:
    """The form that receivers are given: `whsec_` and base64."""
    return PREFIX + base64.b64encode(key).decode()


def parse_secret(text: str) -> bytes:
    """The HMAC key behind `whsec_...`; padding may be missing. Raises BadSecret for anything not strictly base64."""
    if not text.startswith(PREFIX):
        raise BadSecret(f"a secret starts with {PREFIX}")
    code = text.removeprefix(PREFIX).rstrip("=")
    try:
        key = base64.b64decode(code + "=" * (-len(code) % 4), validate=True)
    except binascii.Error as error:
        raise BadSecret("a secret is base64 after its prefix") from error
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise BadSecret(f"a secret holds {_SHORTEST} to {_LONGEST} bytes")
    return key


def sign(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The signature header: one `v1,` entry per key, in the order given (newest first)."""
    return " ".join(_entry(key, message_id, str(timestamp), body) for key in keys)


def signed_headers(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of one attempt; the timestamp is the attempt's own, in Unix seconds."""
    return {
        ID: message_id,
        TIMESTAMP: str(timestamp),
        SIGNATURE: sign(keys, message_id, timestamp, body),
    }


def verify(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, *, now: int) -> None:
    """Nothing, where one entry of the header fits one of the keys and the timestamp is within five minutes of `now`.

    Header names are matched whatever their capitals. Entries of unknown versions are passed over. Raises BadSignature.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signature = (given.get(name.lower(), "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (message_id and timestamp and signature):
        raise BadSignature("a header is missing")
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise BadSignature("the timestamp is not a whole number of seconds")
    if abs(int(timestamp[:15]) - now) > TOLERANCE:
        raise BadSignature("the timestamp is too far from now")
    expected = [_entry(key, message_id, timestamp, body).encode() for key in keys]
    entries = [entry.encode() for entry in signature.split(" ")]
    if not any(hmac.compare_digest(entry, wanted) for entry in entries for wanted in expected):
        raise BadSignature("no signature fits")


def _entry(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"
