"""Two leads are the same person by normal telephone or e-mail; blanks match nothing."""

from datetime import UTC, datetime

import pytest

from leads.fingerprint import Fingerprint, fingerprint
from leads.types import Raw
from leads.validation import Validator


def fingerprint_of(posted: dict[str, Raw]) -> Fingerprint:
    return fingerprint(Validator().check(posted, received_at=datetime(2026, 5, 12, tzinfo=UTC)).fields)


@pytest.mark.parametrize("phone", ["5124721234", "(512) 472-1234", "+1 512 472 1234", "1.512.472.1234"])
def test_one_number_written_differently_is_one_person(phone: str) -> None:
    assert fingerprint_of({"phone": phone, "email": "MARIA@example.com"}) == Fingerprint(
        "+15124721234", "maria@example.com"
    )


@pytest.mark.parametrize("blank", ["", "  ", "\t"])
def test_a_blank_contact_is_no_contact(blank: str) -> None:
    assert fingerprint_of({"phone": blank, "email": blank}) == Fingerprint(None, None)
