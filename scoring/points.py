"""The points table of the cold start, version 1. A change of any number here is a new version under a new name.

Hand-set: contact that works, consent that is fresh and an incident that is recent raise the odds that a buyer keeps
the lead. A line that says nothing worth saying is not there.
"""

from typing import Final

from scoring.rules import Bands, Points, Rule, Values

_PHONE = Values(
    "telephone",
    "phone",
    {
        "ordinary": Points(40, "PHONE_VALID", "The telephone number is assigned in the numbering plan."),
        "unassigned": Points(-60, "PHONE_UNASSIGNED", "The telephone number is not assigned in the numbering plan."),
        "toll_free": Points(-80, "PHONE_TOLL_FREE", "The telephone number is toll-free, not a person's."),
        "foreign": Points(-90, "PHONE_FOREIGN", "The telephone number is outside North America."),
        "missing": Points(-150, "PHONE_MISSING", "There is no telephone number."),
    },
)
_AREA_CODE = Values(
    "telephone",
    "area_code_agrees",
    {
        True: Points(20, "PHONE_IN_STATE", "The area code belongs to the lead's state."),
        False: Points(-15, "PHONE_OUT_OF_STATE", "The area code belongs to another state."),
    },
)
_EMAIL = Values(
    "email",
    "email",
    {
        "corporate": Points(25, "EMAIL_CORPORATE", "The e-mail address has a domain of its own."),
        "government": Points(15, "EMAIL_GOVERNMENT", "The e-mail address is a public office's."),
        "education": Points(10, "EMAIL_EDUCATION", "The e-mail address is a school's."),
        "free": Points(10, "EMAIL_FREE", "The e-mail address is at a well-known mailbox provider."),
        "role": Points(-35, "EMAIL_ROLE", "The e-mail address is a role's, not a person's."),
        "disposable": Points(-120, "EMAIL_DISPOSABLE", "The e-mail address is disposable."),
        "missing": Points(-45, "EMAIL_MISSING", "There is no e-mail address."),
    },
)
_EMAIL_NAME = Values(
    "email",
    "email_resembles_name",
    {
        True: Points(20, "EMAIL_RESEMBLES_NAME", "The e-mail address resembles the lead's name."),
        False: Points(-10, "EMAIL_UNLIKE_NAME", "The e-mail address does not resemble the lead's name."),
    },
)
_EMAIL_DIGITS = Bands(
    "email",
    "email_digit_share",
    limits=(0.4,),
    lines=(None, Points(-20, "EMAIL_DIGITS", "The e-mail address is mostly digits.")),
)
_CONSENT = Bands(
    "consent",
    "consent_age_minutes",
    limits=(5, 60, 1_440, 10_080, 43_200),
    lines=(
        Points(55, "CONSENT_FRESH", "Consent was given less than five minutes before."),
        Points(35, "CONSENT_RECENT", "Consent was given within the hour before."),
        Points(5, "CONSENT_SAME_DAY", "Consent was given within the day before."),
        Points(-25, "CONSENT_DAYS_OLD", "Consent is more than a day old."),
        Points(-60, "CONSENT_WEEKS_OLD", "Consent is more than a week old."),
        Points(-110, "CONSENT_STALE", "Consent is more than 30 days old."),
    ),
    missing=Points(-70, "CONSENT_MISSING", "There is no time of consent."),
)
_INCIDENT = Bands(
    "incident",
    "incident_age_days",
    limits=(-2, 1, 90, 365, 730),
    lines=(
        Points(-150, "INCIDENT_IN_FUTURE", "The incident is dated in the future."),
        Points(15, "INCIDENT_JUST_NOW", "The incident happened a day ago at most."),
        Points(45, "INCIDENT_RECENT", "The incident happened within the last 90 days."),
        Points(15, "INCIDENT_THIS_YEAR", "The incident happened within the last year."),
        Points(-30, "INCIDENT_OLD", "The incident is more than a year old."),
        Points(-90, "INCIDENT_VERY_OLD", "The incident is more than two years old."),
    ),
)
_FILLED = Bands(
    "completeness",
    "filled_share",
    limits=(0.5, 0.79),
    lines=(
        Points(-35, "FIELDS_SPARSE", "Half of the expected fields or fewer are filled."),
        Points(5, "FIELDS_PARTIAL", "Most of the expected fields are filled."),
        Points(30, "FIELDS_COMPLETE", "Nearly all of the expected fields are filled."),
    ),
)
_ZIP = Values(
    "place",
    "zip_agrees",
    {
        True: Points(20, "ZIP_IN_STATE", "The ZIP code lies in the lead's state."),
        False: Points(-45, "ZIP_OUT_OF_STATE", "The ZIP code lies in another state."),
    },
)
_IP = Values(
    "network",
    "ip",
    {
        "public": Points(10, "IP_PUBLIC", "The lead came from a public Internet address."),
        "private": Points(-5, "IP_UNUSABLE", "The Internet address is private or reserved."),
        "missing": Points(-10, "IP_MISSING", "There is no Internet address."),
    },
)
_USER_AGENT = Values(
    "network",
    "user_agent",
    {
        "browser": Points(5, "AGENT_BROWSER", "The lead was entered in a browser."),
        "bot": Points(-80, "AGENT_BOT", "The lead was entered by a program."),
    },
)
_HOUR = Bands(
    "time",
    "local_hour",
    limits=(4, 7, 20),
    lines=(
        Points(-15, "HOUR_NIGHT", "It was the middle of the night where the lead lives."),
        None,
        Points(5, "HOUR_DAY", "It was day or evening where the lead lives."),
        None,
    ),
)
_TRACKED = Values(
    "tracking", "tracked", {True: Points(10, "SOURCE_TRACKED", "The lead carries the tracking of its source.")}
)

VERSION: Final = "scorecard-1"
USUAL_BASE: Final = 75
BASES: Final = {"auto_accident": 75, "home_solar": 65, "mortgage": 60, "auto_insurance": 85, "home_services": 80}
"""Points that a lead of a lead type starts with; other types start with the usual base."""
RULES: Final[tuple[Rule, ...]] = (
    _PHONE,
    _AREA_CODE,
    _EMAIL,
    _EMAIL_NAME,
    _EMAIL_DIGITS,
    _CONSENT,
    _INCIDENT,
    _FILLED,
    _ZIP,
    _IP,
    _USER_AGENT,
    _HOUR,
    _TRACKED,
)
