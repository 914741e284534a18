"""The texts by which two leads are the same person: normalised telephone and e-mail. A blank is never a match."""

from collections.abc import Mapping
from dataclasses import dataclass

from leads.types import Raw


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What goes into the keyed hashes that find duplicates; None where the lead has no such contact."""

    phone: str | None
    email: str | None


def fingerprint(fields: Mapping[str, Raw]) -> Fingerprint:
    """The fingerprint of a valid lead's fields."""
    return Fingerprint(phone=_text(fields.get("phone")), email=_text(fields.get("email")))


def _text(value: Raw | None) -> str | None:
    return value if isinstance(value, str) and value else None
