"""Charts of the scoring pages as numbers that a template draws: plain SVG, so that nothing is loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portal.templatetags.ui import percent

SIZE: Final = 240.0
"""Width and height of the plot, in the units of the picture."""
_LEAST_RADIUS, _MOST_RADIUS = 3.0, 11.0
_WIDE: Final = 480.0
_TALL: Final = 120.0


@dataclass(frozen=True, slots=True)
class Dot:
    """One band: what was predicted and what was true, as a place; `low` and `high` are the ends of its error bar."""

    x: float
    y: float
    low: float
    high: float
    radius: float
    title: str


def reliability(bands: Sequence[Mapping[str, Any]]) -> list[Dot]:
    """The bands with leads as dots over the diagonal on which predictions come true; larger where there are more."""
    most = max((band["leads"] for band in bands), default=0)
    return [_dot(band, most) for band in bands if band["leads"]]


def _dot(band: Mapping[str, Any], most: int) -> Dot:
    mean, rate, error = band["mean"], band["rate"], 2 * band["error"]
    return Dot(
        x=_place(mean),
        y=SIZE - _place(rate),
        low=SIZE - _place(max(rate - error, 0.0)),
        high=SIZE - _place(min(rate + error, 1.0)),
        radius=round(_LEAST_RADIUS + (_MOST_RADIUS - _LEAST_RADIUS) * (band["leads"] / most) ** 0.5, 1),
        title=f"{band['low']} to {band['high']}: {percent(mean)} predicted, {percent(rate)} true",
    )


def _place(share: float) -> float:
    return round(SIZE * share, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, as SVG wants it, with its points to be named."""

    points: str
    dots: list[tuple[float, float, str]]
    expected: float | None


def ranking_line(rankings: Sequence[Mapping[str, Any]], expected: float | None) -> Line | None:
    """AUC over time between 0.5 and 1, with the height of the expected one; None for fewer than two points."""
    if len(rankings) < 2:
        return None
    step = _WIDE / (len(rankings) - 1)
    dots = [
        (round(place * step, 1), _height(one["auc"]), f"{one['first'][:10]} to {one['last'][:10]}: {one['auc']:.3f}")
        for place, one in enumerate(rankings)
    ]
    points = " ".join(f"{x},{y}" for x, y, _ in dots)
    return Line(points, dots, None if expected is None else _height(expected))


def _height(auc: float) -> float:
    return round(_TALL * (1 - min(max(auc - 0.5, 0.0), 0.5) / 0.5), 1)
