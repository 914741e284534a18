"""The members `ping`, `post` and `loss` of a delivery method, read once: every fault by its dotted path."""

from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from buyers.exchange.answer_reader import parse_answer
from buyers.exchange.bodies import CONTENT_TYPES, check_body
from buyers.exchange.stages import Stage
from buyers.exchange.templates import Constant, Node, Text, parse_template, parse_text
from core.http.headers import BadHeader, check_headers
from routing.documents import Problems

Kind = Literal["ping", "post", "loss"]
VERBS: Final = ("POST", "PUT", "PATCH", "GET")
LONGEST_MS: Final = 30_000
_POST_MS: Final = 10_000
_COMMON: Final = ("url", "verb", "format", "headers", "body", "timeout_ms")
MEMBERS: Final[dict[Kind, tuple[str, ...]]] = {
    "ping": (*_COMMON, "answer"),
    "post": (*_COMMON, "answer", "on_timeout"),
    "loss": _COMMON,
}


@dataclass(frozen=True, slots=True)
class StageContext:
    """What all stages of one method share."""

    currency: str
    pingable: frozenset[str]
    hashes: frozenset[str]


def parse_stage(kind: Kind, value: object, path: str, problems: Problems, context: StageContext) -> Stage | None:
    """The stage at `path`; None after naming what is wrong with it."""
    before = len(problems)
    required = ("url",) if kind == "loss" else ("url", "answer")
    data = problems.members(value, path, known=MEMBERS[kind], required=required)
    if not data:
        return None
    verb = _choice(data, "verb", VERBS, path, problems)
    style = (
        "form" if verb == "GET" and "format" not in data else _choice(data, "format", (*CONTENT_TYPES,), path, problems)
    )
    if verb == "GET" and style != "form":
        problems.add(f"{path}.format", "invalid_choice", "is form for a GET: its body becomes the query")
    reader = None
    if kind != "loss":
        ping = kind == "ping"
        reader = parse_answer(data["answer"], f"{path}.answer", problems, ping=ping, currency=context.currency)
    stage = Stage(
        kind=kind,
        verb=verb,
        url=_url(data["url"], f"{path}.url", problems),
        headers=_headers(data.get("headers") or {}, f"{path}.headers", problems),
        format=style,
        body=_body(data.get("body"), style, f"{path}.body", problems),
        timeout_ms=_timeout(data.get("timeout_ms"), None if kind == "ping" else _POST_MS, path, problems),
        on_timeout=cast(Literal["stop", "next"], _choice(data, "on_timeout", ("stop", "next"), path, problems)),
        currency=context.currency,
        pingable=context.pingable,
        allowed_hashes=context.hashes,
        reader=reader,
    )
    return stage if len(problems) == before else None


def _choice(data: dict[str, Any], name: str, choices: tuple[str, ...], path: str, problems: Problems) -> str:
    """The member's value, the first choice where it is left out."""
    value = data.get(name, choices[0])
    if value not in choices:
        problems.add(f"{path}.{name}", "invalid_choice", f"must be one of: {', '.join(choices)}")
        return choices[0]
    return str(value)


def _url(value: object, path: str, problems: Problems) -> Text:
    """The URL: references only behind the host, which is judged once and for all."""
    if isinstance(value, dict) and "needed" in value:
        problems.add(path, "required", f"is required: {value['needed']}")
        return Text(())
    text = parse_text(value, path, problems)
    origin = str(text.pieces[0]) if text.pieces and isinstance(text.pieces[0], str) else ""
    if len(text.pieces) > 1 and "/" not in origin.partition("://")[2]:
        problems.add(path, "bad_url", "must name its host itself: references come after it")
    if any(not reference.name for reference in text.references()):
        problems.add(path, "json_only", "cannot hold the whole lead")
    return text


def _headers(value: object, path: str, problems: Problems) -> tuple[tuple[str, Node], ...]:
    if not isinstance(value, dict):
        problems.add(path, "not_an_object", "must be an object")
        return ()
    nodes = {name: parse_template(item, f"{path}.{name}", problems) for name, item in value.items()}
    try:
        check_headers(dict.fromkeys(value, ""))
    except BadHeader as problem:
        problems.add(path, "bad_header", str(problem))
    for name, node in nodes.items():
        _check_header(node, f"{path}.{name}", problems)
    return tuple(nodes.items())


def _check_header(node: Node, path: str, problems: Problems) -> None:
    fixed = (
        node.value
        if isinstance(node, Constant)
        else "".join(p for p in node.pieces if isinstance(p, str))
        if isinstance(node, Text)
        else None
    )
    if not isinstance(fixed, str):
        problems.add(path, "bad_header", 'must be text, or {"secret": "..."}')
        return
    try:
        check_headers({"X-Value": fixed})
    except BadHeader:
        problems.add(path, "bad_header", "must be plain text on one line")


def _body(value: object, style: str, path: str, problems: Problems) -> Node | None:
    if value is None:
        return None
    body = parse_template(value, path, problems)
    check_body(style, body, path, problems)
    return body


def _timeout(value: object, otherwise: int | None, path: str, problems: Problems) -> int | None:
    if value is None:
        return otherwise
    if type(value) is not int or not 50 <= value <= LONGEST_MS:
        problems.add(f"{path}.timeout_ms", "bad_number", f"must be a whole number from 50 to {LONGEST_MS}")
        return otherwise
    return value
