"""References to what is known: `{{lead.zip}}`, `{{lead.phone|digits10}}`. Names and formats, no expressions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from buyers.exchange.formats import FORMATS
from buyers.exchange.values import SCOPES
from routing.documents import Problems

Seen = Mapping[str, Mapping[str, Any]]
"""What a request is made of, by scope and name."""

MISSING: Final = object()
"""There is no such value: what refers to it is left out."""

_BRACES: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_INSIDE: Final = re.compile(r"([a-z]+)(?:\.([A-Za-z0-9_]{1,64}))?((?:\|[a-z0-9_]+)*)", re.ASCII)
_FIELD: Final = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in a scope; an empty name means the whole lead. `path` is where it stands in the document."""

    scope: str
    name: str
    formats: tuple[str, ...]
    path: str

    def read(self, seen: Seen) -> Any:
        """The value in its own type, through its formats; MISSING where there is none."""
        known = seen.get(self.scope, {})
        value = known.get(self.name, MISSING) if self.name else dict(known)
        if value is MISSING or value is None:
            return MISSING
        for name in self.formats:
            value = FORMATS[name](value)
        return value


def split_text(text: str, path: str, problems: Problems) -> tuple[str | Reference, ...]:
    """The text in its pieces: literal ones and references. Problems are named under `path`."""
    closed, braces, rest = text.rpartition("}}")
    pieces = _BRACES.split(closed + braces)  # where all that opens is closed: else each {{ would be sought to the end
    pieces[-1] += rest
    found: list[str | Reference] = []
    for position, piece in enumerate(pieces):
        if position % 2:
            reference = parse_reference(piece.replace(" ", ""), path, problems)
            found += [reference] if reference else []
        elif "{{" in piece or "}}" in piece:
            problems.add(path, "bad_reference", "has braces that are not closed; write {{lead.zip}}")
        elif piece:
            found.append(piece)
    return tuple(found)


def parse_reference(text: str, path: str, problems: Problems) -> Reference | None:
    """The reference inside the braces, such as `lead.zip|upper`; None after naming what is wrong with it."""
    match = _INSIDE.fullmatch(text)
    if match is None:
        problems.add(path, "bad_reference", "must be written as {{lead.zip}} or {{lead.phone|digits10}}")
        return None
    scope, name, formats = match[1], match[2] or "", tuple(match[3].split("|")[1:])
    return checked(Reference(scope, name, formats, path), problems)


def parse_from(text: object, formats: object, path: str, problems: Problems) -> Reference | None:
    """The reference of `{"from": ...}`: a field of the lead, or a name in a scope with a dot between."""
    if not isinstance(text, str) or not text:
        problems.add(f"{path}.from", "bad_reference", "must name a field, such as zip or ping.token")
        return None
    scope, dot, name = text.partition(".")
    if not dot:
        scope, name = "lead", text
    if not _FIELD.fullmatch(name):
        problems.add(f"{path}.from", "bad_reference", "must name a field, such as zip or ping.token")
        return None
    wanted = () if formats is None else (formats,) if isinstance(formats, str) else formats
    if not isinstance(wanted, list | tuple) or not all(isinstance(one, str) for one in wanted):
        problems.add(f"{path}.format", "unknown_format", "must be a format's name, or a list of them")
        return None
    return checked(Reference(scope, name, tuple(wanted), f"{path}.from"), problems)


def checked(reference: Reference, problems: Problems) -> Reference | None:
    """The reference where scope, name and formats exist. Fields of the lead are the lead type's to know."""
    names = SCOPES.get(reference.scope)
    if reference.scope != "lead" and (names is None or reference.name not in names):
        known = ["lead.FIELD", *(f"{scope}.{name}" for scope in SCOPES for name in sorted(SCOPES[scope]))]
        problems.add(reference.path, "unknown_reference", f"is not known here; known are {', '.join(known)}")
        return None
    for name in reference.formats:
        if name not in FORMATS:
            problems.add(reference.path, "unknown_format", f"{name} is no format; known are {', '.join(FORMATS)}")
            return None
    return reference
