"""Checks of the gate as the page words them."""

from portal.score_words import check_lines


def test_the_groups_that_a_challenger_lets_down_are_named_with_how_much() -> None:
    checks = [
        {"name": "segments_source", "passed": False, "figures": {"worse": {"google_ads": 0.083, "tiktok": 0.2}}},
        {"name": "segments_state", "passed": True, "figures": {"worse": {}}},
        {"name": "segments_buyer", "passed": False, "figures": {"worse": 2}},
    ]
    assert [(line.title, line.level, line.detail) for line in check_lines(checks)] == [
        ("No source worse by 5 %", "failed", "google_ads +8.3%, tiktok +20.0%"),
        ("No state worse by 5 %", "passed", ""),
        ("No buyer worse by 5 %", "failed", "worse 2"),
    ]
