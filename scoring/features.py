"""What is known of a lead when it arrives, as features that hold nothing personal. Pure.

Never a feature: a name, gender, birth date, race, religion, and anything that happens after the lead came in.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, cast

import zipcodes

Features = dict[str, Any]

_FREE = """
gmail.com yahoo.com hotmail.com outlook.com aol.com icloud.com live.com msn.com comcast.net proton.me me.com att.net
verizon.net sbcglobal.net ymail.com mail.com gmx.com
"""
_DISPOSABLE = """
mailinator.com guerrillamail.com 10minutemail.com tempmail.com trashmail.com yopmail.com sharklasers.com
dispostable.com getnada.com maildrop.cc temp-mail.org throwawaymail.com
"""
FREE_MAIL = frozenset(_FREE.split())
DISPOSABLE_MAIL = frozenset(_DISPOSABLE.split())
ROLES = frozenset(("info", "admin", "sales", "support", "contact", "office", "test", "noreply", "no-reply"))
CONTACT = ("first_name", "last_name", "phone", "email", "address", "city", "state", "zip")


def features_of(fields: Mapping[str, Any], *, flags: frozenset[str], received_at: datetime) -> Features:
    """The features of a valid lead's normalised fields."""
    return {
        "phone": _phone(fields, flags),
        "area_code_state": _area_code(fields),
        "email": _email(fields.get("email")),
        "email_names_person": _names_person(fields),
        "zip_state": _zip_state(fields),
        "consent_minutes": _minutes_before(fields.get("consent_timestamp"), received_at),
        "incident_days": _incident_days(fields, received_at.date()),
        "ip": _ip(fields.get("ip_address")),
        "contact_share": sum(1 for name in CONTACT if fields.get(name)) / len(CONTACT),
        "tracked": any(fields.get(name) for name in ("click_id", "sub_id", "landing_page")),
        "has_detail": len(fields.keys() - set(CONTACT)) >= 3,
    }


def _phone(fields: Mapping[str, Any], flags: frozenset[str]) -> str:
    number = fields.get("phone")
    if not number:
        return "missing"
    if "phone_invalid" in flags:
        return "unassigned"
    return "toll_free" if str(number)[2:5] in ("800", "833", "844", "855", "866", "877", "888") else "valid"


def _email(address: object) -> str:
    if not isinstance(address, str):
        return "missing"
    local, _, domain = address.rpartition("@")
    if domain in DISPOSABLE_MAIL:
        return "disposable"
    if local in ROLES:
        return "role"
    if domain.endswith(".edu"):
        return "education"
    return "free" if domain in FREE_MAIL else "own_domain"


def _names_person(fields: Mapping[str, Any]) -> bool | None:
    local = str(fields.get("email") or "").rpartition("@")[0]
    names = [str(fields.get(name) or "").lower() for name in ("first_name", "last_name")]
    if not local or not any(names):
        return None
    return any(len(name) > 2 and name in local for name in names)


def _area_code(fields: Mapping[str, Any]) -> bool | None:
    number, state = str(fields.get("phone") or ""), fields.get("state")
    if not (number.startswith("+1") and state):
        return None
    states = _area_codes().get(number[2:5])
    return None if states is None else state in states


def _zip_state(fields: Mapping[str, Any]) -> bool | None:
    code, state = fields.get("zip"), fields.get("state")
    if not (code and state):
        return None
    known = _zip_states().get(str(code))
    return None if known is None else known == state


def warm() -> None:
    """Load the tables of ZIP and area codes (half a second), so that no lead has to wait for them."""
    _zip_states()
    _area_codes()


def _places() -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", zipcodes.list_all())  # type: ignore[no-untyped-call]


@lru_cache(maxsize=1)
def _zip_states() -> dict[str, str]:
    return {str(place["zip_code"]): str(place["state"]) for place in _places()}


@lru_cache(maxsize=1)
def _area_codes() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for place in _places():
        for code in place["area_codes"]:
            found.setdefault(str(code), set()).add(str(place["state"]))
    return {code: frozenset(states) for code, states in found.items()}


def _minutes_before(text: object, received_at: datetime) -> float | None:
    if not isinstance(text, str):
        return None
    return max((received_at - datetime.fromisoformat(text)).total_seconds() / 60, 0.0)


def _incident_days(fields: Mapping[str, Any], received: date) -> int | None:
    for name in ("accident_date", "incident_date", "loss_date"):
        value = fields.get(name)
        if isinstance(value, str):
            try:
                return (received - date.fromisoformat(value)).days
            except ValueError:
                return None
    return None


def _ip(text: object) -> str:
    if not isinstance(text, str):
        return "missing"
    try:
        return "public" if ip_address(text).is_global else "private"
    except ValueError:
        return "missing"
