"""The hash of a model: over its bytes, how features become its columns, and its calibration. Checked at every load."""

from hashlib import sha256
from typing import Any

from core import json
from scoring.models import Model


class BadModel(Exception):
    """A stored model is not what was stored: its hash is another."""


def hash_of(*, body: bytes, leaves: bytes, spec: Any, slope: float, intercept: float) -> bytes:
    """The SHA-256 of a model."""
    parts = json.canonical([spec, repr(slope), repr(intercept)]), body, leaves
    return sha256(b"".join(sha256(part).digest() for part in parts)).digest()


def check_hash(model: Model) -> None:
    """Nothing, where the model is what was stored. Raises BadModel."""
    found = hash_of(
        body=bytes(model.body),
        leaves=bytes(model.leaves),
        spec=model.spec,
        slope=model.slope,
        intercept=model.intercept,
    )
    if found != bytes(model.sha256):
        raise BadModel(model.public_id)
