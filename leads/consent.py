"""Whether a lead's proof of consent is there and young enough, at the instant it was received.

A time in the future is bad input. Consent that is missing where required, or too old, is no fault of the request: the
lead is recorded and rejected with a reason, so that its source sees why.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.errors import FieldError
from leads.types import Raw

CONSENT_MISSING = "consent_missing"
CONSENT_EXPIRED = "consent_expired"
CLOCK_TOLERANCE = timedelta(seconds=30)
"""How far a source's clock may run ahead of ours before a time counts as lying in the future."""


def consent_at(fields: Mapping[str, Raw]) -> datetime | None:
    """The instant of consent in a valid lead's fields."""
    value = fields.get("consent_timestamp")
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def future_consent(fields: Mapping[str, Raw], received_at: datetime) -> FieldError | None:
    """The problem of a consent that lies in the future, beyond what clocks differ by."""
    moment = consent_at(fields)
    if moment is None or moment <= received_at + CLOCK_TOLERANCE:
        return None
    return FieldError("consent_timestamp", "in_future", "Consent cannot lie in the future.")


def consent_rejection(
    fields: Mapping[str, Raw], *, received_at: datetime, required: bool, max_age_days: int | None
) -> str | None:
    """Why this lead is rejected: `consent_missing`, `consent_expired`, or None.

    An age limit judges a consent that was sent; whether one must be sent is `required` alone.
    """
    moment = consent_at(fields)
    if moment is None:
        return CONSENT_MISSING if required else None
    if max_age_days is not None and received_at - moment > timedelta(days=max_age_days):
        return CONSENT_EXPIRED
    return None
