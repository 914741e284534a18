"""Ids, money, JSON and sealing: the values everything else is built of."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing import get_context
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids, json, money, sealing


@given(st.uuids())
def test_an_id_reads_back_as_the_uuid_it_was_made_of(value: UUID) -> None:
    text = ids.encode("ld", value)
    assert len(text) == 29
    assert ids.decode("ld", text) == value


@pytest.mark.parametrize("text", ["", "ld_", "sale_" + "0" * 26, "ld_" + "0" * 25, "ld_" + "u" * 26, "ld_" + "z" * 26])
def test_a_text_that_is_no_id_of_the_kind_is_refused(text: str) -> None:
    with pytest.raises(ids.BadId):
        ids.decode("ld", text)


def test_ids_made_later_sort_later() -> None:
    made = [ids.new_id() for _ in range(50)]
    assert [value.int >> 80 for value in made] == sorted(value.int >> 80 for value in made)
    assert {value.version for value in made} == {7}


def test_ids_of_one_instant_differ_in_all_threads() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: ids.new_id(datetime(2026, 5, 12, tzinfo=UTC)), range(4_000)))
    assert len(set(made)) == 4_000


def test_a_process_that_is_forked_makes_ids_of_its_own() -> None:
    ids.new_id()  # something is drawn ahead
    at = datetime(2026, 5, 12, tzinfo=UTC)
    with get_context("fork").Pool(2) as processes:
        made = processes.starmap(ids.new_id, [(at,)] * 100, chunksize=10)
    assert len({*made, *(ids.new_id(at) for _ in range(100))}) == 200


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        (175.00, "USD", 17500),
        ("0.1", "USD", 10),
        (Decimal("12"), "JPY", 12),
        ("1.234", "KWD", 1234),
        (-2.5, "USD", -250),
    ],
)
def test_an_amount_in_major_units_becomes_exact_minor_units(
    value: Decimal | float | str, currency: str, minor: int
) -> None:
    assert money.to_minor(value, currency) == minor


@pytest.mark.parametrize("value", ["0.001", "NaN", "Infinity", "ten", "1e40", ""])
def test_what_is_no_amount_of_the_currency_is_refused(value: str) -> None:
    with pytest.raises(money.BadAmount):
        money.to_minor(value, "USD")


@given(st.integers(-(10**14), 10**14), st.sampled_from(["USD", "JPY", "KWD"]))
def test_minor_units_survive_the_way_out_and_back(minor: int, currency: str) -> None:
    assert money.to_minor(money.to_major(minor, currency), currency) == minor


@given(st.integers(0, 10**9), st.integers(0, 10_000))
def test_payout_and_margin_add_up_to_the_price(price: int, basis_points: int) -> None:
    payout = money.percent_of(price, basis_points)
    assert 0 <= payout <= price


def test_money_leaves_as_a_number_with_its_decimals() -> None:
    assert json.dumps({"price": money.to_major(17500, "USD")}) == b'{"price":175.00}'


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_was_sealed_opens_only_in_its_context(plain: bytes, context: str) -> None:
    sealer = sealing.Sealer(b"k" * 32)
    sealed = sealer.seal(plain, context)
    assert sealer.open(sealed, context) == plain
    with pytest.raises(sealing.Unsealable):
        sealer.open(sealed, context + "x")
    with pytest.raises(sealing.Unsealable):
        sealer.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), context)


def test_a_blind_index_is_stable_and_differs_by_purpose() -> None:
    assert sealing.blind_index("phone", "+15551234567") == sealing.blind_index("phone", "+15551234567")
    assert sealing.blind_index("phone", "x") != sealing.blind_index("email", "x")
