"""Amounts are divided by one another where there are amounts, and the reason says what came of it."""

from math import isnan

import numpy as np
import pytest

from scoring.learning import learn
from scoring.platt import sigmoid
from scoring.ratios import with_ratios
from scoring.telling import tell
from scoring.vocabulary import Ratio, Vocabulary, learn_vocabulary

DICE = np.random.default_rng(4)
INCOMES = DICE.lognormal(8, 0.7, 3000)
LOANS = DICE.lognormal(10, 0.7, 3000)
ROWS = [
    {
        "field.income": round(float(income)),
        "field.loan": round(float(loan)),
        "field.children": place % 4,
        "local_hour": 9,
    }
    for place, (income, loan) in enumerate(zip(INCOMES, LOANS, strict=True))
]
LABELS = DICE.random(3000) < sigmoid(3 - 2 * np.log(LOANS / INCOMES))


def test_each_pair_of_amounts_has_a_ratio_and_counts_are_no_amounts() -> None:
    vocabulary = with_ratios(learn_vocabulary(ROWS), ROWS)
    assert [column for column in vocabulary.columns if isinstance(column, Ratio)] == [
        Ratio("field.loan", "field.income")
    ]
    assert Vocabulary.from_record(vocabulary.record()) == vocabulary


@pytest.mark.parametrize(
    "features", [{}, {"field.loan": 3}, {"field.loan": 3, "field.income": 0}, {"field.loan": 3, "field.income": "none"}]
)
def test_a_ratio_without_both_amounts_is_missing(features: dict[str, int | str]) -> None:
    assert isnan(Ratio("field.loan", "field.income").of(features))


def test_ratios_stay_where_they_help_and_go_where_they_do_not() -> None:
    assert "field.loan / field.income" in learn(ROWS, LABELS, seed=1).vocabulary.names
    by_children = DICE.random(3000) < sigmoid(np.array([place % 4 - 1.5 for place in range(3000)]))
    assert "field.loan / field.income" not in learn(ROWS, by_children, seed=1).vocabulary.names


def test_the_reason_tells_the_ratio() -> None:
    told = tell([("field.loan / field.income", -0.4)], {"field.loan": 90_000, "field.income": 4_000}, -0.4)
    assert told == ("FIELD_RATIO_DOWN", "Loan is 22.5 times income.")
