"""Paths into a JSON answer: the part of JSONPath (RFC 9535) that buyers' answers need.

`$.response.status`, `$.bids[0].price`, `$['a name']`, `$.errors[*].message`; the `$.` may be left out, and `errors.0`
is `errors[0]`. Descendants (`..`), slices and filters are refused when saved: without them the work on a hostile answer
is bounded by its size, and a path of a few lines needs no library.
"""

import re
from codecs import BOM_UTF8
from typing import Any, Final

from core import json

_STEP: Final = re.compile(
    r"""\.?\[\s*(?:(?P<index>-?\d{1,6})|(?P<all>\*)|'(?P<single>[^']*)'|"(?P<double>[^"]*)")\s*\]"""
    r"""|\.?(?P<name>[^.\[\]'"*?@()\s$]+)|\.?(?P<wild>\*)"""
)
_MOST_STEPS: Final = 20
Step = int | str | None
JsonPath = tuple[Step, ...]
"""Steps from the root: a name, an index, or None for every child."""


class BadPath(ValueError):
    """The text is no path; the message says what would be."""


def parse_json_path(text: str) -> JsonPath:
    """The steps of the path. Raises BadPath."""
    rest = text.strip().removeprefix("$")
    steps: list[Step] = []
    position = 0
    while position < len(rest):
        match = _STEP.match(rest, position)
        if match is None or len(steps) == _MOST_STEPS:
            raise BadPath("must be a path such as $.status, $.bids[0].price or $.errors[*].message")
        steps.append(_step(match))
        position = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["index"] is not None:
        return int(match["index"])
    if match["all"] or match["wild"]:
        return None
    return next(name for name in (match["single"], match["double"], match["name"]) if name is not None)


def read_json(body: bytes) -> Any:
    """The document, with or without a byte order mark. Raises ValueError: also for NaN and what nests too deep."""
    return json.loads(body.removeprefix(BOM_UTF8))


def find_json(document: Any, path: JsonPath) -> list[Any]:
    """The values that the path leads to; null is none."""
    found = [document]
    for step in path:
        found = [child for node in found for child in _children(node, step)]
    return [value for value in found if value is not None]


def _children(node: Any, step: Step) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values()) if step is None else [node[step]] if step in node else []
    if not isinstance(node, list):
        return []
    if step is None:
        return node
    index = int(step) if isinstance(step, int) or step.isdecimal() else len(node)
    return [node[index]] if -len(node) <= index < len(node) else []
