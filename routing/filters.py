"""The conditions of contracts and price rules: read once from JSON into a small tree, then asked of every lead.

A filter is a test `{"field", "op", "value"}` or a group `{"all": [...]}`, `{"any": [...]}`, `{"none": [...]}`; a group
with several of these members holds where each of them does. Groups nest. `{}` matches every lead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from routing.documents import Problems
from routing.fields import FieldSpec
from routing.operands import check_fit
from routing.operators import DENYING, OPERATORS, BadOperand, Holds, OneOf
from routing.values import Held

DEEPEST = 8
AT_MOST = 200
Fields = Mapping[str, Held]
Miss = dict[str, Any]


class Filter(Protocol):
    """Any part of a filter."""

    @property
    def document(self) -> dict[str, Any]:
        """The JSON it was read from."""

    def miss(self, fields: Fields) -> Miss | None:
        """The first rule these fields fail, with its inputs, as plain JSON; None where they match."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question about one field. Of several values one must pass; what denies must hold of all."""

    document: dict[str, Any]
    name: str
    holds: Holds = field(compare=False, repr=False)

    def miss(self, fields: Fields) -> Miss | None:
        """See Filter."""
        found = fields.get(self.name)
        passes = self._passes(found) if isinstance(found, list) else self.holds(found)
        return None if passes else {**self.document, "found": found}

    @property
    def texts(self) -> frozenset[str | None] | None:
        """The folded texts of which the field must hold one, where that is all that is asked."""
        return self.holds.texts if isinstance(self.holds, OneOf) else None

    def _passes(self, found: list[Any]) -> bool:
        passing = map(self.holds, found or [None])
        return all(passing) if self.document["op"] in DENYING else any(passing)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds where every part does."""

    document: dict[str, Any]
    parts: tuple[Filter, ...]

    def miss(self, fields: Fields) -> Miss | None:
        """See Filter."""
        for part in self.parts:
            if (missed := part.miss(fields)) is not None:
                return missed
        return None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where at least one part does."""

    document: dict[str, Any]
    parts: tuple[Filter, ...]

    def miss(self, fields: Fields) -> Miss | None:
        """See Filter; a miss names the miss of every part."""
        misses = []
        for part in self.parts:
            if (missed := part.miss(fields)) is None:
                return None
            misses.append(missed)
        return {"any": misses}


@dataclass(frozen=True, slots=True)
class NoneOf:
    """Holds where no part does."""

    document: dict[str, Any]
    parts: tuple[Filter, ...]

    def miss(self, fields: Fields) -> Miss | None:
        """See Filter; a miss names the part that matched."""
        for part in self.parts:
            if part.miss(fields) is None:
                found = {"found": fields.get(part.name)} if isinstance(part, Check) else {}
                return {"none": part.document, **found}
        return None


GROUPS: Mapping[str, Callable[[dict[str, Any], tuple[Filter, ...]], Filter]] = {
    "all": AllOf,
    "any": AnyOf,
    "none": NoneOf,
}
EVERYTHING: Filter = AllOf({}, ())


def first_check(asked: Filter) -> Check | None:
    """The check that every lead must pass before anything else is asked of it; None where there is no such one."""
    while isinstance(asked, AllOf) and asked.parts:
        asked = asked.parts[0]
    return asked if isinstance(asked, Check) else None


def parse_filter(document: object, path: str = "filters", *, fields: Mapping[str, FieldSpec] | None = None) -> Filter:
    """The filter of a JSON document, compiled.

    With the fields of the lead type, tests of known fields must also suit their types; unknown fields are custom ones
    and may be tested freely. Raises FieldProblems with every problem found, each under its dotted path.
    """
    problems = Problems()
    parsed = read_filter(document, path, problems, fields or {})
    problems.refuse()
    return parsed


def read_filter(document: object, path: str, problems: Problems, fields: Mapping[str, FieldSpec]) -> Filter:
    """The same as a part of a larger document: problems are added to its own."""
    return _Reader(problems, fields).read(document, path, 1)


class _Reader:
    """One reading of one filter."""

    def __init__(self, problems: Problems, fields: Mapping[str, FieldSpec]) -> None:
        self._problems = problems
        self._fields = fields
        self._checks = 0

    def read(self, document: object, path: str, depth: int) -> Filter:
        if depth > DEEPEST:
            self._problems.add(path, "too_deep", f"nests at most {DEEPEST} levels")
            return EVERYTHING
        if isinstance(document, dict) and {"field", "op", "value"} & document.keys():
            return self._check(document, path)
        members = self._problems.members(document, path, known=tuple(GROUPS))
        groups = [self._group(name, members[name], f"{path}.{name}", depth) for name in GROUPS if name in members]
        return groups[0] if len(groups) == 1 else AllOf(dict(members), tuple(groups))

    def _group(self, name: str, parts: object, path: str, depth: int) -> Filter:
        if name == "any" and parts == []:
            self._problems.add(path, "never_true", "must hold at least one condition")
        items = self._problems.items(parts, path, at_most=AT_MOST)
        return GROUPS[name]({name: parts}, tuple(self.read(part, where, depth + 1) for where, part in items))

    def _check(self, document: dict[str, Any], path: str) -> Filter:
        self._checks += 1
        if self._checks == AT_MOST + 1:
            self._problems.add(path, "too_many", f"a filter holds at most {AT_MOST} tests")
        members = self._problems.members(document, path, known=("field", "op", "value"), required=("field", "op"))
        field = self._text(members, "field", path)
        op = self._operator(members, path)
        if field and op:
            return self._compiled(field, op, members.get("value", True if op == "exists" else None), f"{path}.value")
        return EVERYTHING

    def _compiled(self, field: str, op: str, value: object, path: str) -> Filter:
        try:
            holds = OPERATORS[op](value)
            if field in self._fields:
                check_fit(self._fields[field], op, value)
        except BadOperand as problem:
            self._problems.add(path, problem.code, str(problem))
            return EVERYTHING
        return Check({"field": field, "op": op, "value": value}, field, holds)

    def _text(self, members: Mapping[str, object], name: str, path: str) -> str:
        value = members.get(name, "")
        if isinstance(value, str) and (value or not members):
            return value
        self._problems.add(f"{path}.{name}", "not_a_text", "must be a text that is not blank")
        return ""

    def _operator(self, members: Mapping[str, object], path: str) -> str:
        op = self._text(members, "op", path)
        if op and op not in OPERATORS:
            self._problems.add(f"{path}.op", "unknown_operator", f"must be one of {', '.join(OPERATORS)}")
            return ""
        return op
