"""Bytes become a Submission, or a refusal that says what was wrong and where."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FieldProblems
from core.json import dumps
from leads.intake.form_post import MalformedForm, read_form
from leads.intake.json_post import MalformedJson, read_json
from leads.types import Submission


def problems(body: bytes) -> list[tuple[str, str]]:
    with pytest.raises(FieldProblems) as refusal:
        read_json(body)
    return [(error.field, error.code) for error in refusal.value.errors]


def form_problems(body: bytes) -> list[tuple[str, str]]:
    with pytest.raises(FieldProblems) as refusal:
        read_form(body)
    return [(error.field, error.code) for error in refusal.value.errors]


def test_json_members_that_steer_are_parted_from_the_fields_of_the_lead() -> None:
    body = b"""{"phone": "1", "pets": 2, "source": " google_ads ", "campaign_id": "camp_1", "external_id": 42,
                "metadata": {"form": "a", "step": 3, "gone": null}, "colours": ["red", 1], "empty": null}"""
    assert read_json(body) == Submission(
        fields={"phone": "1", "pets": 2, "colours": ["red", 1]},
        source="google_ads",
        campaign_id="camp_1",
        external_id="42",
        metadata={"form": "a", "step": 3},
    )


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The JSON ends too early, at byte 0."),
        (b'{"phone": "+1555', "The JSON ends too early, at byte 16."),
        (b'{"phone": +1}', "Invalid character (byte 10)."),
        (b'{"a": 1} x', "Trailing characters (byte 10)."),
        (b'{"a": NaN}', "Invalid character (byte 6)."),
        (b'{"a": 1e999}', "Number out of range."),
        (b'{"a": "\xff"}', "The body is not UTF-8."),
        (b"[" * 200_000, "The body is nested too deeply."),
        (b'{"a": "raw \x00"}', "Invalid character (byte 11)."),
    ],
)
def test_json_that_is_malformed_is_refused_with_its_place(body: bytes, detail: str) -> None:
    with pytest.raises(MalformedJson) as refusal:
        read_json(body)
    assert (refusal.value.status, refusal.value.code, refusal.value.detail) == (400, "malformed_json", detail)


@pytest.mark.parametrize("text", [r"\ud800", r"\ud800abcdefgh", r"x\udc00y", r"\ud83d\u0041"])
def test_half_an_emoji_is_refused_not_stored(text: str) -> None:
    with pytest.raises(MalformedJson):
        read_json(f'{{"comment": "{text}", "other": "long enough to look further ahead"}}'.encode())


def test_a_whole_emoji_is_an_ordinary_character() -> None:
    assert read_json('{"comment": "🏠 \\ud83c\\udfe0"}'.encode()).fields == {"comment": "🏠 🏠"}


@pytest.mark.parametrize("body", [b"[]", b"1", b'"lead"', b"null", b'[{"phone": "1"}]'])
def test_json_whose_top_level_is_no_object_is_refused(body: bytes) -> None:
    assert problems(body) == [("", "not_an_object")]


def test_every_member_of_the_wrong_shape_is_named() -> None:
    body = b"""{"address": {"street": "x"}, "note": "a\\u0000b", "list": [1, [2], {"a": 1}, "\\u0000"],
                "id": 9007199254740992, "bad name": 1, "": 2, "source": {"a": 1},
                "external_id": [], "metadata": {"a": {}, "b c": 1}}"""
    assert problems(body) == [
        ("source", "wrong_type"),
        ("external_id", "wrong_type"),
        ("metadata.a", "nested"),
        ("metadata.b c", "bad_name"),
        ("address", "nested"),
        ("note", "nul_character"),
        ("list.1", "nested"),
        ("list.2", "nested"),
        ("list.3", "nul_character"),
        ("id", "too_large"),
        ("bad name", "bad_name"),
        ("", "bad_name"),
    ]


def test_200_custom_fields_are_welcome_beside_the_built_in_ones() -> None:
    lead = {"phone": "1", "email": "a@b.co"} | {f"custom_{n}": n for n in range(200)}
    assert len(read_json(dumps(lead)).fields) == 202


@pytest.mark.parametrize("count", [201, 10_000])
def test_more_custom_fields_are_refused_in_one_problem(count: int) -> None:
    assert problems(dumps({f"custom_{n}": n for n in range(count)})) == [("", "too_many_fields")]


@pytest.mark.parametrize(
    ("lead", "problem"),
    [
        ({"note": "x" * 2_001}, ("note", "too_long")),
        ({"notes": ["x" * 2_001]}, ("notes.0", "too_long")),
        ({"notes": ["x"] * 51}, ("notes", "too_many")),
        ({"source": "x" * 201}, ("source", "too_long")),
        ({"metadata": {"a": "x" * 501}}, ("metadata.a", "too_long")),
        ({"metadata": {f"m{n}": n for n in range(51)}}, ("metadata", "too_many")),
        ({"metadata": "x"}, ("metadata", "wrong_type")),
        ({"n" * 65: 1}, ("n" * 64, "bad_name")),
    ],
)
def test_what_is_too_large_is_named(lead: dict[str, object], problem: tuple[str, str]) -> None:
    assert problems(dumps(lead)) == [problem]


def test_a_text_of_exactly_2000_characters_passes() -> None:
    assert read_json(dumps({"note": "é" * 2_000})).fields == {"note": "é" * 2_000}


def test_a_form_is_read_like_json() -> None:
    body = (
        b"first_name=Ana+Mar%C3%ADa&phone=%2B15124721234&source=acme&metadata[step]=3&metadata%5Bform%5D=b&empty=&&flag"
    )
    assert read_form(body) == Submission(
        fields={"first_name": "Ana María", "phone": "+15124721234", "empty": "", "flag": ""},
        source="acme",
        campaign_id=None,
        external_id=None,
        metadata={"step": "3", "form": "b"},
    )


def test_a_form_that_gives_a_name_twice_is_refused_by_name() -> None:
    assert form_problems(b"phone=1&state=TX&phone=2&metadata[a]=1&metadata[a]=2") == [
        ("phone", "given_twice"),
        ("metadata[a]", "given_twice"),
    ]


def test_metadata_of_a_form_that_is_no_table_is_refused() -> None:
    assert form_problems(b"metadata=x") == [("metadata", "wrong_type")]


def test_a_form_with_ten_thousand_members_is_refused() -> None:
    assert form_problems(b"&".join(b"f%d=1" % n for n in range(10_000))) == [("", "too_many_fields")]


def test_a_nul_in_a_form_is_named() -> None:
    assert form_problems(b"note=a%00b") == [("note", "nul_character")]


def test_a_form_that_is_not_utf8_is_malformed() -> None:
    with pytest.raises(MalformedForm) as refusal:
        read_form(b"name=%ff")
    assert (refusal.value.status, refusal.value.code) == (400, "malformed_form")


@given(st.binary())
def test_any_bytes_are_a_submission_or_a_refusal(body: bytes) -> None:
    for read in (read_json, read_form):
        with suppress(MalformedJson, MalformedForm, FieldProblems):
            dumps(read(body).fields)
