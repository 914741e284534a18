"""The glossary names every code that the product can say, and none that it cannot."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.urls import get_resolver

from accounts.models import AgencyStatus
from buyers.exchange.answers import AnswerOutcome
from buyers.models import Status
from core.http.outcomes import Outcome
from leads.consent import CONSENT_EXPIRED, CONSENT_MISSING
from leads.fates import _why_unsold, duplicate_fate
from leads.models import Lead, Sale
from portal.docs import known_codes
from routing.models import Method
from routing.reasons import Reason
from routing.types import Decision
from scoring.levels import Level
from scoring.points import RULES
from scoring.rules import Points, Rule, Values
from scoring.telling import DAYS_SINCE, FACTS, FIELD, FIELD_RATIO
from tests.processes import ROOT
from webhooks.states import EVENT_TYPES, EndpointState, MessageState

ASKERS = ("asking", "auction", "posting")
APPS = ("accounts", "billing", "buyers", "core", "leads", "portal", "routing", "scoring", "webhooks")
FRAMEWORK = {"required", "null", "blank", "invalid", "invalid_choice", "not_a_list", "not_a_dict"} | {
    f"{bound}_{of}" for bound in ("min", "max") for of in ("length", "value")
}
"""What REST framework's fields say where we have no word of our own."""
NOBODY = Decision(outcome="unsold", winners=(), verdicts=())
PLACE = {"FieldError": 1, "Malformed": 0, "BadOperand": 0, "add": 1, "_number": 1, "_or_refuse": 1}
"""Which argument of these calls is the code of a field's problem."""


def section(title: str) -> list[list[str]]:
    """The rows of the table under this heading, cell by cell."""
    text = (ROOT / "docs" / "glossary.md").read_text()
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"the glossary has no section {title!r}"
    lines = [line for line in found[1].splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def codes(title: str, column: int = 0) -> list[str]:
    return [row[column] for row in section(title)]


def same(named: Iterable[object], known: Iterable[object]) -> None:
    """The glossary and the code name the same things, each once."""
    listed = [str(name) for name in named]
    assert len(listed) == len(set(listed)), "named twice"
    said = {str(one) for one in known}
    assert sorted(said - set(listed)) == [], "the glossary does not name these"
    assert sorted(set(listed) - said) == [], "the glossary names what is not said"


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("Status of a lead", Lead.Status.values),
        ("State of a sale", Sale.State.values),
        ("State of a post", [state for state in Sale.Post.values if state]),
        ("State of a message", MessageState.values),
        ("State of an endpoint", EndpointState.values),
        ("Status of a buyer, source, campaign or contract", Status.values),
        ("Status of an agency", AgencyStatus.values),
        ("Level of a finding", list(Level)),
        ("Event types", EVENT_TYPES),
        ("Outcomes of an attempt", [outcome.value for outcome in Outcome]),
        ("Outcomes of a buyer's answer", [outcome.value for outcome in AnswerOutcome]),
        ("Reasons of a contract", [reason.value for reason in Reason]),
        ("Reasons of a lead", [_why_unsold(NOBODY), duplicate_fate(uuid4()).reason, CONSENT_MISSING, CONSENT_EXPIRED]),
        (
            "Routing decisions",
            [f"{method}_winner" for method in Method.values] + ["pending", "unsold", "duplicate", "rejected"],
        ),
    ],
)
def test_a_closed_list_stands_in_the_glossary(title: str, known: Iterable[str]) -> None:
    same(codes(title), known)


def test_reasons_of_a_contract_stand_in_the_order_of_the_rules() -> None:
    assert codes("Reasons of a contract") == [reason.value for reason in Reason]


def test_every_reason_of_a_score_stands_in_the_glossary() -> None:
    lines = [line for rule in RULES for line in _lines(rule)]
    same(codes("Reasons of a score"), [f"{line.code}_{'UP' if line.points > 0 else 'DOWN'}" for line in lines])


def test_every_reason_that_only_learned_models_give_stands_in_the_glossary() -> None:
    same(codes("Reasons of a learned score"), [code for code, *_ in (*FACTS.values(), FIELD, DAYS_SINCE, FIELD_RATIO)])


def test_every_error_code_stands_in_the_glossary_with_its_status() -> None:
    assert get_resolver().url_patterns  # loads every module that can refuse
    same(
        (f"{row[0]} {row[1]}" for row in section("Error codes")),
        {f"{known.status} {known.code}" for known in known_codes()},
    )


def test_every_code_of_a_field_stands_in_the_glossary() -> None:
    said = {code for app in APPS for file in (ROOT / app).rglob("*.py") for code in _field_codes(file)}
    same(codes("Field codes"), said | FRAMEWORK)


def test_every_reason_of_ours_for_a_buyers_answer_stands_in_the_glossary() -> None:
    ours = [*(ROOT / "buyers" / "exchange").glob("*.py"), *(ROOT / "leads" / f"{name}.py" for name in ASKERS)]
    said = {reason for file in ours for reason in _answer_reasons(file)} - {outcome.value for outcome in Outcome}
    same(codes("Reasons of a buyer's answer"), said)


def _answer_reasons(file: Path) -> Iterator[str]:
    """The reasons that this file writes out: of bad prices, unreadable bodies, and where a buyer gives none."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.keyword) and node.arg == "reason":
            parts = node.value.values if isinstance(node.value, ast.BoolOp) else [node.value]
            yield from (str(part.value) for part in parts if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0] if node.args else None
            if name in ("BadPrice", "Language", "_unreadable") and isinstance(first, ast.Constant):
                yield str(first.value)


def _lines(rule: Rule) -> list[Points]:
    lines = [*rule.lines.values()] if isinstance(rule, Values) else [*rule.lines, rule.missing]
    return [line for line in lines if line]


def _field_codes(file: Path) -> Iterator[str]:
    """The codes of problems of fields that this file writes out."""
    for call in (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        spoken = [*call.args[PLACE[name] : PLACE[name] + 1]] if name in PLACE else []
        if name == "ValidationError":
            spoken = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
        yield from (word.value for word in spoken if isinstance(word, ast.Constant) and isinstance(word.value, str))
    yield from _framework_messages(file)


def _framework_messages(file: Path) -> Iterator[str]:
    """The codes that a field of our own declares as REST framework wants it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "default_error_messages":
            yield from ast.literal_eval(node.value)
