"""Where ZIP codes lie: the product's own table says exactly what the package that it was made from says."""

import pytest

from routing.geo import centroid, miles
from tests.routing.zip_table import places


def test_every_code_lies_where_the_package_says_to_the_last_digit() -> None:
    known = places()
    codes = [f"{number:05}" for number in range(100_000)]
    here = {code: centroid(code) for code in codes}
    there = {code: known[code] if any(known.get(code, ())) else None for code in codes}
    assert here == there
    assert sum(place is not None for place in here.values()) > 40_000


@pytest.mark.parametrize(
    "code", ["", "7500", "750011", "75001-1234", "abcde", "\N{ARABIC-INDIC DIGIT SEVEN}5001", " 7500", "-7500"]
)
def test_what_is_no_code_lies_nowhere(code: str) -> None:
    assert centroid(code) is None


def test_dallas_and_houston_are_some_226_miles_apart() -> None:
    dallas, houston = centroid("75201"), centroid("77002")
    assert dallas
    assert houston
    assert round(miles(dallas, houston)) == 226
