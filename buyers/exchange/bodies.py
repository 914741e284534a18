"""A rendered body on the wire: JSON, form fields or XML."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from buyers.exchange.formats import to_text
from buyers.exchange.templates import Constant, Items, Mapped, Members, Node
from core import json
from routing.documents import Problems

CONTENT_TYPES: Final = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml; charset=utf-8",
}
_NAME: Final = re.compile(r"@?[A-Za-z_][A-Za-z0-9_.:-]*|#text", re.ASCII)
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0, section 2.2


def write_body(kind: str, value: Any) -> bytes:
    """The body of this format. A form takes one level of members, lists repeat a name; XML has one root element."""
    if kind == "json":
        return json.dumps(value)
    return write_form(value).encode() if kind == "form" else _write_xml(value)


def write_form(value: Mapping[str, Any]) -> str:
    """The members as form fields, or as a query."""
    return urlencode([(name, to_text(one)) for name, item in value.items() for one in _each(item)])


def _write_xml(value: Mapping[str, Any]) -> bytes:
    document = "".join(part for name, item in value.items() for part in _element(name, item))
    return f'<?xml version="1.0" encoding="UTF-8"?>{document}'.encode()


def _element(name: str, value: Any) -> Iterator[str]:
    for one in _each(value):
        members = one if isinstance(one, Mapping) else {"#text": one}
        attributes = "".join(
            f" {key[1:]}={quoteattr(_legal(item))}" for key, item in members.items() if key.startswith("@")
        )
        yield f"<{name}{attributes}>"
        for key, item in members.items():
            if key == "#text":
                yield escape(_legal(item))
            elif not key.startswith("@"):
                yield from _element(key, item)
        yield f"</{name}>"


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _legal(value: Any) -> str:
    return _NO_XML.sub("", to_text(value))


def check_body(kind: str, body: Node, path: str, problems: Problems) -> None:
    """Name what this format cannot carry."""
    if kind == "json":
        return
    if not isinstance(body, Members):
        problems.add(path, "not_an_object", "must be an object")
        return
    if kind == "xml" and len(body.nodes) != 1:
        problems.add(path, "one_root", "XML has one root element: put the others inside it")
    for name, node in body.nodes.items():
        _check(kind, name, node, f"{path}.{name}", problems)


def _check(kind: str, name: str, node: Node, path: str, problems: Problems) -> None:
    if kind == "xml" and not _NAME.fullmatch(name):
        problems.add(path, "bad_name", "is no XML name; @name is an attribute, #text the text")
    for one in node.nodes if isinstance(node, Items) else (node,):
        if not isinstance(one, Members | Items):
            _check_leaf(one, path, problems)
        elif kind == "form" or isinstance(one, Items) or name.startswith(("@", "#")):
            problems.add(path, "nested", "must be one value here, or a list of values to repeat the name")
        else:
            for inner, child in one.nodes.items():
                _check(kind, inner, child, f"{path}.{inner}", problems)


def _check_leaf(node: Node, path: str, problems: Problems) -> None:
    """Only JSON can carry the lead whole, or an object that is a constant."""
    if any(not reference.name for reference in node.references()):
        problems.add(path, "json_only", "only a JSON body can hold {{lead}} whole: name its fields")
    constants = [node.value] if isinstance(node, Constant) else []
    if isinstance(node, Mapped):
        constants = [node.default, *(node.table or {}).values()]
    if any(isinstance(constant, dict | list) for constant in constants):
        problems.add(path, "json_only", "only a JSON body can hold an object or a list as a constant")
