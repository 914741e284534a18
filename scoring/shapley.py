"""What each column adds to the log-odds of a lead, exactly: Shapley values of trees (Lundberg 2018) by look-up. Pure.

What a leaf adds, and to which column, follows from which conditions of its path hold (`scoring.leaves`), and with three
columns on a path these are eight cases. All are reckoned when a model is loaded; a lead then costs one look-up for each
leaf, a fraction of the time that XGBoost takes, and no library. The values are those of XGBoost's `pred_contribs`,
which tests compare them with.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import combinations
from math import factorial, isnan, nan
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from scoring.platt import Floats


class ShapleyTable:
    """Every leaf of a model with what it adds in each case. Shared by threads and never changed."""

    def __init__(self, leaves: bytes) -> None:
        """Read what `scoring.leaves.compile_leaves` wrote. Raises ValueError and LookupError for anything else."""
        found = _opened(leaves)
        shares, values = found["shares"], found["values"]
        self._width = int(found["width"])
        self._conditions = _Conditions(found)
        self._places = found["places"]
        self._columns = found["columns"].ravel().astype(np.intp)
        self.base = float(found["base"]) + float(values @ shares.prod(1))
        amount, longest = shares.shape
        self._cases = (_cases(shares) * values[:, None, None]).reshape(amount << longest, longest)
        self._firsts = np.arange(amount) << longest
        self._bits = 1 << np.arange(longest)

    def contributions(self, row: Sequence[float]) -> list[float]:
        """What each column adds for a row in the model's columns; with `base` they add up to the margin."""
        holds = self._conditions.hold([*row, nan])[self._places]
        added = self._cases[self._firsts + holds @ self._bits]
        found: list[float] = np.bincount(self._columns, added.ravel(), self._width + 1).tolist()
        return found[: self._width]


class _Conditions:
    """All conditions of a model, each asked once for a row: those on numbers first, then those on each category."""

    def __init__(self, found: Mapping[str, NDArray[Any]]) -> None:
        self._columns, self._missing = found["number_columns"], found["missing"]
        self._low, self._high = found["low"], found["high"]
        sizes = found["set_sizes"]
        parts = np.split(found["answers"], np.cumsum(sizes.prod(1))[:-1]) if len(sizes) else []
        answers = [part.reshape(size) for part, size in zip(parts, sizes, strict=True)]
        self._sets = [*zip(found["set_columns"].tolist(), answers, strict=True)]

    def hold(self, row: Sequence[float]) -> NDArray[np.bool_]:
        """Whether each condition holds for the row, by its place."""
        values = np.array(row, dtype=np.float32)[self._columns]
        numeric = (values >= self._low) & (values < self._high) | self._missing & np.isnan(values)
        sets = (answers[-1 if isnan(row[column]) else int(row[column])] for column, answers in self._sets)
        return np.concatenate([numeric, *sets])


def _opened(leaves: bytes) -> dict[str, NDArray[Any]]:
    try:
        with np.load(BytesIO(leaves), allow_pickle=False) as file:
            return dict(file)
    except (EOFError, BadZipFile, TypeError, AttributeError) as error:  # the last two: one array instead of several
        raise ValueError("these are no leaves") from error


def _cases(shares: Floats) -> Floats:
    """What a leaf of value one adds to each column on its path, by case: bit j says that condition j holds.

    Shapley's mean over the orders in which columns become known: an unknown one counts by its share of the rows.
    """
    leaves, columns = shares.shape
    shape = (leaves, 1 << columns, columns)
    known = np.broadcast_to(np.arange(1 << columns)[:, None] >> np.arange(columns) & 1, shape)
    unknown = np.broadcast_to(shares[:, None], shape)
    found = np.zeros(shape)
    for column in range(columns):
        others = [other for other in range(columns) if other != column]
        for some in (part for size in range(columns) for part in combinations(others, size)):
            rest = [other for other in others if other not in some]
            weight = factorial(len(some)) * factorial(len(rest)) / factorial(columns)
            found[..., column] += weight * known[..., list(some)].prod(-1) * unknown[..., rest].prod(-1)
    return found * (known - unknown)
