"""When a contract is open, also on the two odd days of the year."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import FieldProblems
from routing.schedule import ALWAYS, parse_schedule

CHICAGO = ZoneInfo("America/Chicago")


def is_open(document: list[Any], utc: str, zone: ZoneInfo = CHICAGO) -> bool:
    return parse_schedule(document).is_open(datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(zone))


def test_no_schedule_means_always_open() -> None:
    assert ALWAYS.is_open(datetime(2026, 5, 12, tzinfo=UTC))
    assert parse_schedule([]) == ALWAYS


@pytest.mark.parametrize(
    ("utc", "expected"),
    [("2026-05-12T13:59", False), ("2026-05-12T14:00", True), ("2026-05-12T21:59", True), ("2026-05-12T22:00", False)],
)
def test_office_hours_begin_with_their_first_minute_and_end_before_their_last(utc: str, expected: bool) -> None:
    assert is_open([{"days": ["tue"], "from": "09:00", "to": "17:00"}], utc) is expected


@pytest.mark.parametrize(
    ("utc", "expected"),
    [
        ("2026-05-16T02:59", False),  # Friday 21:59
        ("2026-05-16T03:00", True),  # Friday 22:00
        ("2026-05-16T06:59", True),  # Saturday 01:59
        ("2026-05-16T07:00", False),  # Saturday 02:00
        ("2026-05-15T06:00", False),  # Friday 01:00 belongs to Thursday's night
    ],
)
def test_a_night_shift_belongs_to_the_day_it_begins_on(utc: str, expected: bool) -> None:
    assert is_open([{"days": ["fri"], "from": "22:00", "to": "02:00"}], utc) is expected


def test_the_night_from_sunday_ends_on_monday() -> None:
    sunday_night = [{"days": ["sun"], "from": "22:00", "to": "02:00"}]

    assert is_open(sunday_night, "2026-05-18T06:59")
    assert not is_open(sunday_night, "2026-05-18T07:00")


def test_a_whole_day_runs_to_24_00() -> None:
    assert is_open([{"days": ["tue"], "from": "00:00", "to": "24:00"}], "2026-05-13T04:59")
    assert not is_open([{"days": ["tue"], "from": "00:00", "to": "24:00"}], "2026-05-13T05:00")


def test_without_days_a_span_holds_every_day_and_without_hours_all_day() -> None:
    assert is_open([{"from": "09:00"}], "2026-05-17T14:00")
    assert is_open([{"days": ["sun"]}], "2026-05-18T04:59")


def test_in_spring_the_skipped_hour_does_not_occur_and_the_rest_of_the_span_does() -> None:
    early = [{"days": ["sun"], "from": "02:30", "to": "04:00"}]

    assert not is_open(early, "2026-03-08T07:59")  # 01:59 before the change
    assert is_open(early, "2026-03-08T08:00")  # 03:00 after it
    assert not is_open(early, "2026-03-08T09:00")  # 04:00


def test_in_autumn_the_repeated_hour_is_open_twice() -> None:
    early = [{"days": ["sun"], "from": "01:00", "to": "02:00"}]

    assert is_open(early, "2026-11-01T06:30")
    assert is_open(early, "2026-11-01T07:30")
    assert not is_open(early, "2026-11-01T08:00")


@pytest.mark.parametrize(
    ("document", "field", "code"),
    [
        ({}, "schedule", "not_a_list"),
        (["mon"], "schedule.0", "not_an_object"),
        ([{"day": "mon"}], "schedule.0.day", "unknown_member"),
        ([{"days": ["monday"]}], "schedule.0.days.0", "unknown_day"),
        ([{"days": []}], "schedule.0.days", "required"),
        ([{"from": "9:00"}], "schedule.0.from", "not_a_time"),
        ([{"to": "24:01"}], "schedule.0.to", "not_a_time"),
        ([{"from": "09:00", "to": "09:00"}], "schedule.0", "empty_span"),
    ],
)
def test_a_malformed_schedule_is_refused_with_the_path_of_its_fault(document: Any, field: str, code: str) -> None:
    with pytest.raises(FieldProblems) as refused:
        parse_schedule(document)

    assert [(problem.field, problem.code) for problem in refused.value.errors] == [(field, code)]
