"""The way in as a WSGI server takes it: environs, what is answered to them, and by whom."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final, cast
from wsgiref.util import setup_testing_defaults

from django.core.handlers.wsgi import WSGIHandler

from core.gate import Gate
from leads.api.fast_path import FastPath
from leads.carrying import Posted, carry
from leads.trip import Outcome
from tests.leads.world import MARIA

Environ = dict[str, Any]
_OWN: Final = ("Content-Length", "X-Request-Id")  # compared apart, or of one answer alone
_COUNTED: Final = re.compile(r"\b([rt])=\d+")
_MOMENT: Final = re.compile(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z")
_ID: Final = re.compile(r"\b([a-z]+_)[0-9a-z]{26}\b")


@dataclass(frozen=True)
class Told:
    """An answer as the server is given it."""

    status: str
    headers: list[tuple[str, str]]
    content: bytes

    @property
    def code(self) -> tuple[int, str]:
        """The status, and of a problem its code, of an answer the lead's status."""
        body = self.body
        return int(self.status[:3]), str(body.get("code") or body["status"])

    @property
    def body(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.content))

    def likeness(self) -> tuple[str, list[tuple[str, str]], str]:
        """All but what is of one request alone: ids, times, length, what is left of the rate limit."""
        assert self["Content-Length"] == str(len(self.content))
        headers = sorted((name, _COUNTED.sub(r"\1=", value)) for name, value in self.headers if name not in _OWN)
        return self.status, headers, _MOMENT.sub("now", _ID.sub(r"\1", self.content.decode()))

    @property
    def left(self) -> int:
        """The requests that are left of the key's limit."""
        found = re.search(r"\br=(\d+)", self["RateLimit"])
        assert found
        return int(found[1])

    def __getitem__(self, name: str) -> str:
        (value,) = self.all(name)
        return value

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name))

    def all(self, name: str) -> list[str]:
        """The values of the header; none where it is not sent."""
        return [value for known, value in self.headers if known == name]


@dataclass
class Framework:
    """Django's own application, which remembers how often it was asked."""

    application: WSGIHandler = field(default_factory=WSGIHandler)  # what get_wsgi_application gives, once it is set up
    asked: int = 0

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        return cast("Iterable[bytes]", self.application(environ, start_response))


def nobody(environ: Environ, start_response: Any) -> Iterable[bytes]:
    """An application that must not be asked."""
    raise AssertionError("the fast path has handed this request on")


def short_way() -> FastPath:
    """The fast path with nobody behind it."""
    return FastPath(nobody, Gate(8))


def both_ways() -> tuple[FastPath, Framework]:
    """The fast path before the framework, and the framework, to see how often it is asked."""
    behind = Framework()
    return FastPath(behind, Gate(8)), behind


def lead(number: int, **changes: Any) -> bytes:
    """A lead of a person of its own; what is None is not sent."""
    members = MARIA | {"phone": f"+1512555{number:04}", "email": f"p{number}@example.com"} | changes
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


def environ(token: str, body: bytes, **changes: Any) -> Environ:
    """What the server makes of a post; changes are of its names, and None takes one away."""
    made: Environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/v1/leads",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": BytesIO(body),
    }
    setup_testing_defaults(made)
    return {name: value for name, value in (made | changes).items() if value is not None}


def ask(application: Any, asked: Environ) -> Told:
    """The application's answer."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    given = application(asked, lambda status, headers: started.append((status, headers)))
    content = b"".join(given)
    getattr(given, "close", lambda: None)()
    ((status, headers),) = started
    return Told(status, headers, content)


def met(token: str, **changes: Any) -> str:
    """The key, of which this process knows from now on; one request of its limit is used."""
    told = ask(WSGIHandler(), environ(token, b"", REQUEST_METHOD="GET", PATH_INFO="/v1/keys/current", **changes))
    assert told.status == "200 OK"
    return token


def post(application: Any, token: str, body: bytes, **changes: Any) -> Told:
    """The answer to a lead."""
    return ask(application, environ(token, body, **changes))


def carried(*asked: Environ) -> list[Outcome | Exception | None]:
    """What becomes of those that are carried together."""
    return carry([Posted(one, one["wsgi.input"].getvalue(), 0.0) for one in asked])


def said(ends: Iterable[Outcome | Exception | None]) -> list[str | None]:
    """Of each the status, the name of its error, or None for who is left to the framework."""
    return [
        end.body["status"] if isinstance(end, Outcome) else None if end is None else type(end).__name__ for end in ends
    ]
