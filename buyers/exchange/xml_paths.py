"""Paths into an XML answer: the part of XPath 1.0 that buyers' answers need.

`/response/status`, `//price`, `bids/bid[1]/@id`, `//error/text()`. Namespaces are looked through: `//soap:Body` and
`//Body` are the same. `//` stands only at the beginning, and there are no functions or other predicates: the work on a
hostile answer is bounded by its size. A document with a DTD is refused, so nothing in it is expanded or fetched.
"""

import re
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from buyers.exchange.json_paths import BadPath

_STEP: Final = re.compile(r"/?(?:[\w.-]+:)?(?P<name>[\w.-]+|\*)(?:\[(?P<place>[1-9][0-9]{0,5})\])?")
_LAST: Final = re.compile(r"/?(?:@(?:[\w.-]+:)?(?P<attribute>[\w.-]+)|text\(\))$")
_MOST_FOUND: Final = 50


@dataclass(frozen=True, slots=True)
class XmlPath:
    """A path: steps of (name or *, place from 1 or None), and the attribute it ends in, if it does."""

    anywhere: bool
    steps: tuple[tuple[str, int | None], ...]
    attribute: str


def parse_xml_path(text: str) -> XmlPath:
    """The path. Raises BadPath."""
    rest = text.strip()
    last = _LAST.search(rest)
    attribute = (last["attribute"] or "") if last else ""
    rest = rest[: last.start()] if last else rest
    anywhere = rest.startswith("//")
    rest = rest.removeprefix("/") if anywhere else rest
    steps: list[tuple[str, int | None]] = []
    position = 0
    while position < len(rest):
        match = _STEP.match(rest, position)
        if match is None or (position and rest[position] != "/"):
            raise BadPath("must be a path such as /response/status, //price or bids/bid[1]/@id")
        steps.append((match["name"], int(match["place"]) if match["place"] else None))
        position = match.end()
    if not steps:
        raise BadPath("must name an element")
    return XmlPath(anywhere, tuple(steps), attribute)


def read_xml(body: bytes) -> Element:
    """The root element. Raises ValueError: also for a DTD, entities and unknown encodings."""
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise ValueError("not XML that is read") from error
    return root


def find_xml(root: Element, path: XmlPath) -> list[str]:
    """The texts that the path leads to, trimmed, at most fifty. An element that is there and empty is empty text."""
    (name, place), *rest = path.steps
    candidates = list(root.iter()) if path.anywhere else [root]
    found = _chosen(candidates, name, place)
    if not found and not path.anywhere:  # a path that leaves out the root element
        found = _chosen(list(root), name, place)
    for name, place in rest:
        found = [child for node in found for child in _chosen(list(node), name, place)]
    if path.attribute:
        return _attributes(found, path.attribute)
    return ["".join(node.itertext()).strip() for node in found[:_MOST_FOUND]]


def _chosen(nodes: list[Element], name: str, place: int | None) -> list[Element]:
    named = [node for node in nodes if name == "*" or _local(node.tag) == name]
    return named if place is None else named[place - 1 : place]


def _attributes(nodes: list[Element], name: str) -> list[str]:
    return [value.strip() for node in nodes[:_MOST_FOUND] for key, value in node.attrib.items() if _local(key) == name]


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
