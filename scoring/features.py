"""What is known of a lead the moment it arrives, as features: nothing in them says who the person is.

A feature is a category, a number, a flag, or None where it is not known. They are computed once, from the normalised
fields and the instant of receipt alone, and stored with the lead: training sees exactly what scoring saw.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import ip_address
from typing import Final, Protocol

from scoring.domains import email_class
from scoring.geography import STATE_OF_AREA_CODE, STATE_OF_ZIP_PREFIX, TOLL_FREE, ZONE_OF_STATE
from scoring.protected import is_protected

Feature = str | int | float | bool | None
Features = dict[str, Feature]
Fields = Mapping[str, object]

CONTACT_FIELDS = frozenset(("first_name", "last_name", "phone", "email", "state"))
_INCIDENTS = ("accident", "incident", "injury", "loss", "damage", "crash")
_INCIDENT_DATES = tuple(form.format(name) for name in _INCIDENTS for form in ("{}_date", "date_of_{}"))
_ADOPTED_TYPES = frozenset(("choice", "integer", "decimal", "boolean", "state"))
_DATED_TYPES = frozenset(("date", "datetime"))
_OWN_NAMES = ("source", "campaign", "sub_source")
_BOTS = ("bot", "curl", "python", "spider", "headless", "scrapy", "httpclient", "okhttp", "go-http")


class DeclaredField(Protocol):
    """What scoring needs to know of a field of a lead type."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def personal(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Profile:
    """What scoring knows of a lead type: its name, the fields a full lead has, and those that may become features."""

    vertical: str
    expected: frozenset[str]
    adopted: tuple[str, ...]
    dates: tuple[str, ...]

    @classmethod
    def of(cls, vertical: str, fields: Iterable[DeclaredField] = ()) -> "Profile":
        """The profile of a lead type. Personal fields, free text and protected names never become features."""
        declared = tuple(fields)
        usable = sorted((field.name, field.type) for field in declared if not field.personal)
        usable = [(name, kind) for name, kind in usable if not is_protected(name)]
        return cls(
            vertical=vertical,
            expected=CONTACT_FIELDS.union(field.name for field in declared),
            adopted=tuple(name for name, kind in usable if kind in _ADOPTED_TYPES),
            dates=tuple(name for name, kind in usable if kind in _DATED_TYPES),
        )


ANY_LEAD: Final = Profile.of("")
"""The profile of a lead whose type nobody told us."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a lead comes from, by the agency's own slugs; `sub_source` is the part of it that the source names."""

    source: str
    campaign: str
    sub_source: str = ""

    def features(self) -> Features:
        """As features; what is not said is not known."""
        sub_source = _code(self.sub_source) or None
        return {"source": self.source, "campaign": self.campaign, "sub_source": sub_source}


def features_of(
    fields: Fields,
    *,
    flags: frozenset[str],
    received_at: datetime,
    profile: Profile = ANY_LEAD,
    origin: Origin | None = None,
) -> Features:
    """The features of a valid lead: `fields` as normalised, `flags` the doubts of its validation."""
    state = fields.get("state")
    zone = ZONE_OF_STATE.get(str(state))
    local = received_at.astimezone(zone) if zone else None
    features: Features = {
        "vertical": profile.vertical,
        "state": state if isinstance(state, str) else None,
        "case_type": _code(fields.get("case_type")),
        "consent_age_minutes": _consent_age(fields.get("consent_timestamp"), received_at),
        "local_hour": local.hour if local else None,
        "local_weekday": local.weekday() if local else None,
        "filled_share": round(len(profile.expected & fields.keys()) / len(profile.expected), 2),
        "ip": _ip_kind(fields.get("ip_address")),
        "zip_agrees": _agrees(STATE_OF_ZIP_PREFIX.get(str(fields.get("zip"))[:3]), state),
        "tracked": not fields.keys().isdisjoint(("click_id", "sub_id", "landing_page")),
        "user_agent": _user_agent(fields.get("user_agent")),
    }
    _add_phone(features, fields.get("phone"), state, assigned="phone_invalid" not in flags)
    _add_email(features, fields)
    _add_dates(features, fields, profile, received_at.date())
    for name in profile.adopted:
        features[f"field.{name}"] = _code(fields.get(name))
    return features | origin.features() if origin else features


def shared_features(features: Mapping[str, Feature], agency: str) -> Features:
    """The features as a model of several agencies sees them: whose lead it is, and slugs that cannot be another's."""
    own = {name: f"{agency}:{value}" for name in _OWN_NAMES if (value := features.get(name)) is not None}
    return {**features, **own, "agency": agency}


def _add_phone(features: Features, phone: object, state: object, *, assigned: bool) -> None:
    features["area_code_agrees"] = None
    if not isinstance(phone, str):
        features["phone"] = "missing"
    elif not phone.startswith("+1"):
        features["phone"] = "foreign"
    elif phone[2:5] in TOLL_FREE:
        features["phone"] = "toll_free"
    else:
        features["phone"] = "ordinary" if assigned else "unassigned"
        features["area_code_agrees"] = _agrees(STATE_OF_AREA_CODE.get(phone[2:5]), state)


def _add_email(features: Features, fields: Fields) -> None:
    email = fields.get("email")
    local, _, domain = email.partition("@") if isinstance(email, str) else ("", "", "")
    features["email"] = email_class(local, domain) if domain else "missing"
    features["email_resembles_name"] = _resembles(local, fields.get("first_name"), fields.get("last_name"))
    features["email_digit_share"] = round(sum(map(str.isdigit, local)) / len(local), 2) if local else None


def _add_dates(features: Features, fields: Fields, profile: Profile, today: date) -> None:
    for name in profile.dates:
        features[f"days_since.{name}"] = _days_since(fields.get(name), today)
    ages = (_days_since(fields[name], today) for name in _INCIDENT_DATES if name in fields)
    features["incident_age_days"] = next((age for age in ages if age is not None), None)


def _days_since(value: object, today: date) -> int | None:
    """Days from a date or an instant until today; None for what is neither, which a field nobody declared may hold."""
    try:
        return (today - datetime.fromisoformat(value).date()).days if isinstance(value, str) else None
    except ValueError:
        return None


def _consent_age(value: object, received_at: datetime) -> float | None:
    if not isinstance(value, str):
        return None
    return max(0.0, round((received_at - datetime.fromisoformat(value)).total_seconds() / 60, 1))


def _resembles(local: str, first: object, last: object) -> bool | None:
    """Whether a name of three letters or more occurs in the address; None where there is nothing to compare."""
    names = [name.lower().replace(" ", "") for name in (first, last) if isinstance(name, str) and len(name) > 2]
    return any(name in local for name in names) if local and names else None


def _agrees(found: str | None, state: object) -> bool | None:
    return found == state if found and state else None


def _ip_kind(text: object) -> str:
    """Whether an address is one of the public Internet; private and documentation ranges say nothing of a person."""
    if not isinstance(text, str):
        return "missing"
    return "public" if ip_address(text).is_global else "private"


def _user_agent(text: object) -> str:
    if not isinstance(text, str):
        return "missing"
    lowered = text.lower()
    return "bot" if any(bot in lowered for bot in _BOTS) else "browser"


def _code(value: object) -> Feature:
    """A category or number as it is; a text is cut to 40 characters, so that no one's story becomes a feature."""
    if isinstance(value, str):
        return value[:40].lower()
    return value if isinstance(value, bool | int | float) else None
