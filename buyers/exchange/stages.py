"""One request to a buyer and the reading of its answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

from buyers.exchange.answer_reader import AnswerReader
from buyers.exchange.answers import Answer, AnswerOutcome, failed_answer
from buyers.exchange.bodies import CONTENT_TYPES, write_body, write_form
from buyers.exchange.formats import to_text
from buyers.exchange.reading import ANYTHING
from buyers.exchange.references import MISSING, Reference, Seen
from buyers.exchange.templates import Node, Text
from buyers.exchange.values import MONEY, Values
from core.clock import rfc3339
from core.http.client import TOTAL_SECONDS, Request
from core.http.outcomes import Response
from core.money import to_major

_LONGEST_HEADER: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A ping, a post or a loss notice, compiled.

    `timeout_ms` is None for a ping that has only the campaign's own limit. `on_timeout` counts for posts: whether the
    next buyer may be tried (`next`) where an answer is `unknown`, or the sale stays open (`stop`). `pingable` and
    `allowed_hashes` are what a ping or a loss notice may carry; a post carries the lead.
    """

    kind: Literal["ping", "post", "loss"]
    verb: str
    url: Text
    headers: tuple[tuple[str, Node], ...]
    format: str
    body: Node | None
    timeout_ms: int | None
    on_timeout: Literal["stop", "next"]
    currency: str
    pingable: frozenset[str]
    allowed_hashes: frozenset[str]
    reader: AnswerReader | None
    _used: tuple[tuple[str, frozenset[str]], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note once which names of which scopes are spoken of: pings are made fifty at a time."""
        used: dict[str, set[str]] = {}
        for reference in self.references():
            used.setdefault(reference.scope, set()).add(reference.name)
        object.__setattr__(self, "_used", tuple((scope, frozenset(names)) for scope, names in used.items()))

    def request(self, values: Values) -> Request:
        """The request, with all that this stage may say. Its `timeout` is the shorter of its own and the caller's."""
        seen = self._seen(values)
        url, body = self._url(seen), b""
        headers = {"Accept": self.reader.language.accept if self.reader else ANYTHING, **self._headers(seen)}
        rendered: Any = self.body.render(seen) if self.body else MISSING
        if rendered is not MISSING and self.verb == "GET":
            url = _with_query(url, write_form(rendered))
        elif rendered is not MISSING:
            body = write_body(self.format, rendered)
            if not any(name.lower() == "content-type" for name in headers):
                headers["Content-Type"] = CONTENT_TYPES[self.format]
        seconds = self._within_ms(values) / 1000
        return Request(url=url, body=body, headers=headers, method=self.verb, timeout=seconds)

    def fields(self, values: Values) -> tuple[str, ...]:
        """The names of the lead's fields and hashes that the request carries, sorted: for the decision record."""
        found: set[str] = set()
        for scope, names in self._used:
            if scope in ("lead", "hash"):
                shown = self._shown(scope, getattr(values, scope))
                found |= shown.keys() if "" in names else shown.keys() & names
        return tuple(sorted(found))

    def read(self, response: Response) -> Answer:
        """What came of the request. Never raises: what cannot be read is an answer too.

        Of a loss notice nothing is read but whether it arrived.
        """
        if self.reader is not None:
            return self.reader.read(response)
        arrived = response.status is not None and response.status // 100 == 2
        otherwise = Answer(AnswerOutcome.ERROR, reason=f"http_{response.status}")
        return failed_answer(response) or (Answer(AnswerOutcome.ACCEPTED) if arrived else otherwise)

    def references(self) -> Iterator[Reference]:
        """Everything that it refers to."""
        yield from self.url.references()
        for _, node in self.headers:
            yield from node.references()
        if self.body is not None:
            yield from self.body.references()

    def sample_url(self) -> str:
        """The URL with a letter for every reference in it, to be judged before there is a lead."""
        return "".join(piece if isinstance(piece, str) else "x" for piece in self.url.pieces)

    def _seen(self, values: Values) -> Seen:
        """What this stage may say, of all that it speaks of."""
        return {scope: self._facts(scope, names, values) for scope, names in self._used}

    def _facts(self, scope: str, names: frozenset[str], values: Values) -> Mapping[str, Any]:
        if scope == "request":
            return self._circumstances(values)
        facts: Mapping[str, Any] = getattr(values, scope)
        if scope in ("lead", "hash"):
            return self._shown(scope, facts)
        money = {name for name in names if (scope, name) in MONEY and facts.get(name) is not None}
        return {**facts, **{name: to_major(facts[name], self.currency) for name in money}} if money else facts

    def _shown(self, scope: str, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Here the cut is made that keeps personal fields out of pings and loss notices, whoever calls."""
        if self.kind == "post":
            return facts
        allowed = self.pingable if scope == "lead" else self.allowed_hashes
        return {name: value for name, value in facts.items() if name in allowed}

    def _circumstances(self, values: Values) -> Mapping[str, Any]:
        time = values.now and {"time": rfc3339(values.now), "unix": int(values.now.timestamp())}
        return {"test": values.test, "timeout_ms": self._within_ms(values), **(time or {})}

    def _within_ms(self, values: Values) -> int:
        limits = (self.timeout_ms, values.timeout_ms)
        return min((limit for limit in limits if limit is not None), default=round(TOTAL_SECONDS * 1000))

    def _url(self, seen: Seen) -> str:
        pieces = ((piece, None if isinstance(piece, str) else piece.read(seen)) for piece in self.url.pieces)
        return "".join(
            piece if isinstance(piece, str) else "" if value is MISSING else quote(to_text(value), safe="")
            for piece, value in pieces
        )

    def _headers(self, seen: Seen) -> dict[str, str]:
        """Header values on one line of plain text, whatever a lead brings along."""
        rendered = ((name, node.render(seen)) for name, node in self.headers)
        return {name: _plain(to_text(value)) for name, value in rendered if value is not MISSING}


def _plain(text: str) -> str:
    return "".join(mark if " " <= mark <= "~" else "?" for mark in text)[:_LONGEST_HEADER]


def _with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url
