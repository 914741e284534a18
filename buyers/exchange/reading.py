"""How one buyer's answers are read: the body decides, since refusals come as HTTP 200 in this trade."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import re2

from buyers.exchange.formats import to_text
from buyers.exchange.json_paths import BadPath, find_json, parse_json_path, read_json
from buyers.exchange.xml_paths import find_xml, parse_xml_path, read_xml

_LONGEST_PATTERN: Final = 500
_LONGEST_TEXT: Final = 200
_LONGEST_TOKEN: Final = 4_000
_LONGEST_URL: Final = 2_000
ANYTHING: Final = "*/*"
Find = Callable[[Any], list[Any]]
"""From a document to the values at one place in it."""


@dataclass(frozen=True, slots=True)
class Language:
    """How a body becomes a document, and a path (or a pattern) a look into it. `code` names a body that is none.

    `accept` asks the buyer for such a body (RFC 9110, section 12.5.1).
    """

    code: str
    accept: str
    parse: Callable[[bytes], Any]
    look: Callable[[str], Find]


def _json_look(text: str) -> Find:
    path = parse_json_path(text)
    return lambda document: find_json(document, path)


def _xml_look(text: str) -> Find:
    path = parse_xml_path(text)
    return lambda document: find_xml(document, path)


def _regex_look(text: str) -> Find:
    """RE2 (linear time): the first group, or the whole match."""
    options = re2.Options()
    options.log_errors = False
    try:
        pattern = re2.compile(text if len(text) <= _LONGEST_PATTERN else "(", options)
    except (re2.error, UnicodeError) as error:
        raise BadPath(f"must be a pattern in RE2 syntax of at most {_LONGEST_PATTERN} characters") from error

    def find(document: str) -> list[Any]:
        match = pattern.search(document)
        return [] if match is None else [match.group(1 if pattern.groups else 0) or ""]

    return find


LANGUAGES: Final[Mapping[str, Language]] = {
    "json": Language("bad_json", "application/json", read_json, _json_look),
    "xml": Language("bad_xml", "application/xml, text/xml", read_xml, _xml_look),
    "regex": Language("bad_text", ANYTHING, lambda body: body.decode("utf-8", "replace"), _regex_look),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the first of these looks that finds anything."""

    looks: tuple[Find, ...]

    def find(self, document: Any) -> list[Any]:
        """The values there; none where nothing is, or only empty text."""
        for look in self.looks:
            if found := [value for value in look(document) if value != ""]:
                return found
        return []


@dataclass(frozen=True, slots=True)
class Test:
    """Whether an answer says so. `wanted` of `in` and `not_in` are words in their folded form, of `above` a number."""

    __test__ = False  # no test of pytest's

    place: Place
    operator: str
    wanted: Any

    def holds(self, document: Any) -> bool | None:
        """Whether it does; None where the answer does not speak of it at all, or not in plain words."""
        found = self.place.find(document)
        if self.operator == "exists":
            return bool(found) is self.wanted
        if not found or any(isinstance(value, dict | list) for value in found):
            return None
        if self.operator == "above":
            return any(_number(value) > self.wanted for value in found)
        return any(fold(value) in self.wanted for value in found) is (self.operator == "in")


def fold(value: Any) -> str:
    """The form in which words of answers are compared: case and space do not count, and 1, 1.0 and "1" are the same."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return to_text(value).strip().casefold()


def _number(value: Any) -> float:
    try:
        return float("-inf") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return float("-inf")


@dataclass(frozen=True, slots=True)
class Reason:
    """The buyer's reason in words: each different one once, in order, joined by commas. `words` translate codes."""

    place: Place
    words: Mapping[str, str]
    default: str

    def read(self, document: Any) -> str:
        """The reason, or the default."""
        found = [value for value in self.place.find(document) if not isinstance(value, dict | list)]
        told = dict.fromkeys(self.words.get(fold(value)) or clean(to_text(value)) for value in found)
        return clean(", ".join(word for word in told if word)) or self.default


def read_token(place: Place | None, document: Any) -> str | None:
    """The first plain value there, as text and whole: it is handed back as it came. Empty where there is none.

    None for one that nobody would want back: of more than 4,000 characters, or with control characters in it.
    """
    found = place.find(document) if place else []
    token = next((to_text(one).strip() for one in found if not isinstance(one, dict | list | bool)), "")
    return token if len(token) <= _LONGEST_TOKEN and token.isprintable() else None


def read_redirect(place: Place | None, document: Any) -> str:
    """An address to which the lead's person may be sent on; empty where there is none, or none for the web."""
    text = next((str(one).strip() for one in (place.find(document) if place else []) if isinstance(one, str)), "")
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    fit = parts.scheme in ("http", "https") and parts.netloc and text.isprintable() and len(text) <= _LONGEST_URL
    return text if fit and " " not in text else ""


def clean(text: str, longest: int = _LONGEST_TEXT) -> str:
    """One line without control characters, cut."""
    if len(text) <= longest and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text[: 4 * longest]).split())[:longest]
