"""Whether probabilities came true: bands, mean, ranking over time, and when each of them is an alarm."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.calibration import Group, Ranking, auc_error, bands_of, group_of, groups_of, rankings_of
from scoring.findings import Expected, on_fallbacks, on_latency, on_mean, on_ranking, worst
from scoring.levels import Level

MAY = datetime(2026, 5, 1, tzinfo=UTC)


def test_each_band_holds_the_leads_with_its_scores_and_what_came_of_them() -> None:
    chances = np.array([0.0, 0.094, 0.096, 0.85, 0.88, 1.0])
    labels = np.array([False, False, True, True, False, True])
    bands = {band.low: band for band in bands_of(chances, labels)}
    assert [(band.low, band.high) for band in bands.values()][-2:] == [(80, 89), (90, 100)]
    lowest, next_one, eighties = bands[0].group, bands[10].group, bands[80].group
    assert lowest is not None
    assert next_one is not None
    assert eighties is not None
    assert (lowest.leads, lowest.mean, lowest.rate) == (2, 0.047, 0.0)
    assert lowest.error == pytest.approx((0.094 * 0.906) ** 0.5 / 2)
    assert (next_one.leads, next_one.mean, next_one.rate) == (1, 0.096, 1.0)
    assert (eighties.leads, round(eighties.mean, 3), eighties.rate) == (2, 0.865, 0.5)
    assert bands[50].group is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200))
def test_no_lead_is_lost_between_the_bands(leads: list[tuple[float, bool]]) -> None:
    chances, labels = np.array([one for one, _ in leads]), np.array([label for _, label in leads])
    assert sum(band.group.leads for band in bands_of(chances, labels) if band.group) == len(leads)


def test_groups_come_the_largest_first() -> None:
    chances, labels = np.array([0.2, 0.4, 0.6]), np.array([False, True, True])
    found = groups_of(["a", "b", "b"], chances, labels)
    assert {key: (group.leads, group.mean, group.rate) for key, group in found.items()} == {
        "b": (2, 0.5, 1.0),
        "a": (1, 0.2, 0.0),
    }
    assert list(found) == ["b", "a"]


def test_a_ranking_is_given_for_fifty_of_the_rarer_kind_and_the_rest_belongs_to_the_last() -> None:
    labels = np.array([place % 4 == 0 for place in range(500)])
    received = [MAY + timedelta(hours=place) for place in range(500)]
    points = rankings_of(received, labels * 0.5 + 0.2, labels)
    assert [point.leads for point in points] == [197, 303]
    assert (points[0].first, points[-1].last) == (received[0], received[-1])
    assert [point.auc for point in points] == [1.0, 1.0]
    assert rankings_of(received[:190], labels[:190] * 0.5, labels[:190]) == []


def test_the_error_of_an_auc_is_that_of_the_literature() -> None:
    assert auc_error(0.893, 51, 58) == pytest.approx(0.032, abs=0.001)  # Hanley and McNeil 1982, rating data


@pytest.mark.parametrize(
    ("mean", "rate", "leads", "level"),
    [
        (0.5, 0.1, 99, Level.UNKNOWN),
        (0.50, 0.49, 400, Level.GOOD),
        (0.50, 0.44, 400, Level.WARNING),
        (0.50, 0.42, 400, Level.ALARM),
        (0.50, 0.39, 100, Level.ALARM),  # 2.2 errors, and off by a quarter
        (0.05, 0.03, 100, Level.GOOD),  # off by a half, which five leads make
    ],
)
def test_the_mean_is_off_by_errors_and_not_by_chance(mean: float, rate: float, leads: int, level: Level) -> None:
    error = (mean * (1 - mean) / leads) ** 0.5
    assert on_mean(Group(leads, mean, rate, error)).level == level


def test_calibrated_leads_are_seldom_found_wrong() -> None:
    dice = np.random.default_rng(5)
    found = []
    for _ in range(400):
        chances = dice.beta(2, 3, 500)
        found.append(on_mean(group_of(chances, dice.random(500) < chances)).level)
    assert found.count(Level.ALARM) <= 4


def ranking(auc: float, error: float = 0.02) -> Ranking:
    return Ranking(MAY, MAY, 400, auc, error)


@pytest.mark.parametrize(
    ("auc", "error", "level"),
    [(0.79, 0.01, Level.GOOD), (0.76, 0.01, Level.WARNING), (0.72, 0.01, Level.ALARM), (0.72, 0.05, Level.GOOD)],
)
def test_a_ranking_is_lost_by_so_much_and_more_than_chance(auc: float, error: float, level: Level) -> None:
    assert on_ranking(ranking(auc, error), Expected(0.8, 0.01)).level == level


def test_without_a_ranking_or_a_promise_nothing_is_said() -> None:
    assert on_ranking(None, Expected(0.8, 0.01)).level == Level.UNKNOWN
    assert on_ranking(ranking(0.6), None).level == Level.UNKNOWN


def test_the_pulse_is_felt_on_two_hundred_leads() -> None:
    assert [on_fallbacks(one, 1000).level for one in (4, 6, 21)] == [Level.GOOD, Level.WARNING, Level.ALARM]
    assert on_fallbacks(199, 199).level == Level.UNKNOWN
    assert [on_latency(one, 1000).level for one in (19.0, 21.0, 51.0)] == [Level.GOOD, Level.WARNING, Level.ALARM]
    assert on_latency(None, 1000).level == Level.UNKNOWN


def test_the_worst_counts_and_what_is_unknown_is_better_than_what_is_bad() -> None:
    unknown, bad = on_fallbacks(0, 1), on_fallbacks(6, 1000)
    assert worst([unknown, bad]) == Level.WARNING
    assert worst([]) == Level.UNKNOWN
