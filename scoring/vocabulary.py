"""How features become the columns of a model: numbers as they are, categories as codes of the model's own vocabulary.

XGBoost refuses a category that it has not seen and believes any code it is given, so the words are kept here. A value
that is missing, of a wrong type or never seen before has a place, and encoding never fails. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan
from typing import Any, Final

from scoring.features import Feature
from scoring.numerals import read_number

MOST_VALUES: Final = 200
"""How many values of a category are known by name; the rest is one: other."""
USUAL_SUPPORT: Final = 20
"""How many rows a value must have to be known by name, where there are thousands; never fewer than three."""
_NUMERIC_SHARE: Final = 0.98
_LONGEST: Final = 80
_LARGEST: Final = 3.4e38
"""What a column of 32 bits holds: XGBoost refuses a whole table for one number beyond it."""


@dataclass(frozen=True, slots=True)
class Number:
    """A column of numbers; flags are 0 and 1. `sign` says that more is never better (-1) or never worse (1)."""

    name: str
    sign: int = 0
    kind: str = field(default="q", init=False)

    def encode(self, value: Feature) -> float:
        """The number; NaN for what is none, or is larger than a column holds."""
        if isinstance(value, str):
            return _held(read_number(value))
        if value is None:
            return nan
        try:
            return _held(float(value))
        except (OverflowError, TypeError):
            return nan

    def of(self, features: Mapping[str, Feature]) -> float:
        """The column of these features."""
        return self.encode(features.get(self.name))

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {"name": self.name, "kind": "number", "sign": self.sign}


@dataclass(frozen=True, slots=True)
class Category:
    """A column of codes: one for each known value, then one for all others."""

    name: str
    codes: Mapping[str, int]
    sign: int = field(default=0, init=False)
    kind: str = field(default="c", init=False)

    def encode(self, value: Feature) -> float:
        """The code; NaN for what is missing."""
        word = word_of(value)
        return nan if word is None else float(self.codes.get(word, len(self.codes)))

    def of(self, features: Mapping[str, Feature]) -> float:
        """The column of these features."""
        return self.encode(features.get(self.name))

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {"name": self.name, "kind": "category", "values": list(self.codes)}


@dataclass(frozen=True, slots=True)
class Ratio:
    """A column of one amount in terms of another, such as a loan in incomes: trees cannot divide."""

    top: str
    bottom: str
    sign: int = field(default=0, init=False)
    kind: str = field(default="q", init=False)

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.top}{RATIO}{self.bottom}"

    def of(self, features: Mapping[str, Feature]) -> float:
        """The column of these features; NaN where one is missing or the divisor is none."""
        top, bottom = (Number(name).encode(features.get(name)) for name in (self.top, self.bottom))
        return _held(top / bottom) if bottom > 0 else nan

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {"kind": "ratio", "top": self.top, "bottom": self.bottom}


def _held(value: float) -> float:
    return value if abs(value) <= _LARGEST else nan


RATIO: Final = " / "
Column = Number | Category | Ratio


def parts_of(name: str) -> frozenset[str]:
    """The features that a column of this name is made of: two for a ratio, else itself."""
    return frozenset(name.split(RATIO))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The columns of a model in their order."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The features that the model looks at."""
        return tuple(column.name for column in self.columns)

    @property
    def codes(self) -> tuple[int, ...]:
        """How many codes each column has: one for each word and one for all others, and none for numbers."""
        return tuple(len(column.codes) + 1 if isinstance(column, Category) else 0 for column in self.columns)

    def encode(self, features: Mapping[str, Feature]) -> list[float]:
        """One row. Never fails, whatever the features hold."""
        return [column.of(features) for column in self.columns]

    def record(self) -> list[dict[str, Any]]:
        """As JSON; `from_record` reads it."""
        return [column.record() for column in self.columns]

    @classmethod
    def from_record(cls, record: Iterable[Mapping[str, Any]]) -> "Vocabulary":
        """Read back what `record` gave. Raises KeyError for anything else."""
        return cls(tuple(map(_column, record)))


def _column(record: Mapping[str, Any]) -> Column:
    if record["kind"] == "ratio":
        return Ratio(record["top"], record["bottom"])
    if record["kind"] == "number":
        return Number(record["name"], record["sign"])
    return Category(record["name"], {value: code for code, value in enumerate(record["values"])})


def word_of(value: Feature) -> str | None:
    """A value as a category knows it: trimmed, case left alone; None for a blank."""
    if value is None or value != value:  # NaN is the one value unlike itself
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()[:_LONGEST] or None


def learn_vocabulary(
    rows: Sequence[Mapping[str, Feature]],
    *,
    names: Sequence[str] | None = None,
    categories: frozenset[str] = frozenset(),
    numbers: frozenset[str] = frozenset(),
    signs: Mapping[str, int] | None = None,
) -> Vocabulary:
    """The columns that these rows have anything to say in; a feature that never varies has none.

    What `categories` and `numbers` name is that; of the rest, a feature is a number where nearly all its values are.
    """
    wanted = sorted({name for row in rows for name in row}) if names is None else names
    columns: list[Column] = []
    for name in wanted:
        values = [row.get(name) for row in rows]
        if name in numbers or (name not in categories and _is_numeric(values)):
            column: Column | None = _number(name, values, (signs or {}).get(name, 0))
        else:
            column = _category(name, values)
        if column is not None:
            columns.append(column)
    return Vocabulary(tuple(columns))


def _is_numeric(values: Iterable[Feature]) -> bool:
    known = Counter(value for value in values if word_of(value) is not None)
    readable = sum(count for value, count in known.items() if isfinite(Number("").encode(value)))
    return readable > 0 and readable >= _NUMERIC_SHARE * known.total()


def _number(name: str, values: Iterable[Feature], sign: int) -> Number | None:
    column = Number(name, sign)
    seen = {value if isfinite(value) else None for value in map(column.encode, values)}
    return column if len(seen) > 1 else None


def _category(name: str, values: Sequence[Feature]) -> Category | None:
    counts = Counter(map(word_of, values))
    missing = counts.pop(None, 0)
    support = min(USUAL_SUPPORT, max(3, len(values) // 200))
    known = [(value, count) for value, count in counts.items() if value is not None and count >= support]
    known.sort(key=lambda pair: (-pair[1], pair[0]))
    kept = [value for value, _ in known[:MOST_VALUES]]
    others = counts.total() - sum(counts[value] for value in kept)
    varies = len(kept) + (others > 0) + (missing > 0) > 1
    return Category(name, {value: code for code, value in enumerate(kept)}) if varies else None
