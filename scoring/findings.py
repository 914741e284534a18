"""When a figure of the watch is a warning, and when it is an alarm. Pure.

A limit holds only where the leads are enough to tell it from noise; where they are too few, a figure says nothing and
is called unknown. Limits are those that the field uses, each with room for chance.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import hypot
from typing import Any, Final

from scoring.calibration import Group, Ranking
from scoring.drift import Shift, Stability
from scoring.levels import Level

FEWEST_LEADS: Final = 500
"""Leads before a population stability index means anything."""
FEWEST_OUTCOMES: Final = 100
FEWEST_ANSWERS: Final = 200
"""Leads within the quarter of an hour before a share of fallbacks or a slowest hundredth means anything."""
_ROOM: Final = 3.0  # times the noise of an index, or standard errors of a share
_PSI: Final = (0.1, 0.25)
_GROWN: Final = ((2, 0.02), (3, 0.05))  # times what it was, and at least so much of all leads
_MEAN_ERRORS: Final = (2.0, 3.0)
_MEAN_OFF: Final = 0.25
_AUC_LOST: Final = (0.03, 0.06)
_AUC_ERRORS: Final = (1.64, 2.33)  # of both AUCs together: one in twenty by chance, one in a hundred
_FALLBACKS: Final = (0.005, 0.02)
_LATENCY_MS: Final = (20.0, 50.0)


_ORDER: Final = list(Level)


@dataclass(frozen=True, slots=True)
class Expected:
    """The AUC that a model promised, and the standard error of that."""

    auc: float
    error: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of the watch; `subject` is the feature that it is about, where it is about one."""

    check: str
    level: Level
    figures: dict[str, Any]
    subject: str = ""

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {"check": self.check, "subject": self.subject, "level": str(self.level), "figures": self.figures}


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level among the findings; unknown where there is none."""
    return max((one.level for one in findings), key=_ORDER.index, default=Level.UNKNOWN)


def on_stability(found: Stability | None, *, check: str = "score_psi", subject: str = "") -> Finding:
    """PSI over 0.1 (0.25) and over three times its noise, on 500 leads or more."""
    if found is None or found.leads < FEWEST_LEADS:
        return Finding(check, Level.UNKNOWN, {"leads": found.leads if found else 0, "needs": FEWEST_LEADS}, subject)
    figures = {"psi": round(found.psi, 4), "noise": round(found.noise, 4), "leads": found.leads}
    level = _level(found.psi, _PSI) if found.psi > _ROOM * found.noise else Level.GOOD
    return Finding(check, level, figures, subject)


def on_shift(found: Shift) -> list[Finding]:
    """A feature's stability, and its shares of missing and unknown values: doubled (tripled) beyond noise.

    A share counts only where it has grown by two (five) leads in a hundred as well.
    """
    leads = found.stability.leads
    return [
        on_stability(found.stability, check="feature_psi", subject=found.feature),
        _on_share("missing", found.feature, found.missing, found.missing_before, leads),
        _on_share("other", found.feature, found.other, found.other_before, leads),
    ]


def _on_share(check: str, feature: str, now: float, before: float, leads: int) -> Finding:
    if leads < FEWEST_LEADS:
        return Finding(check, Level.UNKNOWN, {"leads": leads, "needs": FEWEST_LEADS}, feature)
    beyond_noise = now - before > _ROOM * (max(before, now) / leads) ** 0.5
    level = Level.GOOD
    for (times, least), reached in zip(_GROWN, (Level.WARNING, Level.ALARM), strict=True):
        if beyond_noise and now >= times * before and now - before >= least:
            level = reached
    return Finding(check, level, {"now": round(now, 4), "before": round(before, 4), "leads": leads}, feature)


def on_mean(found: Group | None) -> Finding:
    """Mean prediction against rate on 100 outcomes or more: off by two (three) standard errors.

    Off by a quarter of the rate is an alarm too where it is two standard errors.
    """
    if found is None or found.leads < FEWEST_OUTCOMES:
        return Finding("mean", Level.UNKNOWN, {"outcomes": found.leads if found else 0, "needs": FEWEST_OUTCOMES})
    off = abs(found.mean - found.rate)
    level = _level(off / max(found.error, 1e-9), _MEAN_ERRORS)
    if level == Level.WARNING and off > _MEAN_OFF * found.rate:
        level = Level.ALARM
    return Finding("mean", level, {name: round(value, 4) for name, value in asdict(found).items()})


def on_ranking(latest: Ranking | None, expected: Expected | None) -> Finding:
    """The latest AUC against the one the model was let through with: lost 0.03 (0.06), and more than chance takes."""
    if latest is None or expected is None:
        return Finding("auc", Level.UNKNOWN, {"expected": expected.auc if expected else None})
    lost, error = expected.auc - latest.auc, hypot(latest.error, expected.error)
    figures = {"auc": round(latest.auc, 4), "expected": round(expected.auc, 4), "error": round(error, 4)}
    levels = [
        level
        for level, least, errors in zip((Level.WARNING, Level.ALARM), _AUC_LOST, _AUC_ERRORS, strict=True)
        if lost > least and lost > errors * error
    ]
    return Finding("auc", levels[-1] if levels else Level.GOOD, {**figures, "leads": latest.leads})


def on_fallbacks(fallbacks: int, leads: int) -> Finding:
    """The share of leads that the scorecard had to score in a champion's place: over 0.5 % (2 %)."""
    if leads < FEWEST_ANSWERS:
        return Finding("fallbacks", Level.UNKNOWN, {"leads": leads, "needs": FEWEST_ANSWERS})
    share = fallbacks / leads
    return Finding("fallbacks", _level(share, _FALLBACKS), {"share": round(share, 4), "leads": leads})


def on_latency(p99_ms: float | None, leads: int) -> Finding:
    """The time of the slowest hundredth of scores: over 20 ms (50 ms)."""
    if p99_ms is None or leads < FEWEST_ANSWERS:
        return Finding("latency", Level.UNKNOWN, {"leads": leads, "needs": FEWEST_ANSWERS})
    return Finding("latency", _level(p99_ms, _LATENCY_MS), {"p99_ms": round(p99_ms, 3), "leads": leads})


def _level(value: float, limits: tuple[float, float]) -> Level:
    warning, alarm = limits
    return Level.ALARM if value > alarm else Level.WARNING if value > warning else Level.GOOD
