"""What a lead may hold: the field types, and the fields that every lead type has without declaring them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


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

_CODES = """
AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC
SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI AA AE AP
"""
US_STATES = frozenset(_CODES.split())
