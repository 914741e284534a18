"""The fixture that nearly every test of billing starts from."""

import pytest

from tests.billing.making import Book, make_book


@pytest.fixture
def book(db: None) -> Book:
    """A live book of a new agency; its buyer has no money yet."""
    return make_book()
