"""Features: what they say, and what they may never say."""

from dataclasses import dataclass
from datetime import UTC, datetime

import phonenumbers
import pytest
import zipcodes
from phonenumbers import geocoder

from scoring.features import Feature, Features, Profile, features_of
from scoring.geography import STATE_OF_AREA_CODE, STATE_OF_ZIP_PREFIX, ZONE_OF_STATE
from scoring.protected import is_protected

RECEIVED = datetime(2026, 5, 12, 14, 30, 1, tzinfo=UTC)
MARIA: dict[str, object] = {
    "first_name": "Maria",
    "last_name": "Garcia",
    "phone": "+15551234567",
    "email": "maria@example.com",
    "state": "TX",
    "case_type": "auto_accident",
    "injury_severity": "moderate",
    "accident_date": "2026-05-02",
    "consent_timestamp": "2026-05-12T14:30:00.000Z",
    "ip_address": "192.168.1.1",
}


@dataclass(frozen=True)
class Declared:
    name: str
    type: str
    personal: bool = False


ACCIDENT = Profile.of("auto_accident", [Declared("injury_severity", "choice"), Declared("accident_date", "date")])


def features(fields: dict[str, object], *flags: str, profile: Profile = ACCIDENT) -> Features:
    return features_of(fields, flags=frozenset(flags), received_at=RECEIVED, profile=profile)


def feature(name: str, fields: dict[str, object], *flags: str) -> Feature:
    return features(fields, *flags)[name]


def test_the_founding_sample_has_these_features() -> None:
    assert features(MARIA, "phone_invalid") == {
        "vertical": "auto_accident",
        "state": "TX",
        "case_type": "auto_accident",
        "phone": "unassigned",
        "area_code_agrees": None,
        "email": "corporate",
        "email_resembles_name": True,
        "email_digit_share": 0.0,
        "consent_age_minutes": 0.0,
        "incident_age_days": 10,
        "days_since.accident_date": 10,
        "field.injury_severity": "moderate",
        "local_hour": 9,
        "local_weekday": 1,
        "filled_share": 1.0,
        "ip": "private",
        "zip_agrees": None,
        "tracked": False,
        "user_agent": "missing",
    }


@pytest.mark.parametrize(
    ("name", "fields", "value"),
    [
        ("phone", {}, "missing"),
        ("phone", {"phone": "+15124721234"}, "ordinary"),
        ("phone", {"phone": "+18004721234"}, "toll_free"),
        ("phone", {"phone": "+442079460958"}, "foreign"),
        ("area_code_agrees", {"phone": "+15124721234", "state": "TX"}, True),
        ("area_code_agrees", {"phone": "+15124721234", "state": "CA"}, False),
        ("area_code_agrees", {"phone": "+15124721234"}, None),
        ("area_code_agrees", {"phone": "+18004721234", "state": "TX"}, None),
        ("email", {}, "missing"),
        ("email", {"email": "x@gmail.com"}, "free"),
        ("email", {"email": "x@utexas.edu"}, "education"),
        ("email", {"email": "x@va.gov"}, "government"),
        ("email", {"email": "info@example.com"}, "role"),
        ("email", {"email": "info@mailinator.com"}, "disposable"),
        ("email_resembles_name", {"email": "zz@gmail.com", "first_name": "Maria"}, False),
        ("email_resembles_name", {"email": "jo@gmail.com", "first_name": "Jo"}, None),
        ("email_resembles_name", {"email": "delacruz9@gmail.com", "last_name": "De la Cruz"}, True),
        ("email_digit_share", {"email": "a123@gmail.com"}, 0.75),
        ("consent_age_minutes", {"consent_timestamp": "2026-05-12T13:30:01.000Z"}, 60.0),
        ("consent_age_minutes", {"consent_timestamp": "2026-05-12T14:30:05.000Z"}, 0.0),
        ("consent_age_minutes", {}, None),
        ("incident_age_days", {"date_of_loss": "2026-05-13"}, -1),
        ("incident_age_days", {"accident_date": "last week"}, None),
        ("ip", {"ip_address": "203.0.113.9"}, "private"),
        ("ip", {"ip_address": "8.8.8.8"}, "public"),
        ("ip", {}, "missing"),
        ("zip_agrees", {"zip": "75001", "state": "TX"}, True),
        ("zip_agrees", {"zip": "90001", "state": "TX"}, False),
        ("tracked", {"click_id": "abc"}, True),
        ("user_agent", {"user_agent": "curl/8.0"}, "bot"),
        ("user_agent", {"user_agent": "Mozilla/5.0"}, "browser"),
        ("local_hour", {"state": "HI"}, 4),
        ("local_hour", {}, None),
        ("filled_share", {"phone": "+15124721234"}, 0.14),
    ],
)
def test_a_feature_says_this_of_a_lead(name: str, fields: dict[str, object], value: Feature) -> None:
    assert feature(name, fields) == value


def test_a_state_and_an_instant_of_the_lead_types_own_are_features_too() -> None:
    profile = Profile.of("home_solar", [Declared("other_state", "state"), Declared("moved_at", "datetime")])
    told = MARIA | {"other_state": "CA", "moved_at": "2026-04-02T23:30:00.000Z"}
    found = features(told, profile=profile)
    assert (found["field.other_state"], found["days_since.moved_at"]) == ("ca", 40)


def test_no_feature_repeats_what_tells_who_the_person_is() -> None:
    profile = Profile.of(
        "auto_accident",
        [
            Declared("gender", "choice"),
            Declared("driver_age", "integer"),
            Declared("birth_date", "date"),
            Declared("story", "text"),
            Declared("lawyer", "choice", personal=True),
            Declared("roof_age", "integer"),
        ],
    )
    personal = {"gender": "f", "driver_age": 44, "birth_date": "1982-01-01", "story": "long ago", "lawyer": "Smith"}
    found = features(
        MARIA | personal | {"roof_age": 12, "address": "1 Main St", "city": "Austin", "zip": "78701"}, profile=profile
    )
    assert {name for name in found if "." in name} == {"field.roof_age"}
    secrets = {
        "Maria",
        "Garcia",
        "+15551234567",
        "maria@example.com",
        "192.168.1.1",
        "1 Main St",
        "Austin",
        "78701",
        44,
    }
    assert secrets.isdisjoint(found.values())


@pytest.mark.parametrize(
    "name",
    ["gender", "sex", "race", "age", "age_range", "applicantAge", "date_of_birth", "DOB", "maritalStatus", "last_name"],
)
def test_protected_names_are_known(name: str) -> None:
    assert is_protected(name)


@pytest.mark.parametrize("name", ["roof_age", "vehicleAge", "injury_severity", "coverage", "stage", "bracelet"])
def test_ordinary_names_are_not_protected(name: str) -> None:
    assert not is_protected(name)


def test_zip_prefixes_agree_with_the_full_table_but_for_border_villages() -> None:
    places = zipcodes.list_all()  # type: ignore[no-untyped-call]
    wrong = [place for place in places if STATE_OF_ZIP_PREFIX.get(place["zip_code"][:3]) != place["state"]]
    assert len(places) > 40_000
    assert len([place for place in wrong if place["state"] not in ("FM", "MH", "PW", "MP", "AS")]) < 20


def test_area_codes_agree_with_the_numbering_plan() -> None:
    for code, state in STATE_OF_AREA_CODE.items():
        if state in ("VI", "AS", "GU", "MP", "PR"):
            continue
        number = phonenumbers.PhoneNumber(country_code=1, national_number=int(f"{code}9991234"))
        assert geocoder.country_name_for_number(number, "en") in ("United States", ""), code


def test_every_state_with_people_has_a_clock() -> None:
    assert set(STATE_OF_AREA_CODE.values()) == ZONE_OF_STATE.keys()
