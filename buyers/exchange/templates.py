"""Templates of bodies and headers: JSON whose leaves are constants, text with references, mapped fields or secrets.

`"{{lead.zip}}"` alone keeps the value's type; among other text it is written out. What a reference does not find is
left out of its object or list. `{"from", "format", "map", "default"}` translates, `{"constant": ...}` is taken as is.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from buyers.exchange.formats import to_text
from buyers.exchange.references import MISSING, Reference, Seen, parse_from, split_text
from buyers.exchange.secrets import is_secret
from routing.documents import Problems

_DEEPEST: Final = 12
_LONGEST_TEXT: Final = 4_000
_MOST_MEMBERS: Final = 300
_MAPPED: Final = ("from", "format", "map", "default")
_SCHEMES: Final = ("plain", "bearer", "basic")
Pieces = tuple[str | Reference, ...]


class Node(Protocol):
    """A compiled part of a template."""

    def render(self, seen: Seen) -> Any:
        """Its value as plain JSON, or MISSING."""

    def references(self) -> Iterator[Reference]:
        """Every reference in it."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands as it is. It may be a secret, so it is not shown."""

    value: Any = field(repr=False)

    def render(self, seen: Seen) -> Any:
        """The value."""
        return self.value

    def references(self) -> Iterator[Reference]:
        """None."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Text:
    """Text with references in it; one reference alone is that value in its own type."""

    pieces: Pieces

    def render(self, seen: Seen) -> Any:
        """The text, or the value."""
        if len(self.pieces) == 1 and isinstance(self.pieces[0], Reference):
            return self.pieces[0].read(seen)
        return self.spell(seen)

    def spell(self, seen: Seen) -> str:
        """The text, whatever it consists of; what is missing is empty."""
        values = (piece if isinstance(piece, str) else piece.read(seen) for piece in self.pieces)
        return "".join(to_text(value) for value in values if value is not MISSING)

    def references(self) -> Iterator[Reference]:
        """Those among its pieces."""
        return (piece for piece in self.pieces if isinstance(piece, Reference))


@dataclass(frozen=True, slots=True)
class Mapped:
    """A value translated by a table; what the table does not hold is the default, or left out without one."""

    source: Reference
    table: Mapping[str, Any] | None
    default: Any = MISSING

    def render(self, seen: Seen) -> Any:
        """The buyer's word for the value."""
        value = self.source.read(seen)
        if value is MISSING:
            return self.default
        return value if self.table is None else self.table.get(to_text(value), self.default)

    def references(self) -> Iterator[Reference]:
        """Its one."""
        return iter((self.source,))


@dataclass(frozen=True, slots=True)
class Members:
    """An object."""

    nodes: Mapping[str, Node]

    def render(self, seen: Seen) -> Any:
        """Its members that have a value."""
        found = ((name, node.render(seen)) for name, node in self.nodes.items())
        return {name: value for name, value in found if value is not MISSING}

    def references(self) -> Iterator[Reference]:
        """Those of its members."""
        return (reference for node in self.nodes.values() for reference in node.references())


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]

    def render(self, seen: Seen) -> Any:
        """Its items that have a value."""
        return [value for value in (node.render(seen) for node in self.nodes) if value is not MISSING]

    def references(self) -> Iterator[Reference]:
        """Those of its items."""
        return (reference for node in self.nodes for reference in node.references())


def parse_template(value: object, path: str, problems: Problems, *, depth: int = 0) -> Node:
    """The template at `path`. What is wrong is named, and an empty constant stands in its place."""
    if depth > _DEEPEST:
        problems.add(path, "too_deep", f"nests deeper than {_DEEPEST} levels")
    elif isinstance(value, str):
        return parse_text(value, path, problems)
    elif isinstance(value, dict):
        return _parse_object(value, path, problems, depth)
    elif isinstance(value, list):
        items = problems.items(value, path, at_most=_MOST_MEMBERS)
        return Items(tuple(parse_template(item, place, problems, depth=depth + 1) for place, item in items))
    return Constant(value)


def parse_text(value: object, path: str, problems: Problems) -> Text:
    """The text at `path` with its references."""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or "\x00" in value:
        problems.add(path, "bad_text", f"must be text of at most {_LONGEST_TEXT} characters")
        return Text(())
    pieces = split_text(value, path, problems)
    if any(isinstance(piece, Reference) and not piece.name and (len(pieces) > 1 or piece.formats) for piece in pieces):
        problems.add(path, "bad_reference", "{{lead}} is the whole lead and stands alone")
    return Text(pieces)


def _parse_object(value: dict[str, Any], path: str, problems: Problems, depth: int) -> Node:
    if "needed" in value:
        problems.add(path, "required", f"is required: {value['needed']}")
        return Constant(None)
    if "from" in value and set(value) <= set(_MAPPED):
        return _parse_mapped(value, path, problems)
    if is_secret(value):
        return _parse_secret(value, path, problems)
    if set(value) == {"constant"}:
        return Constant(value["constant"])
    if len(value) > _MOST_MEMBERS:
        problems.add(path, "too_many", f"holds at most {_MOST_MEMBERS} members")
        return Constant(None)
    return Members(
        {name: parse_template(item, f"{path}.{name}", problems, depth=depth + 1) for name, item in value.items()}
    )


def _parse_mapped(value: dict[str, Any], path: str, problems: Problems) -> Node:
    source = parse_from(value["from"], value.get("format"), path, problems)
    table = value.get("map")
    if table is not None and not (isinstance(table, dict) and len(table) <= _MOST_MEMBERS):
        problems.add(f"{path}.map", "not_an_object", f"must be an object of at most {_MOST_MEMBERS} members")
        return Constant(None)
    return Mapped(source, table, value.get("default", MISSING)) if source else Constant(None)


def _parse_secret(value: dict[str, Any], path: str, problems: Problems) -> Node:
    """A secret as it is, or as the value of an Authorization header (RFC 6750; RFC 7617 of user:password)."""
    secret, scheme = value["secret"], value.get("scheme", "plain")
    if not 0 < len(secret) <= _LONGEST_TEXT:
        problems.add(f"{path}.secret", "bad_text", f"must be text of at most {_LONGEST_TEXT} characters")
        return Constant(None)
    if scheme not in _SCHEMES:
        problems.add(f"{path}.scheme", "invalid_choice", f"must be one of: {', '.join(_SCHEMES)}")
        return Constant(None)
    if scheme == "basic":
        return Constant(f"Basic {base64.b64encode(secret.encode()).decode()}")
    return Constant(f"Bearer {secret}" if scheme == "bearer" else secret)
