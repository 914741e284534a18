"""The scorecard: plausible, explained to the last point, and the same every time."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.scorecard import SCORECARD, Reason, Scored, grade_of
from tests.scoring.test_features import ACCIDENT, MARIA, RECEIVED, features


def score(fields: dict[str, object], *flags: str) -> Scored:
    return SCORECARD.score(features(fields, *flags))


def test_the_founding_sample_scores_87_and_says_why() -> None:
    scored = score(MARIA, "phone_invalid")
    assert (scored.score, scored.log_odds, scored.base, scored.stage, scored.model) == (
        87,
        1.9,
        0.75,
        "rules",
        "scorecard-1",
    )
    assert scored.reasons == (
        Reason("PHONE_UNASSIGNED_DOWN", "The telephone number is not assigned in the numbering plan.", -0.6),
        Reason("CONSENT_FRESH_UP", "Consent was given less than five minutes before.", 0.55),
        Reason("EMAIL_CORPORATE_UP", "The e-mail address has a domain of its own.", 0.45),
        Reason("INCIDENT_RECENT_UP", "The incident happened within the last 90 days.", 0.45),
        Reason("IP_UNUSABLE_DOWN", "The Internet address is private or reserved.", -0.05),
    )


def test_a_working_number_in_the_leads_state_raises_the_score() -> None:
    assert score(MARIA | {"phone": "+15124721234"}).score == 96


def test_a_lead_of_which_nothing_is_known_scores_low() -> None:
    assert score({}).score < 15


def test_an_unknown_vertical_starts_with_the_usual_base() -> None:
    assert SCORECARD.score({"vertical": "pet_grooming"}).base == 0.75


def test_older_consent_never_raises_the_score() -> None:
    ages = [
        timedelta(0),
        timedelta(minutes=6),
        timedelta(hours=2),
        timedelta(days=2),
        timedelta(days=8),
        timedelta(days=90),
    ]
    scores = [score(MARIA | {"consent_timestamp": (RECEIVED - age).isoformat()}).score for age in ages]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(ages)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"email": "maria@gmail.com"}, {"email": "maria@mailinator.com"}),
        ({"accident_date": "2026-05-02"}, {"accident_date": "2027-05-02"}),
        ({"zip": "75001"}, {"zip": "90001"}),
        ({"user_agent": "Mozilla/5.0"}, {"user_agent": "python-requests/2"}),
    ],
)
def test_what_buyers_dislike_lowers_the_score(better: dict[str, object], worse: dict[str, object]) -> None:
    assert score(MARIA | better).score > score(MARIA | worse).score


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10)
KNOWN = st.sampled_from(
    ["ordinary", "missing", "free", "disposable", "public", "bot", "mortgage", True, False, 3, 40.0, -5]
)


@given(st.dictionaries(st.sampled_from(sorted(features(MARIA))), KNOWN | VALUES))
def test_base_and_contributions_add_up_exactly(known: dict[str, str | int | float | bool | None]) -> None:
    scored = SCORECARD.score(known)
    points = [round(effect * 100) for effect in (scored.base, *scored.contributions.values())]
    assert sum(points) / 100 == scored.log_odds
    assert scored.probability == pytest.approx(1 / (1 + math.exp(-scored.log_odds)), abs=1e-6)
    assert 0 <= scored.score <= 100


@given(st.dictionaries(st.sampled_from(sorted(features(MARIA))), KNOWN))
def test_reasons_are_the_strongest_three_of_each_direction(known: dict[str, str | int | float | bool | None]) -> None:
    scored = SCORECARD.score(known)
    shown = [reason.effect for reason in scored.reasons]
    for sign in (1, -1):
        effects = sorted(
            (effect * sign for effect in scored.contributions.values() if effect * sign >= 0.05), reverse=True
        )
        assert [effect * sign for effect in shown if effect * sign > 0] == effects[:3]
    assert shown == sorted(shown, key=lambda effect: -abs(effect))


def test_the_profile_of_a_lead_type_counts_its_own_fields_as_expected() -> None:
    assert ACCIDENT.expected == {
        "first_name",
        "last_name",
        "phone",
        "email",
        "state",
        "injury_severity",
        "accident_date",
    }


def test_a_grade_is_the_quarter_that_a_percentile_lies_in() -> None:
    found = [grade_of(percentile) for percentile in (0, 24, 25, 49, 50, 74, 75, 99)]
    assert found == ["D", "D", "C", "C", "B", "B", "A", "A"]
    assert grade_of(None) is None
