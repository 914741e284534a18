"""What every format must look like once it is a table of names and values: the limits, and who is a field.

`source`, `campaign_id`, `external_id` and `metadata` steer the submission; every other member is a field of the lead,
and a name nobody declared becomes a custom field. Problems are collected, so that one answer names all of them.
"""

import re
from collections.abc import Iterator

from core.errors import FieldError, FieldProblems
from leads.types import Raw, Scalar, Submission
from routing.fields import BUILT_IN

MAX_CUSTOM_FIELDS = 200
MAX_NAME = 64
MAX_TEXT = 2_000
MAX_LIST = 50
MAX_METADATA = 50
MAX_METADATA_TEXT = 500
MAX_CONTROL = 200
MAX_EXTERNAL_ID = 120
MAX_WHOLE_NUMBER = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly (RFC 8259, section 6)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}", re.ASCII)
_SCALARS = frozenset((str, int, float, bool))


def submission_of(members: dict[str, object]) -> Submission:
    """The submission made of these members, which are used up. Raises FieldProblems naming everything that is wrong."""
    problems: list[FieldError] = []
    source = _control(members, "source", problems)
    campaign = _control(members, "campaign_id", problems)
    external = _control(members, "external_id", problems, MAX_EXTERNAL_ID)
    metadata = _metadata(members.pop("metadata", None), problems)
    fields = _fields(members, problems)
    if problems:
        raise FieldProblems(problems)
    return Submission(fields, source, campaign, external, metadata)


def _control(
    members: dict[str, object], name: str, problems: list[FieldError], longest: int = MAX_CONTROL
) -> str | None:
    value = members.pop(name, None)
    if value is None:
        return None
    if type(value) is int:
        value = str(value)
    if type(value) is not str:
        problems.append(FieldError(name, "wrong_type", "Send text."))
        return None
    if "\0" in value:
        problems.append(_nul(name))
    elif len(value) > longest:
        problems.append(FieldError(name, "too_long", f"At most {longest} characters."))
    return value.strip() or None


def _metadata(value: object, problems: list[FieldError]) -> dict[str, Scalar]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        problems.append(FieldError("metadata", "wrong_type", "Send an object of single values."))
        return {}
    if len(value) > MAX_METADATA:
        problems.append(FieldError("metadata", "too_many", f"At most {MAX_METADATA} members."))
        return {}
    for name, member in value.items():
        problem = _name_problem(name) or (member is not None and _scalar_problem(name, member, MAX_METADATA_TEXT))
        if problem:
            problems.append(FieldError(f"metadata.{problem.field}", problem.code, problem.detail))
    return {name: member for name, member in value.items() if member is not None}


def _fields(members: dict[str, object], problems: list[FieldError]) -> dict[str, Raw]:
    if len(members) > MAX_CUSTOM_FIELDS and len(members.keys() - BUILT_IN.keys()) > MAX_CUSTOM_FIELDS:
        problems.append(FieldError("", "too_many_fields", f"At most {MAX_CUSTOM_FIELDS} custom fields."))
        return {}
    fields: dict[str, Raw] = {}
    for name, value in members.items():
        if name not in BUILT_IN and (problem := _name_problem(name)):
            problems.append(problem)
        elif type(value) is str and len(value) <= MAX_TEXT and "\0" not in value:
            fields[name] = value
        elif value is not None:
            problems.extend(_value_problems(name, value))
            fields[name] = value  # type: ignore[assignment]  # used only when there were no problems
    return fields


def _value_problems(name: str, value: object) -> Iterator[FieldError]:
    """Everything wrong with a value that is not an ordinary text."""
    if isinstance(value, dict):
        yield FieldError(name, "nested", "Send a single value or a list of single values, not an object.")
    elif not isinstance(value, list):
        yield from filter(None, [_scalar_problem(name, value, MAX_TEXT)])
    elif len(value) > MAX_LIST:
        yield FieldError(name, "too_many", f"At most {MAX_LIST} values in a list.")
    else:
        for place, item in enumerate(value):
            yield from filter(None, [_scalar_problem(f"{name}.{place}", item, MAX_TEXT)])


def _scalar_problem(name: str, value: object, longest: int) -> FieldError | None:
    kind = type(value)
    if kind not in _SCALARS:
        return FieldError(name, "nested", "Send a single value.")
    if isinstance(value, str):
        if "\0" in value:
            return _nul(name)
        if len(value) > longest:
            return FieldError(name, "too_long", f"At most {longest:,} characters.")
    elif kind is int and not -MAX_WHOLE_NUMBER <= value <= MAX_WHOLE_NUMBER:  # type: ignore[operator]
        return FieldError(name, "too_large", "Send numbers beyond 2^53 as text.")
    return None


def _name_problem(name: str) -> FieldError | None:
    if _NAME.fullmatch(name):
        return None
    shown = name[:MAX_NAME].replace("\0", "")
    return FieldError(
        shown, "bad_name", f"A name is up to {MAX_NAME} letters, digits, '_', '-' or '.', a letter first."
    )


def _nul(name: str) -> FieldError:
    return FieldError(name, "nul_character", "Remove the NUL character.")
