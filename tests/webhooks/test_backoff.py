"""The retry schedule is the published one, and receivers' wishes bend it only within bounds."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.backoff import LIFETIME, next_attempt, read_retry_after

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def schedule(jitter: float = 0.5) -> list[timedelta]:
    """When the tries of a message that always fails are due, counted from the first."""
    times, moment = [timedelta(0)], START
    while following := next_attempt(tries=len(times), first_attempt_at=START, now=moment, jitter=jitter):
        times.append(following - START)
        moment = following
    return times


def after(tries: int = 1, **more: object) -> timedelta | None:
    moment = next_attempt(tries=tries, first_attempt_at=START, now=START, jitter=0.5, **more)  # type: ignore[arg-type]
    return None if moment is None else moment - START


def test_the_gaps_are_one_minute_five_thirty_then_hourly() -> None:
    times = schedule()
    assert [later - earlier for earlier, later in pairwise(times[:6])] == [
        MINUTE,
        5 * MINUTE,
        30 * MINUTE,
        HOUR,
        HOUR,
    ]


def test_a_message_has_75_tries_within_72_hours() -> None:
    times = schedule()
    assert len(times) == 75
    assert times[-1] == timedelta(hours=71, minutes=36)


@given(st.floats(0, 1), st.integers(1, 80))
def test_each_gap_is_within_a_fifth_of_its_length(jitter: float, tries: int) -> None:
    exact = after(tries)
    assert exact is not None
    moment = next_attempt(tries=tries, first_attempt_at=START, now=START, jitter=jitter)
    assert moment is not None
    slack = timedelta(microseconds=1)
    assert exact * 0.8 - slack <= moment - START <= exact * 1.2 + slack


@given(st.floats(0, 1), st.integers(1, 100), st.integers(0, 300_000), st.none() | st.integers(0, 10**7))
def test_no_try_is_planned_later_than_72_hours_after_the_first(
    jitter: float, tries: int, elapsed: int, wish: int | None
) -> None:
    now = START + timedelta(seconds=elapsed)
    retry_after = None if wish is None else timedelta(seconds=wish)
    moment = next_attempt(tries=tries, first_attempt_at=START, now=now, jitter=jitter, retry_after=retry_after)
    assert moment is None or now < moment <= START + LIFETIME


def test_retry_after_delays_but_never_hurries() -> None:
    assert after(retry_after=timedelta(seconds=1)) == MINUTE
    assert after(retry_after=timedelta(minutes=10)) == timedelta(minutes=10)


def test_retry_after_is_honoured_for_a_day_at_the_most() -> None:
    assert after(retry_after=timedelta(days=30)) == timedelta(hours=24)


def test_a_wish_beyond_the_end_of_life_gets_the_last_moment() -> None:
    now = START + timedelta(hours=70)
    moment = next_attempt(tries=70, first_attempt_at=START, now=now, jitter=0.5, retry_after=timedelta(hours=9))
    assert moment == START + LIFETIME


def test_an_answer_that_asks_for_time_gets_a_whole_minute_despite_jitter() -> None:
    hurried = next_attempt(tries=1, first_attempt_at=START, now=START, jitter=0.0)
    patient = next_attempt(tries=1, first_attempt_at=START, now=START, jitter=0.0, slow_down=True)
    assert (hurried, patient) == (START + timedelta(seconds=48), START + MINUTE)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta(0)),
        ("Fri, 01 May 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Fri, 01 May 2026 11:00:00 GMT", timedelta(0)),
        ("9" * 300, timedelta(seconds=10**9)),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("١٢", None),
        ("Fri, 99 May 2026 12:10:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date_and_else_ignored(text: str, wait: timedelta | None) -> None:
    assert read_retry_after(text, now=START) == wait
