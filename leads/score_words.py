"""What the watch of scores found, in sentences: for the page and for e-mails."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scoring.levels import Level

_TITLES: Final = {
    "mean": "Predictions come true",
    "auc": "Leads are ranked as well as promised",
    "score_psi": "Scores are spread as before",
    "fallbacks": "The champion answers every lead",
    "latency": "Scoring is quick",
}
_CHECKS: Final = {
    "enough_outcomes": "Enough later outcomes",
    "log_loss": "Better than the champion (log loss)",
    "mean": "Mean prediction within chance of the rate",
    "calibration": "Calibrated as well as chance allows",
    "no_leak": "No feature that gives the answer away",
    "forward": "Better on the newest leads",
    "allowed": "Looks at nothing that is barred",
    "loads": "Loads",
    "reloads_the_same": "Loads again to the same answers",
    "latency": "Quick",
    "size": "Small",
    "fairness": "Fair by what other agencies compare",
    "fairness_report": "A fairness report of these days",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One check: what it asks, how it stands, and what was found."""

    title: str
    level: str
    detail: str


def finding_lines(findings: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The checks that are about no single feature, in a fixed order."""
    known = {one["check"]: one for one in findings if not one["subject"]}
    return [
        Line(title, known[check]["level"], _detail(check, known[check]["figures"]))
        for check, title in _TITLES.items()
        if check in known
    ]


def alarm_sentences(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is an alarm among the findings, a sentence or two each."""
    alarming = [one for one in findings if one["level"] == Level.ALARM]
    return [_sentence(one["check"], one["subject"], one["figures"]) for one in alarming]


def _sentence(check: str, subject: str, figures: Mapping[str, Any]) -> str:
    if not subject:
        return f"{_TITLES[check]}? {_detail(check, figures)}"
    if check == "feature_psi":
        return f"{subject} is spread otherwise: {_detail('score_psi', figures)}"
    if "now" not in figures:
        return f"{subject} {'is missing' if check == 'missing' else 'is unknown to the champion'} far more than before."
    now, before = _percent(figures["now"]), _percent(figures["before"])
    what = "is missing" if check == "missing" else "has a value that the champion does not know"
    return f"{subject} {what} in {now} of {figures['leads']} leads; before in {before}."


def feature_levels(findings: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The worst level that was found of each feature."""
    order: list[str] = [*Level]
    found: dict[str, str] = {}
    for one in findings:
        if one["subject"]:
            found[one["subject"]] = max(found.get(one["subject"], Level.GOOD), one["level"], key=order.index)
    return found


def check_lines(checks: Iterable[Mapping[str, Any]]) -> list[Line]:
    """The questions of a gate with their answers."""
    return [
        Line(_check_title(one["name"]), "passed" if one["passed"] else "failed", _figures(one["figures"]))
        for one in checks
    ]


def _check_title(name: str) -> str:
    kind, _, subject = name.partition("_")
    if kind == "segments":
        return f"No {subject} worse by 5 %"
    if name not in _CHECKS and kind == "fairness":
        return f"Fair by {subject.replace('_', ' ')}"
    return _CHECKS.get(name, name)


def _detail(check: str, figures: Mapping[str, Any]) -> str:
    if "needs" in figures:
        have = figures.get("leads", figures.get("outcomes"))
        return f"It takes {figures['needs']}." if have is None else f"{have} of the {figures['needs']} it takes to say."
    match check:
        case "mean":
            mean, rate = _percent(figures["mean"]), _percent(figures["rate"])
            return f"{mean} predicted, {rate} true, of {figures['leads']} outcomes."
        case "auc" if "auc" in figures:
            return f"AUC {figures['auc']:.3f}; {figures['expected']:.3f} was promised."
        case "score_psi" if "noise" not in figures:
            return f"PSI {figures['psi']:.3f}, over all agencies that share the model."
        case "score_psi":
            return f"PSI {figures['psi']:.3f} on {figures['leads']} leads; {figures['noise']:.3f} is noise."
        case "fallbacks":
            return (
                f"{_percent(figures['share'], 2)} of {figures['leads']} leads in 15 minutes fell back to the scorecard."
            )
        case "latency":
            return f"99 of 100 within {figures['p99_ms']:.1f} ms."
        case _:
            return "Too few outcomes to say."


def _figures(figures: Mapping[str, Any]) -> str:
    """Figures of a check in a line, numbers to four places, and the groups worse off; nothing else that is nested."""
    plain = [
        f"{name.replace('_', ' ')} {_number(value)}"
        for name, value in figures.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    worse = figures.get("worse")
    groups = [f"{group} {change:+.1%}" for group, change in worse.items()] if isinstance(worse, Mapping) else []
    return ", ".join([*plain, *groups])


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _percent(share: float, places: int = 1) -> str:
    return f"{100 * share:.{places}f} %"
