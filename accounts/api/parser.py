"""Reads JSON bodies as the product means JSON: no lone surrogates, no NaN, no character that a database refuses."""

from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from core.errors import FieldError, FieldProblems
from core.json import loads

_ESCAPED_NUL = b"\\u0000"
_DEEPEST = 64  # far above any document of ours, far below what a recursive reader can bear


class StrictJSONParser(BaseParser):
    """JSON in UTF-8. Malformed text is 400; a NUL character, which PostgreSQL cannot store, is 422 with its field."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The value of the body; an empty body is an empty object."""
        body: bytes = stream.read()
        if not body.strip():
            return {}
        try:
            value = loads(body)
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
        if body.count(b"[") + body.count(b"{") > _DEEPEST and is_deeper(value, _DEEPEST):
            raise ParseError(f"The body nests more than {_DEEPEST} levels.")
        if _ESCAPED_NUL in body:
            refuse_nul(value)
        return value


def is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and lists nest in more levels than these."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(is_deeper(item, levels - 1) for item in inner)


def refuse_nul(value: Any) -> None:
    """Nothing, where no text within holds a NUL character. Raises FieldProblems naming those that do."""
    problems = [FieldError(path, "nul_character", "A NUL character cannot be stored.") for path in _with_nul(value, "")]
    if problems:
        raise FieldProblems(problems)


def _with_nul(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str) and "\0" in value:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if "\0" in name:
                yield path
            yield from _with_nul(inner, f"{path}.{name}".strip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _with_nul(inner, f"{path}.{index}".strip("."))
