"""Reads a lead posted as application/x-www-form-urlencoded, as plain HTML forms and older lead sources send it.

Every value arrives as text and is read by its field's type later. `metadata[name]=value` fills the metadata. A name
given twice is refused by name: guessing which one was meant would sell the wrong lead.
"""

from urllib.parse import unquote_to_bytes

from core.errors import DomainError, FieldError, FieldProblems
from leads.intake.shape import submission_of
from leads.types import Submission

MAX_PAIRS = 1_000
"""More than any lawful form (200 custom fields, 50 of metadata, the built-in ones), less than would cost time."""


class MalformedForm(DomainError):
    """The body is not a URL-encoded form."""

    code = "malformed_form"
    status = 400


def read_form(body: bytes) -> Submission:
    """The submission in a URL-encoded body. Raises MalformedForm (400) or FieldProblems (422)."""
    members: dict[str, object] = {}
    metadata: dict[str, object] = {}
    problems: list[FieldError] = []
    for name, value in _pairs(body):
        target, key = members, name
        if name.startswith("metadata[") and name.endswith("]"):
            target, key = metadata, name[len("metadata[") : -1]
        if key in target:
            problems.append(FieldError(name[:64].replace("\0", ""), "given_twice", "Send each name once."))
        target[key] = value
    if problems:
        raise FieldProblems(problems)
    if metadata:
        members["metadata"] = metadata
    return submission_of(members)


def _pairs(body: bytes) -> list[tuple[str, str]]:
    parts = [part for part in body.split(b"&") if part]
    if len(parts) > MAX_PAIRS:
        raise FieldProblems([FieldError("", "too_many_fields", f"At most {MAX_PAIRS} members.")])
    halves = (part.partition(b"=") for part in parts)
    return [(_text(name), _text(value)) for name, _, value in halves]


def _text(encoded: bytes) -> str:
    try:
        return unquote_to_bytes(encoded.replace(b"+", b" ")).decode()
    except UnicodeDecodeError as problem:
        raise MalformedForm("The form is not UTF-8.") from problem
