"""What a lead may hold: the field types, and the fields that every lead type has without declaring them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class FieldType(StrEnum):
    """How a field's value is normalised, validated and compared."""

    TEXT = "text"
    CHOICE = "choice"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    PHONE = "phone"
    EMAIL = "email"
    STATE = "state"
    ZIP = "zip"
    URL = "url"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a lead type. `personal` fields are sealed and never logged; only `pingable` ones go into pings."""

    name: str
    type: FieldType
    choices: tuple[str, ...] = ()
    required: bool = False
    personal: bool = False
    pingable: bool = False


def _personal(name: str, kind: FieldType) -> FieldSpec:
    return FieldSpec(name, kind, personal=True)


_SPECS = (
    _personal("first_name", FieldType.TEXT),
    _personal("last_name", FieldType.TEXT),
    _personal("phone", FieldType.PHONE),
    _personal("email", FieldType.EMAIL),
    _personal("address", FieldType.TEXT),
    _personal("city", FieldType.TEXT),
    FieldSpec("state", FieldType.STATE, pingable=True),
    FieldSpec("zip", FieldType.ZIP, pingable=True),
    FieldSpec("case_type", FieldType.TEXT, pingable=True),
    _personal("ip_address", FieldType.TEXT),
    FieldSpec("consent_timestamp", FieldType.DATETIME),
    FieldSpec("consent_text", FieldType.TEXT),
    FieldSpec("source", FieldType.TEXT),
    FieldSpec("campaign_id", FieldType.TEXT),
    FieldSpec("click_id", FieldType.TEXT),
    FieldSpec("sub_id", FieldType.TEXT),
    FieldSpec("landing_page", FieldType.URL),
    FieldSpec("user_agent", FieldType.TEXT),
)
BUILT_IN: Mapping[str, FieldSpec] = {spec.name: spec for spec in _SPECS}


FROM_SCORING: Mapping[str, FieldSpec] = {
    "score": FieldSpec("score", FieldType.INTEGER),
    "percentile": FieldSpec("percentile", FieldType.INTEGER),
    "return_probability": FieldSpec("return_probability", FieldType.DECIMAL),
    "conversion_probability": FieldSpec("conversion_probability", FieldType.DECIMAL),
    "grade": FieldSpec("grade", FieldType.TEXT),
}
"""What stands among a lead's fields although nobody sends it: filters and price rules may ask for it."""


class Pingable(Protocol):
    """What has to be known of a field to say whether pings may carry it: a specification or a row will do."""

    @property
    def name(self) -> str: ...
    @property
    def personal(self) -> bool: ...
    @property
    def pingable(self) -> bool: ...


def pingable_names(fields: Iterable[Pingable]) -> frozenset[str]:
    """The fields that pings may carry, of a lead type with these fields of its own.

    A lead type may close a built-in field, but never open one that is personal by nature.
    """
    known: dict[str, Pingable] = {**BUILT_IN, **{field.name: field for field in fields}}
    personal = {name for name, field in (*BUILT_IN.items(), *known.items()) if field.personal}
    return frozenset(name for name, field in known.items() if field.pingable and name not in personal)


_CODES = """
AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC
SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI AA AE AP
"""
US_STATES = frozenset(_CODES.split())
