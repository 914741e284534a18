"""The score before anything was learned: hand-set points, added up in log-odds, each of them a reason. Pure.

score = round(100 x probability); probability = 1 / (1 + e^-(base + contributions)). The contributions of all signals
and the base add up to the log-odds exactly. A trained model takes this one's place behind the same Scorer.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

NAME = "scorecard-1"
STAGE = "rules"
BASE = 0.9
_MOST_REASONS = 3  # of each direction
_SMALLEST = 0.05  # log-odds below which a signal is no reason


@dataclass(frozen=True, slots=True)
class ScoreReason:
    """One signal's part in the score: `effect` in log-odds, above zero where it speaks for the lead."""

    code: str
    text: str
    effect: float

    def record(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"code": self.code, "text": self.text, "effect": self.effect}


@dataclass(frozen=True, slots=True)
class Scored:
    """A score from 0 to 100 with what made it: `contributions` by signal and `base` add up to `log_odds`."""

    score: int
    probability: float
    log_odds: float
    base: float
    contributions: Mapping[str, float]
    reasons: tuple[ScoreReason, ...]
    stage: str
    model: str


class Scorer(Protocol):
    """Whatever turns features into a score."""

    def score(self, features: Mapping[str, Any]) -> Scored:
        """The score of these features. Never fails, whatever they hold."""


Points = tuple[float, str, str]
"""Log-odds, reason code and sentence."""
_NOTHING: Points = (0.0, "", "")

_PHONE: dict[str, Points] = {
    "valid": (0.35, "PHONE_VALID", "The telephone number is assigned."),
    "toll_free": (-0.9, "PHONE_TOLL_FREE", "A toll-free number is rarely a person's own."),
    "unassigned": (-0.8, "PHONE_UNASSIGNED", "No such telephone number is assigned."),
    "missing": (-1.2, "PHONE_MISSING", "There is no telephone number."),
}
_EMAIL: dict[str, Points] = {
    "own_domain": (0.1, "EMAIL_OWN_DOMAIN", "The e-mail address has a domain of its own."),
    "education": (0.05, "EMAIL_EDUCATION", "The e-mail address is of a school or university."),
    "role": (-0.5, "EMAIL_ROLE", "The e-mail address is a role's, not a person's."),
    "disposable": (-1.6, "EMAIL_DISPOSABLE", "The e-mail address is a disposable one."),
    "missing": (-0.4, "EMAIL_MISSING", "There is no e-mail address."),
}
_IP: dict[str, Points] = {"public": (0.1, "IP_PUBLIC", "The lead came from a public internet address.")}


def _word(table: Mapping[str, Points]) -> Callable[[Any], Points]:
    return lambda value: table.get(value, _NOTHING) if isinstance(value, str) else _NOTHING


def _yes_no(yes: Points, no: Points = _NOTHING) -> Callable[[Any], Points]:
    return lambda value: yes if value is True else no if value is False else _NOTHING


def _consent(minutes: Any) -> Points:
    if not isinstance(minutes, int | float):
        return (-0.25, "CONSENT_UNKNOWN", "Nothing says when the person agreed to be contacted.")
    if minutes <= 15:
        return (0.6, "CONSENT_FRESH", "The person agreed to be contacted minutes ago.")
    if minutes <= 24 * 60:
        return (0.25, "CONSENT_TODAY", "The person agreed to be contacted within a day.")
    if minutes <= 7 * 24 * 60:
        return (-0.2, "CONSENT_DAYS_OLD", "The person agreed to be contacted days ago.")
    return (-0.8, "CONSENT_OLD", "The person agreed to be contacted more than a week ago.")


def _incident(days: Any) -> Points:
    if not isinstance(days, int | float):
        return _NOTHING
    if days < 0:
        return (-0.8, "INCIDENT_IN_FUTURE", "The incident is dated after the lead.")
    if days <= 180:
        return (0.35, "INCIDENT_RECENT", "The incident happened within half a year.")
    if days <= 730:
        return _NOTHING
    return (-0.6, "INCIDENT_OLD", "The incident happened more than two years ago.")


def _completeness(share: Any) -> Points:
    if not isinstance(share, int | float):
        return _NOTHING
    if share >= 0.6:
        return (0.2, "CONTACT_COMPLETE", "Most contact details are given.")
    return (-0.4, "CONTACT_SPARSE", "Few contact details are given.") if share < 0.35 else _NOTHING


_SIGNALS: dict[str, Callable[[Any], Points]] = {
    "phone": _word(_PHONE),
    "area_code_state": _yes_no(
        (0.15, "AREA_CODE_MATCHES", "The area code belongs to the state."),
        (-0.15, "AREA_CODE_ELSEWHERE", "The area code belongs to another state."),
    ),
    "email": _word(_EMAIL),
    "email_names_person": _yes_no((0.2, "EMAIL_NAMES_PERSON", "The e-mail address resembles the person's name.")),
    "zip_state": _yes_no(
        (0.1, "ZIP_MATCHES", "The ZIP code lies in the state."),
        (-0.6, "ZIP_ELSEWHERE", "The ZIP code lies in another state."),
    ),
    "consent_minutes": _consent,
    "incident_days": _incident,
    "ip": _word(_IP),
    "contact_share": _completeness,
    "tracked": _yes_no((0.1, "SOURCE_TRACKED", "The click or page that brought the lead is known.")),
    "has_detail": _yes_no((0.15, "DETAIL_GIVEN", "Details of the case are given.")),
}


class Scorecard:
    """The hand-set points. Stateless and safe to share between threads."""

    def score(self, features: Mapping[str, Any]) -> Scored:
        """The score; a feature that is missing or of a foreign shape counts nothing."""
        points = {name: signal(features.get(name)) for name, signal in _SIGNALS.items()}
        contributions = {name: effect for name, (effect, _, _) in points.items() if effect}
        log_odds = math.fsum((BASE, *contributions.values()))
        probability = 1 / (1 + math.exp(-log_odds))
        return Scored(
            score=round(100 * probability),
            probability=probability,
            log_odds=log_odds,
            base=BASE,
            contributions=contributions,
            reasons=_reasons(points.values()),
            stage=STAGE,
            model=NAME,
        )


def _reasons(points: Any) -> tuple[ScoreReason, ...]:
    found = [ScoreReason(code, text, effect) for effect, code, text in points if abs(effect) >= _SMALLEST]
    ordered = sorted(found, key=lambda reason: (-abs(reason.effect), reason.code))
    up = [reason for reason in ordered if reason.effect > 0][:_MOST_REASONS]
    down = [reason for reason in ordered if reason.effect < 0][:_MOST_REASONS]
    return tuple(sorted(up + down, key=lambda reason: (-abs(reason.effect), reason.code)))


SCORECARD: Scorer = Scorecard()
