"""A sample lead, to show people what a buyer would be sent. Names, numbers and addresses are of nobody."""

from collections.abc import Iterable
from typing import Any, Final, Protocol

_BUILT_IN: Final[dict[str, Any]] = {
    "first_name": "Maria",
    "last_name": "Gonzales",
    "phone": "+12025550142",
    "email": "maria@example.com",
    "address": "1200 Main Street",
    "city": "Dallas",
    "state": "TX",
    "zip": "75001",
    "case_type": "auto_accident",
    "ip_address": "203.0.113.9",
    "consent_timestamp": "2026-05-12T14:30:00.000Z",
    "consent_text": "I agree to be called about my request.",
    "landing_page": "https://quotes.example.com/auto",
    "user_agent": "Mozilla/5.0",
    "click_id": "click-1",
    "sub_id": "sub-1",
}
_BY_TYPE: Final[dict[str, Any]] = {
    "text": "some text",
    "integer": 42,
    "decimal": 1200.5,
    "boolean": True,
    "date": "1985-07-04",
    "datetime": "2026-05-12T14:30:00.000Z",
    "phone": "+12025550143",
    "email": "someone@example.com",
    "state": "TX",
    "zip": "75001",
    "url": "https://quotes.example.com/",
}


class Sampled(Protocol):
    """What has to be known of a field to make up a value."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def choices(self) -> Any: ...


def sample_lead(fields: Iterable[Sampled] = ()) -> dict[str, Any]:
    """A lead in its normal form with what sources send of every lead, and every one of these fields."""
    return {**_BUILT_IN, **{field.name: _sample(field) for field in fields}}


def _sample(field: Sampled) -> Any:
    """A built-in field keeps its value, unless its lead type narrows it to choices."""
    return next(iter(field.choices), None) or _BUILT_IN.get(field.name) or _BY_TYPE.get(field.type)
