"""Features become columns by the model's own words, and nothing that a lead may hold makes that fail."""

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.numerals import read_number
from scoring.vocabulary import Category, Number, Ratio, Vocabulary, learn_vocabulary

ROWS = [{"state": state, "age": age, "flag": age % 2 == 0} for age in range(40) for state in ("TX", "CA")]
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=100))


def test_columns_are_numbers_flags_and_categories_by_their_values() -> None:
    vocabulary = learn_vocabulary(ROWS)
    assert vocabulary.names == ("age", "flag", "state")
    assert vocabulary.encode({"state": "TX", "age": 7, "flag": True}) == [7.0, 1.0, 1.0]
    assert vocabulary.encode({"state": "CA", "age": 7.5, "flag": False}) == [7.5, 0.0, 0.0]


def test_a_value_never_seen_is_other_and_a_missing_one_is_missing() -> None:
    column = Category("state", {"TX": 0, "CA": 1})
    assert column.encode("ZZ") == 2.0
    assert column.encode(17) == 2.0
    assert isnan(column.encode(None))
    assert isnan(column.encode("  "))


def test_rare_values_share_a_place_and_a_column_that_never_varies_is_none() -> None:
    rows = [{"source": f"s{number % 3}" if number < 90 else f"rare{number}", "same": "x"} for number in range(100)]
    (column,) = learn_vocabulary(rows).columns
    assert column.record() == {"name": "source", "kind": "category", "values": ["s0", "s1", "s2"]}


def test_texts_that_are_numbers_are_numbers_unless_they_are_said_to_be_categories() -> None:
    rows = [{"amount": f"${number},000", "code": str(number % 4)} for number in range(1, 101)]
    assert learn_vocabulary(rows, categories=frozenset(["code"])).encode({"amount": "2,500", "code": "3"})[0] == 2500.0
    assert [type(column) for column in learn_vocabulary(rows).columns] == [Number, Number]
    assert [type(column) for column in learn_vocabulary(rows, categories=frozenset(["code"])).columns] == [
        Number,
        Category,
    ]


def test_a_vocabulary_is_read_back_as_it_was() -> None:
    vocabulary = learn_vocabulary(ROWS, signs={"age": -1})
    assert Vocabulary.from_record(vocabulary.record()) == vocabulary


@pytest.mark.parametrize("value", [1e39, -1e300, "1e39", 10**400, float("inf"), float("nan")])
def test_a_number_that_no_column_of_32_bits_holds_is_missing(value: str | float) -> None:
    assert isnan(Number("amount").encode(value))
    assert Number("amount").encode(3e38) == 3e38


def test_a_ratio_too_large_for_a_column_is_missing() -> None:
    assert Ratio("loan", "income").of({"loan": 6.0, "income": 2.0}) == 3.0
    assert isnan(Ratio("loan", "income").of({"loan": 1e30, "income": 1e-30}))


@given(st.dictionaries(st.sampled_from(["state", "age", "flag", "more"]), VALUES))
def test_whatever_a_lead_holds_gives_a_row(features: dict[str, object]) -> None:
    row = learn_vocabulary(ROWS).encode(features)  # type: ignore[arg-type]
    assert len(row) == 3
    assert all(isinstance(value, float) for value in row)


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12.0), (" $1,250.50", 1250.5), ("12,5", 12.5), ("7%", 7.0), ("-3", -3.0), ("1e3", 1e3)]
)
def test_numbers_are_read_as_people_write_them(text: str, number: float) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["", "many", "1,2,3", "inf", "nan", "12 14"])
def test_what_is_no_number_is_missing(text: str) -> None:
    assert isnan(read_number(text))
