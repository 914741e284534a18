"""What a points table is made of: lines that say what a value of a feature is worth, and how to say it. Pure."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.features import Feature


@dataclass(frozen=True, slots=True)
class Points:
    """One line of the table: what a feature's value is worth, and how to say it."""

    points: int
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Values:
    """Points of a category or flag, by value; other values are worth nothing."""

    signal: str
    feature: str
    lines: Mapping[Feature, Points]

    def line(self, value: Feature) -> Points | None:
        """The line of this value."""
        return self.lines.get(value)


@dataclass(frozen=True, slots=True)
class Bands:
    """Points of a number, by the band it falls into: line i holds up to and with limit i, the last line beyond."""

    signal: str
    feature: str
    limits: Sequence[float]
    lines: Sequence[Points | None]
    missing: Points | None = None

    def line(self, value: Feature) -> Points | None:
        """The line of the band that holds this number."""
        return self.lines[bisect_left(self.limits, value)] if isinstance(value, int | float) else self.missing


Rule = Values | Bands
"""A part of the table: one feature, under the signal that it belongs to."""
