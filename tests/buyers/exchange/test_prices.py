"""Prices as buyers write them: minor units, or refused with a reason each."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buyers.exchange.prices import BadPrice, read_price


@pytest.mark.parametrize(
    ("value", "unit", "minor"),
    [
        (42.5, "dollars", 4250),
        ("42.50", "dollars", 4250),
        (18.759, "dollars", 1875),
        (4250, "cents", 4250),
        ("4250", "cents", 4250),
        (4250.9, "cents", 4250),
        ("$42.50", "text", 4250),
        ("42,50", "text", 4250),
        ("42,5", "text", 4250),
        ("$1,234.50", "text", 123450),
        ("1.234,50 EUR", "text", 123450),
        ("1,234", "text", 123400),
        ("1,000,000", "text", 100_000_000),
        ("USD 42", "text", 4200),
        ("US$ 42.00", "text", 4200),
        ("1 234,50 €", "text", 123450),
        ("£9.99", "text", 999),
        (42, "text", 4200),
        ("1.250", "text", 125),
    ],
)
def test_a_price_is_read(value: Any, unit: str, minor: int) -> None:
    assert read_price(value, unit, "USD") == minor


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("-$5.00", "price_negative"),
        ("$-5.00", "price_negative"),
        ("($5.00)", "price_negative"),
        ("free", "price_not_a_number"),
        ("", "price_not_a_number"),
        ("$", "price_not_a_number"),
        ("1,2,3", "price_not_a_number"),
        ("$42 or $50", "price_not_a_number"),
        ("inf", "price_not_finite"),
        ("$2,000,000.00", "price_huge"),
        (False, "price_wrong_type"),
        (None, "price_wrong_type"),
    ],
)
def test_a_price_as_people_write_it_is_refused(value: Any, code: str) -> None:
    with pytest.raises(BadPrice, match=f"^{code}$"):
        read_price(value, "text", "USD")


def test_a_price_follows_its_currency() -> None:
    assert read_price("4250", "dollars", "JPY") == 4250
    assert read_price("4.250", "dollars", "KWD") == 4250


@given(text=st.text(max_size=30), unit=st.sampled_from(["dollars", "cents", "text"]))
def test_no_text_breaks_the_reading_of_a_price(text: str, unit: str) -> None:
    with suppress(BadPrice):
        assert 0 <= read_price(text, unit, "USD") <= 100_000_000
