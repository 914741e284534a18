"""In which periods caps count, what they leave room for, and what a sale claims of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import FieldProblems
from routing.caps import Cap, Capped, Claim, Unit, Usage, parse_caps
from routing.claims import cap_claims, usage_keys
from routing.engine import decide
from routing.types import SourceTerms
from routing.windows import Window, period_start, quarter_of
from tests.routing.markets import CAMPAIGN, NOON, SOURCE, buyer_id, contract, contract_id, market


def start(window: Window, zone: str, now: str) -> str:
    began = period_start(window, zone, quarter_of(datetime.fromisoformat(now).replace(tzinfo=UTC)))
    return began.strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("window", "zone", "now", "began"),
    [
        (Window.HOUR, "UTC", "2026-05-12T17:59:59", "2026-05-12T17:00"),
        (Window.HOUR, "Asia/Kathmandu", "2026-05-12T17:20:00", "2026-05-12T17:15"),
        (Window.DAY, "America/Chicago", "2026-05-12T04:59:59", "2026-05-11T05:00"),
        (Window.DAY, "America/Chicago", "2026-05-12T05:00:00", "2026-05-12T05:00"),
        (Window.DAY, "Asia/Kolkata", "2026-05-12T18:30:00", "2026-05-12T18:30"),
        (Window.WEEK, "America/New_York", "2026-05-18T03:59:59", "2026-05-11T04:00"),
        (Window.WEEK, "America/New_York", "2026-05-18T04:00:00", "2026-05-18T04:00"),
        (Window.MONTH, "Pacific/Auckland", "2026-05-31T12:00:00", "2026-05-31T12:00"),
        (Window.MONTH, "America/Chicago", "2026-06-01T04:59:59", "2026-05-01T05:00"),
        (Window.TOTAL, "America/Chicago", "2026-06-01T04:59:59", "1970-01-01T00:00"),
        # The days on which clocks change: 23 and 25 hours long, and weeks that begin before and end after.
        (Window.DAY, "America/Chicago", "2026-03-09T04:59:59", "2026-03-08T06:00"),
        (Window.DAY, "America/Chicago", "2026-11-02T05:59:59", "2026-11-01T05:00"),
        (Window.WEEK, "America/Chicago", "2026-03-09T04:59:59", "2026-03-02T06:00"),
        (Window.HOUR, "America/Chicago", "2026-11-01T06:30:00", "2026-11-01T06:00"),
        (Window.HOUR, "America/Chicago", "2026-11-01T07:30:00", "2026-11-01T07:00"),
        (Window.DAY, "Asia/Beirut", "2026-03-29T10:00:00", "2026-03-28T22:00"),  # its midnight is skipped
    ],
)
def test_a_period_begins_on_the_clock_of_its_zone(window: Window, zone: str, now: str, began: str) -> None:
    assert start(window, zone, now) == began


@pytest.mark.parametrize("window", [Window.HOUR, Window.DAY, Window.WEEK, Window.MONTH])
@pytest.mark.parametrize("zone", ["America/Chicago", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"])
def test_periods_follow_one_another_through_a_whole_year(window: Window, zone: str) -> None:
    moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * step) for step in range(4 * 24 * 365)]
    starts = [period_start.__wrapped__(window, zone, quarter_of(moment)) for moment in moments]

    assert all(began <= moment for began, moment in zip(starts, moments, strict=True))
    assert starts == sorted(starts)


def test_a_cap_may_differ_by_weekday() -> None:
    (cap,) = parse_caps([{"window": "day", "unit": "leads", "limit": 10, "weekdays": {"sat": 3, "sun": 0}}])

    assert [cap.limit_on(day) for day in range(7)] == [10, 10, 10, 10, 10, 3, 0]


def test_the_weekday_is_that_of_the_caps_zone() -> None:
    caps = parse_caps([{"window": "day", "unit": "leads", "limit": 10, "weekdays": {"sat": 0}}])
    saturday_in_tokyo = quarter_of(datetime(2026, 5, 15, 18, tzinfo=UTC))

    assert Capped(SOURCE, "Asia/Tokyo", caps).full({}, saturday_in_tokyo, 0) is not None
    assert Capped(SOURCE, "America/Chicago", caps).full({}, saturday_in_tokyo, 0) is None


def test_changing_a_cap_does_not_change_what_was_used() -> None:
    today = period_start(Window.DAY, "UTC", quarter_of(NOON))
    state = {"usage": {(contract_id(1), Window.DAY, today): Usage(5, 25000)}}

    def with_limit(limit: int) -> list[str]:
        caps = parse_caps([{"window": "day", "unit": "leads", "limit": limit}])
        return decide(market(contract(1, caps=caps), state=state)).codes()

    assert (with_limit(5), with_limit(6), with_limit(0)) == (["cap_reached"], ["won"], ["cap_reached"])


def test_a_sale_claims_of_contract_buyer_source_and_campaign_the_tightest_limits_once_per_window() -> None:
    caps = parse_caps(
        [
            {"window": "day", "unit": "leads", "limit": 10},
            {"window": "day", "unit": "money", "limit": 90000},
            {"window": "day", "unit": "leads", "limit": 8},
            {"window": "total", "unit": "leads", "limit": 100},
        ]
    )
    one = parse_caps([{"window": "month", "unit": "money", "limit": 70000}])
    source = SourceTerms(id=SOURCE, caps=one, payout_kind="percent", payout_value=5000)
    asked = market(contract(1, caps=caps, buyer_caps=one), source=source, caps=one)
    (winner,) = decide(asked).winners

    today, month = datetime(2026, 5, 12, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    claims = cap_claims(asked.terms, source, winner, NOON)
    assert claims == (
        Claim(contract_id(1), Window.DAY, today, 5000, 8, 90000),
        Claim(contract_id(1), Window.TOTAL, datetime(1970, 1, 1, tzinfo=UTC), 5000, 100, None),
        Claim(buyer_id(1), Window.MONTH, month, 5000, None, 70000),
        Claim(SOURCE, Window.MONTH, month, 2500, None, 70000),
        Claim(CAMPAIGN, Window.MONTH, month, 5000, None, 70000),
    )
    assert usage_keys(asked.terms, source, NOON) == tuple(sorted(claim[:3] for claim in claims))


def test_money_is_read_in_major_units_with_a_currency_and_stored_in_minor_units() -> None:
    caps = parse_caps([{"window": "day", "unit": "money", "limit": 12.5, "weekdays": {"sun": 1}}], currency="USD")

    assert caps == (Cap(Window.DAY, Unit.MONEY, 1250, (("sun", 100),)),)
    assert parse_caps([cap.to_content() for cap in caps]) == caps


@pytest.mark.parametrize(
    ("cap", "field", "code"),
    [
        (3, "caps.0", "not_an_object"),
        ({"window": "day", "unit": "leads"}, "caps.0.limit", "required"),
        ({"window": "day", "unit": "leads", "limit": 1, "per": "buyer"}, "caps.0.per", "unknown_member"),
        ({"window": "year", "unit": "leads", "limit": 1}, "caps.0.window", "unknown_choice"),
        ({"window": "day", "unit": ["leads"], "limit": 1}, "caps.0.unit", "unknown_choice"),
        ({"window": "day", "unit": "leads", "limit": -1}, "caps.0.limit", "bad_number"),
        ({"window": "day", "unit": "leads", "limit": 1.5}, "caps.0.limit", "bad_number"),
        ({"window": "day", "unit": "leads", "limit": True}, "caps.0.limit", "bad_number"),
        ({"window": "day", "unit": "money", "limit": 1.555}, "caps.0.limit", "bad_number"),
        ({"window": "day", "unit": "leads", "limit": 1, "weekdays": {"saturday": 1}},
         "caps.0.weekdays.saturday", "unknown_member"),
        ({"window": "day", "unit": "leads", "limit": 1, "weekdays": {"sat": "1"}}, "caps.0.weekdays.sat", "bad_number"),
        ({"window": "week", "unit": "leads", "limit": 1, "weekdays": {"sat": 1}}, "caps.0.weekdays", "not_daily"),
    ],
)  # fmt: skip
def test_a_malformed_cap_is_refused_with_the_path_of_its_fault(cap: Any, field: str, code: str) -> None:
    with pytest.raises(FieldProblems) as refused:
        parse_caps([cap], currency="USD")

    assert [(problem.field, problem.code) for problem in refused.value.errors] == [(field, code)]
