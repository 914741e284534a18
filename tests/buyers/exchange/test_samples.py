"""The lead that people are shown when they try a buyer's interface."""

from buyers.exchange.samples import sample_lead
from routing.fields import BUILT_IN, FieldSpec, FieldType

OWN = [
    FieldSpec("severity", FieldType.CHOICE, choices=("minor", "severe")),
    FieldSpec("born", FieldType.DATE),
    FieldSpec("first_name", FieldType.TEXT, required=True),
    FieldSpec("case_type", FieldType.CHOICE, choices=("dog_bite",)),
]


def test_a_sample_is_made_of_fields_that_every_lead_type_has() -> None:
    assert set(sample_lead()) < set(BUILT_IN)


def test_a_sample_holds_what_its_lead_type_asks_for() -> None:
    lead = sample_lead(OWN)

    assert {name: lead[name] for name in ("severity", "born", "first_name", "case_type", "zip")} == {
        "severity": "minor",
        "born": "1985-07-04",
        "first_name": "Maria",
        "case_type": "dog_bite",
        "zip": "75001",
    }
