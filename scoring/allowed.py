"""What a model may learn from: nothing protected, no proxies in regulated trades, no answers. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from scoring.features import Feature
from scoring.metrics import Labels, auc
from scoring.platt import Floats
from scoring.protected import is_protected
from scoring.vocabulary import Category, Vocabulary, learn_vocabulary

REGULATED: Final = frozenset(("credit", "housing", "insurance", "employment"))
LEAK_AUC: Final = 0.90
"""A single feature that ranks better than this knows the answer."""
MISSING_AUC: Final = 0.80
"""A feature whose mere absence ranks better than this was filled in afterwards."""
_PROXIES: Final = frozenset(
    """
    zip zipcode postal postcode county city town village neighborhood neighbourhood street address district tract block
    latitude longitude lat lon lng geo parish school title salutation
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_WORDS: Final = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*")
_TRIED_ON: Final = 20_000


def is_proxy(name: str) -> bool:
    """Whether a field of this name stands for who people are: where exactly they live, how they are addressed.

    A state is none: licences need it. `zip_agrees` is a check, not a place.

    >>> [is_proxy(name) for name in ("field.city", "home_zip", "state", "zip_agrees")]
    [True, True, False, False]
    """
    return name != "zip_agrees" and not _PROXIES.isdisjoint(word.lower() for word in _WORDS.findall(name))


def allowed_features(names: Iterable[str], *, regulation: str = "", excluded: Iterable[str] = ()) -> list[str]:
    """Those of the features that a model may learn from, sorted; `excluded` may name fields without their prefix."""
    barred = set(excluded)
    return sorted(name for name in set(names) if not _is_barred(name, regulation, barred))


def _is_barred(name: str, regulation: str, excluded: set[str]) -> bool:
    field = name.partition(".")[2] or name
    if name in excluded or field in excluded:
        return True
    declared = name != field  # our own features are named for checks, such as email_resembles_name
    return (declared and is_protected(field)) or (regulation in REGULATED and is_proxy(name))


def suspects(rows: Sequence[Mapping[str, Feature]], labels: Labels, names: Sequence[str]) -> dict[str, float]:
    """Features that know too much of the outcome to have been known before it, with the AUC that says so."""
    step = max(len(rows) // _TRIED_ON, 1)
    rows, labels = rows[::step], labels[::step]
    vocabulary = learn_vocabulary(rows, names=names)
    found = {}
    for place, name in enumerate(vocabulary.names):
        values = np.array([vocabulary.columns[place].of(row) for row in rows])
        missing = _either_way(np.isnan(values).astype(float), labels)
        alone = _either_way(_ordered(vocabulary, place, values, labels), labels)
        if missing > MISSING_AUC or alone > LEAK_AUC:
            found[name] = round(max(missing, alone), 4)
    return found


def _ordered(vocabulary: Vocabulary, place: int, values: Floats, labels: Labels) -> Floats:
    """Values in an order that can be ranked: numbers as they are, categories by their rate, drawn to the mean."""
    if not isinstance(vocabulary.columns[place], Category):
        return np.where(np.isnan(values), np.nanmedian(values) if not np.isnan(values).all() else 0.0, values)
    codes = np.where(np.isnan(values), -1, values).astype(int)
    mean = float(labels.mean())
    rates = {code: (labels[codes == code].sum() + 20 * mean) / ((codes == code).sum() + 20) for code in set(codes)}
    return np.array([rates[code] for code in codes])


def _either_way(values: Floats, labels: Labels) -> float:
    ranked = auc(values, labels)
    return max(ranked, 1 - ranked)
