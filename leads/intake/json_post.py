"""Reads a lead posted as JSON. Decoding is msgspec's: about a microsecond, strict UTF-8, no NaN, bounded depth."""

import msgspec

from core.errors import DomainError, FieldError, FieldProblems
from leads.intake.shape import submission_of
from leads.types import Submission

_decode = msgspec.json.Decoder().decode


class MalformedJson(DomainError):
    """The body is not JSON."""

    code = "malformed_json"
    status = 400


def decode_object(body: bytes) -> dict[str, object]:
    """The members of the JSON object in `body`; of a name given twice the last one counts.

    Raises MalformedJson (400, with the position where the decoder knows it) or FieldProblems where the top level is
    something else than an object.
    """
    try:
        value = _decode(body)
    except UnicodeDecodeError as problem:
        raise MalformedJson("The body is not UTF-8.") from problem
    except RecursionError as problem:
        raise MalformedJson("The body is nested too deeply.") from problem
    except msgspec.DecodeError as problem:
        raise MalformedJson(_sentence(problem, body)) from problem
    if not isinstance(value, dict):
        raise FieldProblems([FieldError("", "not_an_object", "Send one JSON object.")])
    return value


def read_json(body: bytes) -> Submission:
    """The submission in a JSON body. Raises MalformedJson (400) or FieldProblems (422)."""
    return submission_of(decode_object(body))


def _sentence(problem: msgspec.DecodeError, body: bytes) -> str:
    text = str(problem)
    if "truncated" in text:
        return f"The JSON ends too early, at byte {len(body)}."
    return text.removeprefix("JSON is malformed: ").split(" - at ")[0].capitalize() + "."
