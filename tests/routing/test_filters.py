"""What filters match, what they refuse to be, and that nothing a lead holds can upset them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.errors import FieldProblems
from routing.fields import BUILT_IN, FieldSpec, FieldType
from routing.filters import parse_filter
from routing.types import Facts
from routing.values import plain

AGE = FieldSpec("age", FieldType.INTEGER)
SEVERITY = FieldSpec("severity", FieldType.CHOICE, choices=("minor", "severe"))
FIELDS = {**BUILT_IN, "age": AGE, "severity": SEVERITY}

MATCHES: list[tuple[str, Any, Any, bool]] = [
    ("eq", "tx", "TX", True),
    ("eq", "TX", " tx ", True),
    ("eq", 5, "5.0", True),
    ("eq", "5", 5, True),
    ("eq", 5, "five", False),
    ("eq", True, "true", True),
    ("eq", True, 1, False),
    ("eq", "TX", None, False),
    ("eq", 0.1, Decimal("0.10"), True),
    ("eq", "2026-05-12T14:30:00Z", "2026-05-12T14:30:00.000Z", True),
    ("eq", "2026-05-12T16:30:00+02:00", "2026-05-12T14:30:00.000Z", True),
    ("eq", "2026-05-12", date(2026, 5, 12), True),
    ("eq", "2026-05-12", "2026-05-12T00:00:01Z", False),
    ("ne", "2026-05-12T14:30:00Z", "2026-05-12T14:30:00.000Z", False),
    ("in", ["2026-05-11", "2026-05-12T14:30:00Z"], "2026-05-12T14:30:00.000Z", True),
    ("in", ["2026-05-11"], "2026-05-12T14:30:00.000Z", False),
    ("in", [True, 7], "true", True),
    ("ne", "TX", "CA", True),
    ("ne", "TX", "tx", False),
    ("ne", "TX", None, True),
    ("in", ["TX", "CA"], "ca", True),
    ("in", ["TX", "CA"], "NY", False),
    ("in", [1, 2], "2", True),
    ("in", ["TX"], None, False),
    ("in", ["75001-75099", "10001"], "75050", True),
    ("in", ["75001-75099", "10001"], "75099-1234", True),
    ("in", ["75001-75099", "10001"], "10001", True),
    ("in", ["75001-75099", "10001"], "75100", False),
    ("not_in", ["TX", "CA"], "NY", True),
    ("not_in", ["75001-75099"], "75002", False),
    ("not_in", ["TX"], "", True),
    ("gt", 18, 18, False),
    ("gte", 18, "18", True),
    ("lt", 18, 17.5, True),
    ("lte", 18, None, False),
    ("gt", 9, "10", True),
    ("gte", "2026-05-02", "2026-05-02", True),
    ("lt", "2026-05-02", date(2026, 5, 1), True),
    ("gt", "2026-05-02T12:00:00+02:00", "2026-05-02T10:00:01Z", True),
    ("lt", "2026-05-02", datetime(2026, 5, 1, 23, 59), True),  # noqa: DTZ001 - a naive one is read as UTC
    ("gt", "2026-05-02", "soon", False),
    ("between", [18, 64], 64, True),
    ("between", [18, 64], 65, False),
    ("between", ["2026-01-01", "2026-01-31"], "2026-01-31", True),
    ("between", ["75001", "75099"], "75002-0001", True),
    ("between", ["75001", "75099"], "74999", False),
    ("exists", True, 0, True),
    ("exists", True, "  ", False),
    ("exists", False, None, True),
    ("prefix", "750", "75001", True),
    ("prefix", ["760", "750"], "75001", True),
    ("prefix", "750", None, False),
    ("regex", "^75\\d{3}$", "75001", True),
    ("regex", "^75\\d{3}$", "7500", False),
    ("regex", "a*", None, False),
    ("regex", "^true$", True, True),
    ("regex", "^Red$", "red", False),
    ("regex", "^4.5$", 4.5, True),
    ("within", {"zip": "75001", "miles": 25}, "75201", True),
    ("within", {"zip": "75001", "miles": 25}, "77002", False),
    ("within", {"zip": "75001", "miles": 25}, "00000", False),
]


@pytest.mark.parametrize(("op", "value", "found", "matches"), MATCHES)
def test_an_operator_compares_as_its_own_value_says(op: str, value: Any, found: Any, matches: bool) -> None:
    document = {"field": "x", "op": op, "value": value}
    missed = None if matches else {**document, "found": plain(found)}

    assert parse_filter(document).miss({"x": plain(found)}) == missed


SERVICES: list[Any] = ["Roof", "gutter", 7]


@pytest.mark.parametrize(
    ("op", "value", "matches"),
    [
        ("eq", "roof", True),
        ("eq", 7, True),
        ("eq", "siding", False),
        ("in", ["siding", "gutter"], True),
        ("ne", "roof", False),
        ("ne", "siding", True),
        ("not_in", ["siding", "gutter"], False),
        ("not_in", ["siding"], True),
        ("gt", 6, True),
        ("prefix", "gut", True),
        ("regex", "^R", True),
        ("exists", True, True),
        ("exists", False, False),
    ],
)
def test_of_several_values_one_must_pass_and_none_what_is_denied(op: str, value: Any, matches: bool) -> None:
    facts = Facts({"services": SERVICES}, 50, datetime(2026, 5, 12, tzinfo=UTC))
    document = {"field": "services", "op": op, "value": value}
    assert parse_filter(document).miss(facts.fields) == (None if matches else {**document, "found": SERVICES})


def test_groups_nest_and_the_first_failing_rule_is_named() -> None:
    tx, old, smoker = (
        {"field": "state", "op": "eq", "value": "TX"},
        {"field": "age", "op": "gte", "value": 65},
        {"field": "smoker", "op": "eq", "value": True},
    )
    parsed = parse_filter({"all": [tx, {"any": [old, smoker]}, {"none": [{"all": [old, smoker]}, old]}]})

    assert parsed.miss({"state": "CA", "age": 70}) == {**tx, "found": "CA"}
    assert parsed.miss({"state": "TX", "age": 30}) == {"any": [{**old, "found": 30}, {**smoker, "found": None}]}
    assert parsed.miss({"state": "TX", "age": 70}) == {"none": old, "found": 70}
    assert parsed.miss({"state": "TX", "age": 70, "smoker": True}) == {"none": {"all": [old, smoker]}}
    assert parsed.miss({"state": "TX", "age": 30, "smoker": True}) is None


def test_a_group_with_several_members_holds_where_each_does() -> None:
    parsed = parse_filter(
        {"any": [{"field": "a", "op": "exists"}], "none": [{"field": "b", "op": "exists", "value": True}]}
    )

    assert parsed.miss({"a": 1}) is None
    assert parsed.miss({"a": 1, "b": 2}) is not None
    assert parsed.miss({}) is not None


def test_an_empty_filter_matches_every_lead() -> None:
    assert parse_filter({}).miss({}) is None


NESTED: dict[str, Any] = {"all": []}
for _ in range(9):
    NESTED = {"all": [NESTED]}

MALFORMED: list[tuple[Any, str, str]] = [
    (None, "filters", "not_an_object"),
    ([], "filters", "not_an_object"),
    ({"every": []}, "filters.every", "unknown_member"),
    ({"all": {}}, "filters.all", "not_a_list"),
    ({"any": []}, "filters.any", "never_true"),
    ({"all": [3]}, "filters.all.0", "not_an_object"),
    ({"all": [{"any": [{"op": "eq", "value": 1}]}]}, "filters.all.0.any.0.field", "required"),
    ({"field": "x", "value": 1}, "filters.op", "required"),
    ({"field": "x", "op": "eq", "value": 1, "then": 2}, "filters.then", "unknown_member"),
    ({"field": 7, "op": "eq", "value": 1}, "filters.field", "not_a_text"),
    ({"field": "x", "op": ["eq"], "value": 1}, "filters.op", "not_a_text"),
    ({"field": "x", "op": "like", "value": 1}, "filters.op", "unknown_operator"),
    ({"field": "x", "op": "eq"}, "filters.value", "not_a_value"),
    ({"field": "x", "op": "eq", "value": {"a": 1}}, "filters.value", "not_a_value"),
    ({"field": "x", "op": "eq", "value": float("nan")}, "filters.value", "not_a_value"),
    ({"field": "x", "op": "in", "value": "TX"}, "filters.value", "not_a_list"),
    ({"field": "x", "op": "in", "value": []}, "filters.value", "not_a_list"),
    ({"field": "x", "op": "in", "value": ["75099-75001"]}, "filters.value", "empty_range"),
    ({"field": "x", "op": "gt", "value": "old"}, "filters.value", "no_order"),
    ({"field": "x", "op": "between", "value": [1]}, "filters.value", "not_a_pair"),
    ({"field": "x", "op": "between", "value": [1, "2026-01-01"]}, "filters.value", "not_a_pair"),
    ({"field": "x", "op": "between", "value": [2, 1]}, "filters.value", "empty_range"),
    ({"field": "x", "op": "exists", "value": "yes"}, "filters.value", "not_a_flag"),
    ({"field": "x", "op": "prefix", "value": ""}, "filters.value", "not_a_text"),
    ({"field": "x", "op": "regex", "value": "("}, "filters.value", "bad_pattern"),
    ({"field": "x", "op": "regex", "value": "(?=a)"}, "filters.value", "bad_pattern"),
    ({"field": "x", "op": "regex", "value": "a" * 201}, "filters.value", "too_long"),
    ({"field": "x", "op": "within", "value": "75001"}, "filters.value", "not_a_circle"),
    ({"field": "x", "op": "within", "value": {"zip": "00000", "miles": 5}}, "filters.value", "unknown_zip"),
    ({"field": "x", "op": "within", "value": {"zip": "75001", "miles": 0}}, "filters.value", "bad_radius"),
    ({"all": [{"field": "x", "op": "exists"}] * 201}, "filters.all", "too_many"),
    ({"any": [{"all": [{"field": "x", "op": "exists"}] * 101}] * 2}, "filters.any.1.all.99", "too_many"),
    (NESTED, "filters" + ".all.0" * 8, "too_deep"),
]


@pytest.mark.parametrize(("document", "field", "code"), MALFORMED)
def test_a_malformed_filter_is_refused_with_the_path_of_its_fault(document: Any, field: str, code: str) -> None:
    with pytest.raises(FieldProblems) as refused:
        parse_filter(document)

    assert [(problem.field, problem.code) for problem in refused.value.errors] == [(field, code)]


def test_every_fault_of_a_filter_is_named_at_once() -> None:
    bad = {"all": [{"field": "x", "op": "like", "value": 1}, {"any": []}]}

    with pytest.raises(FieldProblems) as refused:
        parse_filter(bad, "price_rules.0.when")

    assert [problem.field for problem in refused.value.errors] == [
        "price_rules.0.when.all.0.op",
        "price_rules.0.when.all.1.any",
    ]


UNFIT: list[tuple[str, str, Any]] = [
    ("age", "eq", "41"),
    ("age", "between", ["2026-01-01", "2026-01-02"]),
    ("state", "in", ["TX", "Texas"]),
    ("severity", "eq", "fatal"),
    ("consent_timestamp", "gt", 5),
    ("zip", "in", ["dallas"]),
    ("zip", "eq", "75001-75099"),
    ("zip", "ne", "75001-75099"),
    ("zip", "in", ["75001-1234"]),
    ("city", "gt", 5),
    ("city", "within", {"zip": "75001", "miles": 5}),
]


@pytest.mark.parametrize(("field", "op", "value"), UNFIT)
def test_a_value_that_does_not_suit_its_field_is_refused(field: str, op: str, value: Any) -> None:
    with pytest.raises(FieldProblems) as refused:
        parse_filter({"field": field, "op": op, "value": value}, fields=FIELDS)

    assert [(problem.field, problem.code) for problem in refused.value.errors] == [("filters.value", "wrong_type")]


def test_values_that_suit_their_fields_and_tests_of_custom_fields_are_taken() -> None:
    document = {
        "all": [
            {"field": "age", "op": "between", "value": [18, 64]},
            {"field": "state", "op": "in", "value": ["tx", "CA"]},
            {"field": "severity", "op": "ne", "value": "Severe"},
            {"field": "zip", "op": "not_in", "value": ["75001-75099", "10001"]},
            {"field": "roof_colour", "op": "regex", "value": "(?i)red"},
        ]
    }

    assert parse_filter(document, fields=FIELDS).document == document
