"""The leaves of XGBoost's trees, as a web process asks them: put together once, by whoever trains, and stored. Pure.

A leaf is reached where every column on its path meets a condition: a range of numbers, or a set of codes. Working that
out of thousands of nodes takes a good part of a second, in which a process that serves leads could do little else.
"""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from math import inf, log
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

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


def compile_leaves(body: bytes, codes: Sequence[int]) -> bytes:
    """The leaves of a model in XGBoost's JSON, in numpy's own format (npz): what `scoring.shapley.ShapleyTable` reads.

    Of a category `codes` says how many codes it has, of numbers 0. Raises ValueError, TypeError and LookupError for
    anything else.
    """
    learner = orjson.loads(body)["learner"]
    leaves = [leaf for tree in learner["gradient_booster"]["model"]["trees"] for leaf in _leaves(tree)]
    longest = max((len(path) for _, path in leaves), default=0)
    filler = Asked(Condition(len(codes)))
    paths = [[*path.values(), *[filler] * (longest - len(path))] for _, path in leaves]
    places, conditions = _conditions({one.condition for path in paths for one in path}, [*codes, 0])
    even = float(str(learner["learner_model_param"]["base_score"]).strip("[]"))
    if not 0 < even < 1:
        raise ValueError("a base score is a probability")
    return _packed(
        base=log(even / (1 - even)),
        width=len(codes),
        values=np.array([value for value, _ in leaves]),
        shares=_grid([[one.share for one in path] for path in paths], longest, np.float64),
        columns=_grid([[one.condition.column for one in path] for path in paths], longest, np.int32),
        places=_grid([[places[one.condition] for one in path] for path in paths], longest, np.int32),
        **conditions,
    )


def _packed(**arrays: Any) -> bytes:
    file = BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _grid(rows: Sequence[Sequence[float]], width: int, kind: type) -> NDArray[Any]:
    return np.array(rows, dtype=kind).reshape(len(rows), width)


# --- conditions --------------------------------------------------------------------------------------------------


def _conditions(
    conditions: set[Condition], codes: Sequence[int]
) -> tuple[dict[Condition, int], dict[str, NDArray[Any]]]:
    """Each condition's place, and all of them as arrays: those on numbers first, then those on each category."""
    by_column: list[list[Condition]] = [[] for _ in codes]
    for one in sorted(conditions):
        by_column[one.column].append(one)
    numbers = [one for own, amount in zip(by_column, codes, strict=True) if not amount for one in own]
    sets = [(column, by_column[column], amount) for column, amount in enumerate(codes) if amount]
    places = {one: place for place, one in enumerate([*numbers, *(one for _, own, _ in sets for one in own)])}
    return places, {
        "number_columns": np.array([one.column for one in numbers], dtype=np.int32),
        "low": np.array([one.low for one in numbers], dtype=np.float32),
        "high": np.array([one.high for one in numbers], dtype=np.float32),
        "missing": np.array([one.missing for one in numbers], dtype=bool),
        "set_columns": np.array([column for column, _, _ in sets], dtype=np.int32),
        "set_sizes": np.array([(amount + 1, len(own)) for _, own, amount in sets], dtype=np.int32).reshape(-1, 2),
        "answers": np.concatenate([_answers(own, amount).ravel() for _, own, amount in sets] or [np.zeros(0, bool)]),
    }


def _answers(conditions: Sequence[Condition], amount: int) -> NDArray[np.bool_]:
    """Whether each condition holds, in a row for each code; the last one is for what is missing."""
    known = [[bool(one.codes >> code & 1) for one in conditions] for code in range(amount)]
    return np.array([*known, [one.missing for one in conditions]], dtype=bool)


# --- trees -------------------------------------------------------------------------------------------------------


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
