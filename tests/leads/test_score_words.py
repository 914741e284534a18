"""What the gate and the watch found, in words."""

from leads.score_words import alarm_sentences, check_lines


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


def test_alarms_are_told_with_their_figures_and_nothing_else_is() -> None:
    spread, missing = {"psi": 0.31, "noise": 0.02, "leads": 900}, {"now": 0.3, "before": 0.1, "leads": 900}
    findings = [
        {"check": "mean", "subject": "", "level": "alarm", "figures": {"mean": 0.621, "rate": 0.41, "leads": 320}},
        {"check": "auc", "subject": "", "level": "warning", "figures": {"auc": 0.7, "expected": 0.74}},
        {"check": "feature_psi", "subject": "source", "level": "alarm", "figures": spread},
        {"check": "missing", "subject": "phone", "level": "alarm", "figures": missing},
    ]
    assert alarm_sentences(findings) == [
        "Predictions come true? 62.1 % predicted, 41.0 % true, of 320 outcomes.",
        "source is spread otherwise: PSI 0.310 on 900 leads; 0.020 is noise.",
        "phone is missing in 30.0 % of 900 leads; before in 10.0 %.",
    ]
