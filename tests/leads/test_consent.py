"""Consent: missing and expired are reasons to reject a lead; the future is bad input."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.consent import consent_rejection, future_consent

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)


def fields(age: timedelta) -> dict[str, str]:
    return {"consent_timestamp": (NOON - age).isoformat()}


@pytest.mark.parametrize(
    ("required", "max_age_days", "age", "reason"),
    [
        (False, None, None, None),
        (False, 30, None, None),
        (True, None, None, "consent_missing"),
        (True, 30, None, "consent_missing"),
        (True, None, timedelta(days=4_000), None),
        (True, 30, timedelta(days=30), None),
        (True, 30, timedelta(days=30, seconds=1), "consent_expired"),
        (False, 30, timedelta(days=31), "consent_expired"),
    ],
)
def test_consent_rejects_a_lead_only_where_missing_or_too_old(
    required: bool, max_age_days: int | None, age: timedelta | None, reason: str | None
) -> None:
    lead = {} if age is None else fields(age)
    assert consent_rejection(lead, received_at=NOON, required=required, max_age_days=max_age_days) == reason


def test_a_clock_that_runs_a_little_ahead_is_forgiven() -> None:
    assert future_consent(fields(timedelta(seconds=-30)), NOON) is None


def test_consent_in_the_future_is_a_problem_of_its_field() -> None:
    problem = future_consent(fields(timedelta(seconds=-31)), NOON)
    assert problem is not None
    assert (problem.field, problem.code) == ("consent_timestamp", "in_future")
