"""What columns add to a score is what XGBoost itself says, whatever the trees look like, and it adds up."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from io import BytesIO

import numpy as np
import orjson
import pytest
import xgboost

from scoring import library
from scoring.features import Feature
from scoring.leaves import compile_leaves
from scoring.shapley import ShapleyTable
from scoring.vocabulary import Number, Vocabulary, learn_vocabulary
from tests.scoring.making import sample

FOUND = sample(1500, seed=31)
NUMBERS = frozenset(("consent_age_minutes", "field.roof_age", "tracked"))
STRANGE: Sequence[Mapping[str, Feature]] = (
    {},
    {"state": "Atlantis", "source": 17, "phone": True},
    {"field.roof_age": "old", "consent_age_minutes": -1e30, "tracked": 3},
    {"field.roof_age": 3.4e38, "source": "search"},
)


def grown(vocabulary: Vocabulary, *, depth: int, bag: int = 1) -> bytes:
    """Trees of this depth in XGBoost's JSON, as training stores them."""
    booster = library.booster()
    recipe = replace(booster.STUMPS, depth=depth, rounds=20, bag=bag, ridge=1, rows=0.8)
    table = booster.matrix(vocabulary, FOUND.rows)
    body: bytes = booster.grow(table, FOUND.labels, vocabulary, recipe, seed=1).body
    return body


def said_by_xgboost(body: bytes, vocabulary: Vocabulary, rows: Sequence[Mapping[str, Feature]]) -> np.ndarray:
    """Its own contributions: one column each, and the base in the last."""
    trees = xgboost.Booster()
    trees.load_model(bytearray(body))
    kinds = [column.kind for column in vocabulary.columns]
    table = library.booster().matrix(vocabulary, rows)
    found: np.ndarray = trees.predict(
        xgboost.DMatrix(table, feature_types=kinds, enable_categorical=True), pred_contribs=True
    )
    return found


@pytest.mark.parametrize(("depth", "bag"), [(1, 1), (2, 1), (3, 3), (5, 1)])
def test_contributions_are_those_of_xgboost_for_usual_and_strange_leads(depth: int, bag: int) -> None:
    vocabulary = learn_vocabulary(FOUND.rows)
    body = grown(vocabulary, depth=depth, bag=bag)
    rows = [*FOUND.rows[:200], *STRANGE]
    table = ShapleyTable(compile_leaves(body, vocabulary.codes))
    for row, right in zip(rows, said_by_xgboost(body, vocabulary, rows), strict=True):
        assert table.contributions(vocabulary.encode(row)) == pytest.approx(right[:-1], abs=1e-5)
        assert table.base == pytest.approx(right[-1], abs=1e-5)


def test_numbers_alone_and_categories_alone_will_do() -> None:
    for names in (NUMBERS, frozenset(FOUND.rows[0]) - NUMBERS):
        vocabulary = learn_vocabulary(FOUND.rows, names=sorted(names))
        body = grown(vocabulary, depth=3)
        right = said_by_xgboost(body, vocabulary, FOUND.rows[:50])
        table = ShapleyTable(compile_leaves(body, vocabulary.codes))
        told = [table.contributions(vocabulary.encode(row)) for row in FOUND.rows[:50]]
        assert np.abs(np.array(told) - right[:, :-1]).max() < 1e-5


def test_trees_that_found_nothing_add_nothing() -> None:
    vocabulary = Vocabulary((Number("tracked"),))
    booster = library.booster()
    recipe = replace(booster.STUMPS, rounds=2, least_weight=1e9)
    body = booster.grow(booster.matrix(vocabulary, FOUND.rows), FOUND.labels, vocabulary, recipe, seed=1).body
    table = ShapleyTable(compile_leaves(body, vocabulary.codes))
    assert table.contributions([1.0]) == [0.0]
    assert 1 / (1 + np.exp(-table.base)) == pytest.approx(FOUND.labels.mean(), abs=1e-3)


SURE = orjson.dumps(
    {"learner": {"gradient_booster": {"model": {"trees": []}}, "learner_model_param": {"base_score": "[1E0]"}}}
)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"learner": 1}', SURE])
def test_what_is_no_model_is_refused(body: bytes) -> None:
    with pytest.raises((ValueError, TypeError, LookupError)):
        compile_leaves(body, [0])


def saved(**arrays: object) -> bytes:
    file = BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def damaged() -> bytes:
    """A good archive, one of whose members is not."""
    whole = saved(shares=np.ones((200, 3)))
    middle = len(whole) // 2
    return whole[:middle] + bytes(64) + whole[middle + 64 :]


def one_array() -> bytes:
    file = BytesIO()
    np.save(file, np.ones(3))
    return file.getvalue()


@pytest.mark.parametrize(
    "leaves", [b"", b"{}", b"PK\x03\x04", saved(shares=np.ones(1)), damaged(), one_array()],
    ids=["nothing", "JSON", "no archive", "too little", "a damaged member", "one array"],
)  # fmt: skip
def test_what_are_no_leaves_are_refused(leaves: bytes) -> None:
    with pytest.raises((ValueError, LookupError)):
        ShapleyTable(leaves)
