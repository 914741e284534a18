"""Every type of field has one normal form, and reading it again changes nothing."""

from contextlib import suppress

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from leads.emails import normal_email
from leads.normalize import READERS, Malformed, Reader, choice_reader, read_anything, read_ip_address, read_line
from leads.phones import e164, is_assigned
from leads.states import STATE_CODES, state_code
from leads.types import Raw
from routing.fields import US_STATES

READ: dict[str, Reader] = READERS | {"line": read_line, "ip_address": read_ip_address}


@pytest.mark.parametrize(
    ("kind", "posted", "normal"),
    [
        ("phone", "(512) 472-1234", "+15124721234"),
        ("phone", "512.472.1234", "+15124721234"),
        ("phone", "1-512-472-1234 ext. 5", "+15124721234"),
        ("phone", "+44 20 7946 0958", "+442079460958"),
        ("phone", "tel:+1-512-472-1234", "+15124721234"),
        ("phone", "1-800-FLOWERS", "+18003569377"),
        ("phone", 15124721234, "+15124721234"),
        ("phone", "", None),
        ("email", "Maria.Garcia+ads@EXAMPLE.com", "maria.garcia+ads@example.com"),
        ("email", "josé@bücher.example.com", "josé@bücher.example.com"),
        ("state", "tx", "TX"),
        ("state", "Washington, D.C.", "DC"),
        ("state", "puerto rico", "PR"),
        ("zip", "75001 1234", "75001"),
        ("zip", "750011234", "75001"),
        ("zip", 501, "00501"),
        ("date", "05/02/2026", "2026-05-02"),
        ("date", "5-2-2026", "2026-05-02"),
        ("date", "2024-02-29", "2024-02-29"),
        ("datetime", "2026-05-12t14:30:00.1239z", "2026-05-12T14:30:00.123Z"),
        ("datetime", "2026-05-12 09:30-05:00", "2026-05-12T14:30:00.000Z"),
        ("integer", "1,200", 1200),
        ("integer", "-7", -7),
        ("decimal", "$1,200.50", 1200.5),
        ("decimal", "1200.00", 1200),
        ("decimal", ".5", 0.5),
        ("decimal", 0.1, 0.1),
        ("boolean", "on", True),
        ("boolean", 0, False),
        ("text", " e\u0301 ", "é"),
        ("line", "ANNE \u00a0\n O'HARA", "ANNE O'HARA"),
        ("url", "https://example.com/?q=1", "https://example.com/?q=1"),
        ("ip_address", "::FFFF:10.0.0.1", "10.0.0.1"),
    ],
)
def test_a_value_is_brought_into_its_one_form(kind: str, posted: Raw, normal: Raw | None) -> None:
    assert READ[kind](posted) == normal


@pytest.mark.parametrize(
    ("kind", "posted"),
    [
        ("phone", "472-1234"),
        ("phone", "55512345678901234567"),
        ("phone", "call me"),
        ("phone", True),
        ("email", "maria@localhost"),
        ("email", "maria@example.test"),
        ("email", "a..b@example.com"),
        ("email", "maria@@example.com"),
        ("email", f"{'x' * 65}@example.com"),
        ("email", f"x@{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 63}.com"),
        ("state", "XX"),
        ("zip", "7500"),
        ("zip", "K1A 0B1"),
        ("zip", "\uff17\uff15\uff10\uff10\uff11"),
        ("date", "13/01/2026"),
        ("date", "2026-5-2"),
        ("date", "yesterday"),
        ("datetime", "2026-05-12"),
        ("datetime", "2026-05-12T14:30:00"),
        ("datetime", "2026-05-12T25:00:00Z"),
        ("datetime", "0001-01-01T00:00:00+23:59"),
        ("integer", "1.5"),
        ("integer", "9007199254740992"),
        ("integer", "12,34"),
        ("integer", "0x10"),
        ("integer", "-"),
        ("decimal", "1e5"),
        ("decimal", "0.1234567890123456"),
        ("decimal", "NaN"),
        ("boolean", "maybe"),
        ("boolean", 2),
        ("url", "example.com"),
        ("url", "ftp://example.com"),
        ("url", "https://[::1"),
        ("url", "https:///path"),
        ("ip_address", "10.0.0.256"),
        ("text", ["a"]),
    ],
)
def test_a_value_of_another_shape_is_refused(kind: str, posted: Raw) -> None:
    with pytest.raises(Malformed):
        READ[kind](posted)


def test_a_choice_comes_back_as_it_was_declared() -> None:
    assert choice_reader(("Minor", "Severe"))("  SEVERE ") == "Severe"


def test_all_states_are_known_by_their_codes_in_any_case() -> None:
    assert STATE_CODES == US_STATES
    assert {state_code(code.lower()) for code in STATE_CODES} == STATE_CODES


LIKELY = st.from_regex(
    r"[ +(]?1?[ -]?\(?[2-9]\d{2}\)?[ .-]?\d{3}[ .-]?\d{4}|\d{1,2}/\d{1,2}/\d{4}|\$?[\d,]{1,7}(\.\d*)?", fullmatch=True
)
MOMENTS = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
TEXTS = st.text(max_size=60) | LIKELY | MOMENTS | st.emails() | st.dates().map(str)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
VALUES = TEXTS | NUMBERS | st.lists(TEXTS | NUMBERS)
EVERY_READER = [*READ.values(), choice_reader(("a", "B", "ß")), read_anything]


@given(st.sampled_from(EVERY_READER), VALUES)
def test_normalising_twice_is_normalising_once(read: Reader, posted: Raw) -> None:
    with suppress(Malformed):
        once = read(posted)
        assert once is None or same(read, once)


def same(read: Reader, normal: Raw) -> bool:
    """Whether the reader takes its own normal form and leaves it alone."""
    try:
        return read(normal) == normal
    except Malformed:
        return False


@given(st.from_regex(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True))
def test_the_short_way_for_north_american_numbers_agrees_with_the_library(number: str) -> None:
    parsed = phonenumbers.parse(number)
    assert e164(number) == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    assert is_assigned(number) == phonenumbers.is_valid_number(parsed)


@given(
    st.from_regex(r"[A-Za-z0-9_.+\-]{1,12}@([a-z0-9\-]{1,8}\.){1,3}(com|net|co|test|arpa|x1)", fullmatch=True)
    | st.emails()
)
def test_the_short_way_for_addresses_agrees_with_the_library(address: str) -> None:
    try:
        expected: str | None = validate_email(
            address.lower(), check_deliverability=False, strict=True
        ).normalized.lower()
    except EmailNotValidError:
        expected = None
    assert normal_email(address) == expected
