"""Wishes for the scores of a lead type, in names that it has: a name misspelt would bar and compare nothing, unseen."""

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.principals import Actor
from core.errors import FieldError, FieldProblems
from leads.score_sharing import features_of_type
from routing.fields import BUILT_IN
from routing.models import LeadType
from scoring.models import Policy
from scoring.policies import set_policy


def set_wishes(*, actor: Actor, lead_type: LeadType, values: Mapping[str, Any]) -> Policy:
    """As `scoring.policies.set_policy`. Raises FieldProblems for names that are none of this lead type's besides."""
    fields = {*BUILT_IN, *(field.name for field in lead_type.fields.all())}
    features = features_of_type(lead_type)
    problems = [
        *_unknown("compared", values, fields, "There is no such field in this lead type."),
        *_unknown("excluded", values, fields | features, "There is no such field or feature in this lead type."),
    ]
    if problems:
        raise FieldProblems(problems, " ".join(f"{one.detail[:-1]}: {_named(one, values)}." for one in problems))
    return set_policy(actor=actor, lead_type=lead_type.name, values=values)


def _unknown(member: str, values: Mapping[str, Any], known: set[str], detail: str) -> list[FieldError]:
    names: Sequence[str] = values.get(member, ())
    return [FieldError(f"{member}.{place}", "unknown", detail) for place, name in enumerate(names) if name not in known]


def _named(problem: FieldError, values: Mapping[str, Any]) -> str:
    member, _, place = problem.field.partition(".")
    name: str = values[member][int(place)]
    return name
