"""Checked leads: one runner over the samples, then what no sample can say."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FieldProblems
from leads.intake.json_post import read_json
from leads.types import LeadData
from leads.validation import Validator
from routing.fields import FieldSpec, FieldType

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))


def spec(name: str, kind: str, choices: tuple[str, ...] = (), *, required: bool = False) -> FieldSpec:
    return FieldSpec(name, FieldType(kind), choices, required)


def check(lead_type: list[FieldSpec], payload: Any, received_at: datetime = NOON) -> LeadData:
    submission = read_json(json.dumps(payload).encode())
    return Validator(lead_type).check(submission.fields, received_at=received_at)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_becomes_its_lead_or_its_problems(path: Path) -> None:
    sample = json.loads(path.read_text())
    specs = [
        spec(s["name"], s["type"], tuple(s.get("choices", ())), required=s.get("required", False))
        for s in sample["lead_type"]
    ]
    received_at = datetime.fromisoformat(sample["received_at"])
    if "problems" in sample:
        with pytest.raises(FieldProblems) as refusal:
            check(specs, sample["payload"], received_at)
        assert {error.field: error.code for error in refusal.value.errors} == sample["problems"]
        assert len(refusal.value.errors) == len(sample["problems"])
    else:
        lead = check(specs, sample["payload"], received_at)
        assert lead == LeadData(sample["fields"], frozenset(sample["flags"]))
        assert [type(value) for value in lead.fields.values()] == [type(value) for value in sample["fields"].values()]


def test_an_unassigned_number_of_any_telephone_field_is_flagged_and_kept() -> None:
    lead = check([spec("work_phone", "phone")], {"phone": "+15124721234", "work_phone": "+15551234567"})
    assert lead == LeadData({"phone": "+15124721234", "work_phone": "+15551234567"}, frozenset({"work_phone_invalid"}))


def test_a_lead_type_may_narrow_a_built_in_field_to_choices() -> None:
    specs = [spec("case_type", "choice", ("auto_accident", "slip_and_fall"))]
    assert check(specs, {"case_type": "AUTO_ACCIDENT"}).fields == {"case_type": "auto_accident"}


def test_a_lead_type_that_calls_the_phone_a_text_does_not_change_its_form() -> None:
    assert check([spec("phone", "text", required=True)], {"phone": "512-472-1234"}).fields == {"phone": "+15124721234"}


def test_a_refused_field_is_not_also_called_missing() -> None:
    with pytest.raises(FieldProblems) as refusal:
        check([spec("phone", "phone", required=True)], {"phone": "123"})
    assert [(error.field, error.code) for error in refusal.value.errors] == [("phone", "invalid_phone")]


def test_an_empty_lead_is_valid_where_nothing_is_required() -> None:
    assert check([], {}) == LeadData({}, frozenset())


def test_false_and_zero_are_values_and_satisfy_required() -> None:
    specs = [spec("insured", "boolean", required=True), spec("claims", "integer", required=True)]
    assert check(specs, {"insured": False, "claims": 0}).fields == {"insured": False, "claims": 0}


TYPES = ["text", "integer", "decimal", "boolean", "date", "datetime", "phone", "email", "state", "zip", "url"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
NAMES = st.sampled_from(
    ["phone", "email", "state", "zip", "consent_timestamp", "ip_address", "metadata", "source", *TYPES]
)


@given(st.dictionaries(NAMES | st.text(), JSON) | JSON)
def test_any_json_is_a_lead_or_a_named_refusal(payload: object) -> None:
    with suppress(FieldProblems):
        lead = check([spec(kind, kind) for kind in TYPES], payload)
        assert isinstance(payload, dict)
        assert lead.fields.keys() <= payload.keys()
