"""Features that know too much: answers that were filled in after the outcome. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from scoring.features import Feature
from scoring.metrics import Labels, auc
from scoring.platt import Floats
from scoring.vocabulary import Category, Vocabulary, learn_vocabulary

LEAK_AUC: Final = 0.90
"""A single feature that ranks better than this knows the answer."""
MISSING_AUC: Final = 0.80
"""A feature whose mere absence ranks better than this was filled in afterwards."""
_TRIED_ON: Final = 20_000


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
