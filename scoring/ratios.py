"""Which amounts of a lead are worth dividing by one another: a loan in incomes, minutes by visits. Pure."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import isfinite
from statistics import fmean, pstdev
from typing import Final

from scoring.features import Feature
from scoring.vocabulary import Number, Ratio, Vocabulary

MOST_AMOUNTS: Final = 6
_FEWEST_VALUES: Final = 30
_LEAST_SPREAD: Final = 0.25
_KNOWN_SHARE: Final = 0.2
_SAMPLE: Final = 5_000
_OWN: Final = frozenset(
    ("consent_age_minutes", "incident_age_days", "local_hour", "local_weekday", "filled_share", "email_digit_share")
)
_NO_AMOUNTS: Final = (".weekday", ".hour", ".length")


def with_ratios(vocabulary: Vocabulary, rows: Sequence[Mapping[str, Feature]]) -> Vocabulary:
    """The vocabulary with a column for each pair of amounts; the same where there are not two.

    An amount is a number of the lead's own fields that is never negative, has many values and spreads widely. The one
    that is less often zero divides; of two that never are, the smaller.
    """
    sample = rows[:: max(len(rows) // _SAMPLE, 1)]
    known = {name: values for name in _candidates(vocabulary) if _is_amount(values := _values(name, sample), sample)}
    widest = sorted(known, key=lambda name: (-len(set(known[name])), name))[:MOST_AMOUNTS]
    place = {name: (-known[name].count(0.0) / len(known[name]), -fmean(known[name]), name) for name in widest}
    pairs = (sorted(pair, key=lambda name: place[name]) for pair in combinations(sorted(widest), 2))
    return Vocabulary((*vocabulary.columns, *(Ratio(top, bottom) for top, bottom in pairs)))


def _candidates(vocabulary: Vocabulary) -> list[str]:
    names = [column.name for column in vocabulary.columns if isinstance(column, Number)]
    return [
        name
        for name in names
        if name not in _OWN and not name.startswith("days_since.") and not name.endswith(_NO_AMOUNTS)
    ]


def _values(name: str, rows: Sequence[Mapping[str, Feature]]) -> list[float]:
    column = Number(name)
    return [value for row in rows if isfinite(value := column.of(row))]


def _is_amount(values: Sequence[float], rows: Sequence[object]) -> bool:
    if len(values) < _KNOWN_SHARE * len(rows) or len(set(values)) < _FEWEST_VALUES or min(values) < 0:
        return False
    return pstdev(values) > _LEAST_SPREAD * fmean(values)
