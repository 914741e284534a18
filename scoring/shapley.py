"""What each column adds to the log-odds of a lead, exactly: Shapley values of trees (Lundberg 2018) by look-up. Pure.

A leaf is reached where every column on its path meets a condition: a range of numbers, or a set of codes. What the leaf
adds, and to which column, follows from which of its conditions hold, and with three columns on a path these are eight
cases. All are reckoned when a model is loaded; a lead then costs one look-up for each leaf, a fraction of the time that
XGBoost takes, and no library. The values are those of XGBoost's `pred_contribs`, which tests compare them with.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import factorial, inf, isnan, log, nan
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from scoring.platt import Floats

_ALL: Final = -1
"""As a set of codes in bits: every one."""


class Condition(NamedTuple):
    """What a path asks of one column: from `low` to below `high`, a code in the bits of `codes`, or missing."""

    column: int
    low: float = -inf
    high: float = inf
    codes: int = _ALL
    missing: bool = True


class Asked(NamedTuple):
    """A condition on a path, with the share of the training rows that met it where they came to it."""

    condition: Condition
    share: float = 1.0


Path = Mapping[int, Asked]
"""What the way to a node asks, by column."""


class ShapleyTable:
    """Every leaf of a model with what it adds in each case. Shared by threads and never changed."""

    def __init__(self, body: bytes, codes: Sequence[int]) -> None:
        """Read XGBoost's JSON; of a category `codes` says how many codes it has, of numbers 0.

        Raises ValueError, TypeError and LookupError for anything else.
        """
        learner = orjson.loads(body)["learner"]
        leaves = [leaf for tree in learner["gradient_booster"]["model"]["trees"] for leaf in _leaves(tree)]
        longest = max((len(path) for _, path in leaves), default=0)
        self._width = len(codes)
        filler = Asked(Condition(self._width))
        paths = [[*path.values(), *[filler] * (longest - len(path))] for _, path in leaves]
        self._conditions = _Conditions({one.condition for path in paths for one in path}, [*codes, 0])
        self._places = _grid([[self._conditions.places[one.condition] for one in path] for path in paths], longest)
        self._columns = _grid([[one.condition.column for one in path] for path in paths], longest).ravel()
        values = np.array([value for value, _ in leaves])
        shares = np.array([[one.share for one in path] for path in paths]).reshape(len(leaves), longest)
        self._cases = (_cases(shares) * values[:, None, None]).reshape(len(leaves) << longest, longest)
        self._firsts = np.arange(len(leaves)) << longest
        self._bits = 1 << np.arange(longest)
        even = float(learner["learner_model_param"]["base_score"].strip("[]"))
        self.base = log(even / (1 - even)) + float(values @ shares.prod(1))

    def contributions(self, row: Sequence[float]) -> list[float]:
        """What each column adds for a row in the model's columns; with `base` they add up to the margin."""
        holds = self._conditions.hold([*row, nan])[self._places]
        added = self._cases[self._firsts + holds @ self._bits]
        found: list[float] = np.bincount(self._columns, added.ravel(), self._width + 1).tolist()
        return found[: self._width]


class _Conditions:
    """All conditions of a model, each asked once for a row: those on numbers first, then those on each category."""

    def __init__(self, conditions: set[Condition], codes: Sequence[int]) -> None:
        by_column: list[list[Condition]] = [[] for _ in codes]
        for one in sorted(conditions):
            by_column[one.column].append(one)
        numeric = [one for own, amount in zip(by_column, codes, strict=True) if not amount for one in own]
        self._columns = np.array([one.column for one in numeric], dtype=np.intp)
        self._low = np.array([one.low for one in numeric], dtype=np.float32)
        self._high = np.array([one.high for one in numeric], dtype=np.float32)
        self._missing = np.array([one.missing for one in numeric], dtype=bool)
        sets = [(column, by_column[column], amount) for column, amount in enumerate(codes) if amount]
        self._sets = [(column, _answers(own, amount)) for column, own, amount in sets]
        ordered = [*numeric, *(one for _, own, _ in sets for one in own)]
        self.places = {one: place for place, one in enumerate(ordered)}

    def hold(self, row: Sequence[float]) -> NDArray[np.bool_]:
        """Whether each condition holds for the row, by its place."""
        values = np.array(row, dtype=np.float32)[self._columns]
        numeric = (values >= self._low) & (values < self._high) | self._missing & np.isnan(values)
        sets = (answers[-1 if isnan(row[column]) else int(row[column])] for column, answers in self._sets)
        return np.concatenate([numeric, *sets])


def _answers(conditions: Sequence[Condition], amount: int) -> NDArray[np.bool_]:
    """Whether each condition holds, in a row for each code; the last one is for what is missing."""
    known = [[bool(one.codes >> code & 1) for one in conditions] for code in range(amount)]
    return np.array([*known, [one.missing for one in conditions]], dtype=bool)


def _grid(rows: Sequence[Sequence[int]], width: int) -> NDArray[np.intp]:
    return np.array(rows, dtype=np.intp).reshape(len(rows), width)


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


def _leaves(tree: Mapping[str, Any]) -> Iterator[tuple[float, Path]]:
    """The leaves of one tree in XGBoost's words: their values, and the ways to them."""
    sets = _sets(tree)
    waiting: list[tuple[int, Path]] = [(0, {})]
    while waiting:
        node, path = waiting.pop()
        left, right = tree["left_children"][node], tree["right_children"][node]
        if left < 0:
            yield float(np.float32(tree["split_conditions"][node])), path
            continue
        column = tree["split_indices"][node]
        before, share = path.get(column, Asked(Condition(column)))
        for child, is_left in ((left, True), (right, False)):
            part = share * tree["sum_hessian"][child] / tree["sum_hessian"][node]
            waiting.append((child, {**path, column: Asked(_narrowed(before, tree, node, sets, is_left), part)}))


def _narrowed(
    before: Condition, tree: Mapping[str, Any], node: int, sets: Mapping[int, int], is_left: bool
) -> Condition:
    """The condition with what this node asks of its child: below its number, or not in its set, is left."""
    missing = before.missing and bool(tree["default_left"][node]) == is_left
    if node in sets:
        codes = before.codes & (~sets[node] if is_left else sets[node])
        return Condition(before.column, codes=codes, missing=missing)
    cut = float(np.float32(tree["split_conditions"][node]))
    low, high = (before.low, min(before.high, cut)) if is_left else (max(before.low, cut), before.high)
    return Condition(before.column, low, high, missing=missing)


def _sets(tree: Mapping[str, Any]) -> dict[int, int]:
    """The codes that go right, as bits, at each node that asks for a category."""
    parts = zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True)
    return {node: sum(1 << code for code in tree["categories"][first : first + size]) for node, first, size in parts}
