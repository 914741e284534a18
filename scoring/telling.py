"""What a learned model's reasons are called and how they read: a fact about the lead, under the signal it belongs to.

Where the scorecard has a line for the value, its code and sentence are used, so that the same fact has one name however
the score was made. Reasons describe the model, not causes. Pure.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from scoring.features import Feature
from scoring.points import RULES
from scoring.rules import Rule
from scoring.vocabulary import RATIO, Ratio, parts_of

_RULE_OF: Final[Mapping[str, Rule]] = {rule.feature: rule for rule in RULES}
_SIGNALS: Final[Mapping[str, str]] = {
    **{rule.feature: rule.signal for rule in RULES},
    "state": "place",
    "local_weekday": "time",
    "sub_source": "source",
    "campaign": "source",
}
AGENCY: Final = "agency"
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

FACTS: Final[Mapping[str, tuple[str, str, str]]] = {
    AGENCY: ("AGENCY", "The lead is of this agency.", "The lead is of this agency."),
    "vertical": ("LEAD_TYPE", "The lead type is {value}.", "The lead has no type."),
    "source": ("SOURCE", "The source is {value}.", "There is no source."),
    "sub_source": ("SUB_SOURCE", "The source names {value}.", "The source names no part of it."),
    "campaign": ("CAMPAIGN", "The campaign is {value}.", "There is no campaign."),
    "state": ("STATE", "The state is {value}.", "There is no state."),
    "case_type": ("CASE_TYPE", "The case type is {value}.", "There is no case type."),
    "local_weekday": ("WEEKDAY", "It was a {value} where the lead lives.", "The weekday is not known."),
    "local_hour": ("HOUR", "It was {value} o'clock where the lead lives.", "The hour is not known."),
    "consent_age_minutes": ("CONSENT_AGE", "Consent was given {value} minutes before.", "There is no time of consent."),
    "incident_age_days": ("INCIDENT_AGE", "The incident was {value} days before.", "There is no date of the incident."),
    "filled_share": ("FIELDS_FILLED", "{value} of the expected fields are filled.", "No field is filled."),
    "email_digit_share": ("EMAIL_DIGITS_SHARE", "{value} of the e-mail address are digits.", "There is no e-mail."),
}
"""Code and sentences of features for whose value the scorecard has no line: where it is known, and where it is not."""
FIELD: Final = ("FIELD", "{name} is {value}.", "{name} is not given.")
DAYS_SINCE: Final = ("FIELD_DATE", "{name} was {value} days before.", "{name} is not given.")
FIELD_RATIO: Final = ("FIELD_RATIO", "{name} is {value:.3g} times {other}.", "{name} or {other} is not given.")


def told_as(feature: str, features: Mapping[str, Feature]) -> str:
    """The feature by which the lead's agency is told of this one.

    A model that agencies share looks at fields which some of them ask and others do not. To those who do not, that is a
    matter of whose lead it is, and the field's name is none of their business.
    """
    return AGENCY if AGENCY in features and not features.keys() >= parts_of(feature) else feature


def signal_of(feature: str) -> str:
    """The signal that a feature belongs to; a field of the lead type is one by itself."""
    return _SIGNALS.get(feature, feature)


def tell(parts: Sequence[tuple[str, float]], features: Mapping[str, Feature], total: float) -> tuple[str, str]:
    """Code and sentence of one signal, by the feature that pulls most its way; `total` gives the direction."""
    direction = 1 if total > 0 else -1
    feature, _ = max(parts, key=lambda part: (part[1] * direction, part[0]))
    code, text = _fact(feature, features)
    return f"{code}_{'UP' if total > 0 else 'DOWN'}", text


def _fact(feature: str, features: Mapping[str, Feature]) -> tuple[str, str]:
    value = _own(features.get(feature), features)
    if (rule := _RULE_OF.get(feature)) and (line := rule.line(value)):
        return line.code, line.text
    if RATIO in feature:
        return _ratio(feature, features)
    prefix, _, name = feature.partition(".")
    usual = DAYS_SINCE if prefix == "days_since" else FIELD
    code, known, unknown = FACTS.get(feature, usual)
    shown = _shown(feature, value)
    return code, (unknown if shown is None else known).format(name=_title(name or feature), value=shown)


def _own(value: Feature, features: Mapping[str, Feature]) -> Feature:
    """The value as its agency knows it: without the mark that a model of several agencies sees on slugs."""
    return value.removeprefix(f"{features.get(AGENCY)}:") if isinstance(value, str) else value


def _ratio(feature: str, features: Mapping[str, Feature]) -> tuple[str, str]:
    top, _, bottom = feature.partition(RATIO)
    code, known, unknown = FIELD_RATIO
    names = [_title(name.removeprefix("field.")) for name in (top, bottom)]
    value = Ratio(top, bottom).of(features)
    text = known.format(name=names[0], other=names[1].lower(), value=value) if isfinite(value) else unknown
    return code, text.format(name=names[0], other=names[1].lower())


def _title(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _shown(feature: str, value: Feature) -> str | None:
    if value is None or value == "":
        return None
    if feature == "local_weekday" and isinstance(value, int) and 0 <= value < len(_WEEKDAYS):
        return _WEEKDAYS[value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)[:40]
