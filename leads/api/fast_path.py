"""POST /v1/leads before the framework: plain posts are answered here, in the words that the view would have used.

The framework's way from a request to a view and back costs more than a third of all that the web process does for a
lead. What is not plain goes that way all the same, with the same environ: this door decides nothing, refuses nothing
and has no error of its own.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from structlog.contextvars import bound_contextvars

from accounts.api.base import LARGEST_BODY
from accounts.authentication import PRINCIPAL, known_book
from accounts.principals import Principal
from core.client_address import parse_networks
from core.gate import Gate
from core.middleware import ARRIVED, Answered, settle_origin, write_down
from leads.api.leads import FAILURE, LeadsView
from leads.carrying import PATH, Posted, carry
from leads.convoy import Convoy
from leads.trip import Outcome

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

ROUTE: Final = PATH.removeprefix("/")
PATIENCE: Final = 0.004
"""Seconds in which who was answered posts again, if at all: the way to the client and back, and its own work."""
_LENGTH: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_STATUS: Final = {status: f"{status} {HTTPStatus(status).phrase}" for status in (201, 202)}


class Answer(NamedTuple):
    """What the view would answer, as WSGI has it."""

    status: str
    headers: list[tuple[str, str]]
    content: bytes


log = logging.getLogger(__name__)

Line = Convoy[Posted, Answer | Exception | None]


class FastPath:
    """A WSGI application before another: answers plain posts of leads, hands on everything else.

    Requests with keys of one agency and mode stand in one line. Whoever leads a convoy is let in by the gate, like
    everybody who works, and does for all of it whatever can be done; those who ride along only wait.
    """

    def __init__(self, application: Application, gate: Gate) -> None:
        self._application = application
        self._carry = gate.around(self._answers)
        self._lines: dict[tuple[UUID, str], Line] = {}
        self._trusted = parse_networks(settings.TRUSTED_PROXIES)
        self._constant = {scheme: _constant_headers(scheme) for scheme in ("http", "https")}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The answer to the request."""
        answer = self._answer(environ) if _looks_plain(environ) else None
        if answer is None:
            return self._application(environ, start_response)
        start_response(answer.status, answer.headers)
        return [answer.content]

    def _answer(self, environ: Environ) -> Answer | None:
        """The answer to a plain post; None where the request is to go the long way."""
        environ[ARRIVED] = began = time.perf_counter()
        book = known_book(environ)
        if book is None:
            return None
        try:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        except OSError:
            return None  # the client is gone
        environ["wsgi.input"] = BytesIO(body)  # for whoever is to read it again
        if len(body) < int(environ["CONTENT_LENGTH"]):
            return None
        end = self._ride(book, Posted(environ, body, began))
        if isinstance(end, Exception):
            environ[FAILURE] = end
            return None
        return end

    def _ride(self, book: tuple[UUID, str], posted: Posted) -> Answer | Exception | None:
        try:
            return self._line(book).ride(posted)
        except Exception as error:
            return error  # of the whole convoy, which may have been committed before

    def _line(self, book: tuple[UUID, str]) -> Line:
        line = self._lines.get(book)
        return self._lines.setdefault(book, Convoy(self._carry, patience=PATIENCE)) if line is None else line

    def _answers(self, posted: Sequence[Posted]) -> list[Answer | Exception | None]:
        for one in posted:
            settle_origin(one.meta, self._trusted)
        with bound_contextvars(request_id=posted[0].meta["HTTP_X_REQUEST_ID"]):  # of whoever leads
            ends = carry(posted)
        _write_down([_answered(one, end) for one, end in zip(posted, ends, strict=True) if isinstance(end, Outcome)])
        return [
            self._told(one, end) if isinstance(end, Outcome) else end for one, end in zip(posted, ends, strict=True)
        ]

    def _told(self, posted: Posted, outcome: Outcome) -> Answer:
        content, meta = outcome.content, posted.meta
        headers = [
            *self._constant[meta["wsgi.url_scheme"]],
            ("Content-Length", str(len(content))),
            ("X-Request-Id", meta["HTTP_X_REQUEST_ID"]),
            *_limit_headers(meta[PRINCIPAL]),
        ]
        if outcome.stored is not None:
            headers.append(("Idempotent-Replayed", "true"))
        return Answer(_STATUS[outcome.status], headers, content)


def _write_down(answered: Sequence[Answered]) -> None:
    """What is written of an answer cannot change it: the lead is sold."""
    try:
        write_down(answered)
    except Exception:
        log.exception("answers were not accounted for")


def _answered(posted: Posted, outcome: Outcome) -> Answered:
    return Answered(posted.meta, PATH, ROUTE, outcome.status, time.perf_counter() - posted.began)


def _limit_headers(principal: Principal) -> Iterable[tuple[str, str]]:
    return principal.rate.headers().items() if principal.rate is not None else ()


def _looks_plain(environ: Environ) -> bool:
    return (
        environ["REQUEST_METHOD"] == "POST"
        and environ["PATH_INFO"] == PATH
        and not environ.get("SCRIPT_NAME")
        and not environ.get("QUERY_STRING")
        and (environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower() == "application/json"
        and "HTTP_TRANSFER_ENCODING" not in environ
        and _LENGTH.fullmatch(environ.get("CONTENT_LENGTH") or "") is not None
        and int(environ["CONTENT_LENGTH"]) <= LARGEST_BODY
    )


def _constant_headers(scheme: str) -> list[tuple[str, str]]:
    """What every answer of the view says, whatever it is: as the view and the middleware around it say it."""
    request = WSGIRequest(
        {"REQUEST_METHOD": "POST", "PATH_INFO": PATH, "wsgi.url_scheme": scheme, "wsgi.input": BytesIO()}
    )
    view = LeadsView()
    view.setup(request)
    told = HttpResponse(content_type="application/json", headers={"Allow": ", ".join(view.allowed_methods)})
    return [*SecurityMiddleware(lambda _: told).process_response(request, told).items()]
