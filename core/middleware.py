"""The outermost layers of a request: what is known and written down of it, and the short way into the API."""

import logging
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import structlog
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from core import metrics
from core.api.problems import problem_page
from core.bodies import take_in_chunks
from core.client_address import Network, client_address, is_forwarded_https, parse_networks
from core.ids import new_id
from core.logging import REQUESTS

GetResponse = Callable[[HttpRequest], HttpResponseBase]
API = "/v1/"
NO_CONTENT = 204
FOR_MACHINES = (API, "/healthz", "/readyz", "/metrics")
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}")

ARRIVED: Final = "leaddistro.arrived"
"""In the environ, where somebody has seen the request before: when it came (of time.perf_counter)."""

log = logging.getLogger(REQUESTS)


class Arrival:
    """Establishes id, client address and scheme of a request, and writes one log line and one measurement about it.

    From here on `REMOTE_ADDR` is the client's address and `wsgi.url_scheme` the client's scheme, for everybody; the
    headers of proxies, trusted or forged, are gone. `HTTP_X_REQUEST_ID` is the request's id; the answer carries it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.trusted = parse_networks(settings.TRUSTED_PROXIES)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request and account for it."""
        started = request.META.get(ARRIVED) or time.perf_counter()
        settle_origin(request.META, self.trusted)
        request_id = request.META["HTTP_X_REQUEST_ID"]
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            _write_down(request, response.status_code, time.perf_counter() - started)
        return response


def settle_origin(meta: dict[str, Any], trusted: Sequence[Network]) -> None:
    """Put the client's address and scheme and the request's id into the environ; a second time is harmless."""
    peer = meta.get("REMOTE_ADDR", "")
    forwarded_for = meta.pop("HTTP_X_FORWARDED_FOR", "")
    forwarded_proto = meta.pop("HTTP_X_FORWARDED_PROTO", "")
    meta["REMOTE_ADDR"] = client_address(peer, forwarded_for, trusted)
    if is_forwarded_https(peer, forwarded_proto, trusted):
        meta["wsgi.url_scheme"] = "https"
    if not SANE_REQUEST_ID.fullmatch(meta.get("HTTP_X_REQUEST_ID", "")):
        meta["HTTP_X_REQUEST_ID"] = new_id().hex


def _write_down(request: HttpRequest, status: int, seconds: float) -> None:
    """Of a page only its path's pattern: the path may hold a one-time secret."""
    route = request.resolver_match.route if request.resolver_match else None
    path = request.path if route is None or request.path.startswith(API) else route
    write_down([Answered(request.META, path, route or "unmatched", status, seconds)])


class Answered(NamedTuple):
    """A request and its answer. `route` is the pattern that its path has matched."""

    meta: dict[str, Any]
    path: str
    route: str
    status: int
    seconds: float

    def line(self) -> dict[str, Any]:
        """What the log says of it."""
        return {
            "method": self.meta["REQUEST_METHOD"],
            "path": self.path,
            "status": self.status,
            "ms": round(self.seconds * 1000, 1),
            "request_id": self.meta["HTTP_X_REQUEST_ID"],
        }


def write_down(answered: Sequence[Answered]) -> None:
    """A line and a measurement about each of the requests; all lines at once."""
    for one in answered:
        metrics.observe_answer(one.meta["REQUEST_METHOD"], one.route, one.status, one.seconds)
    if answered and log.isEnabledFor(logging.INFO):
        log.info([one.line() for one in answered])


class ApiDoor:
    """Takes requests of machines past the middleware that browsers need: sessions, CSRF, sign-in, messages, policies.

    Stands between the layers that serve both and those that serve browsers. In production a request of the API over
    plain HTTP is refused, not redirected: a redirect would hide that a key has just crossed the network in the clear.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.answer_machine = convert_exception_to_response(_BareHandler()._get_response)  # type: ignore[attr-defined]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer from the view alone, or hand on to the browsers' middleware."""
        if not request.path.startswith(FOR_MACHINES):
            return self.get_response(request)
        if settings.PRODUCTION and request.path.startswith(API) and not request.is_secure():
            return problem_page(request, 403, "https_required", "This API answers over HTTPS only. Replace this key.")
        take_in_chunks(request)
        return _with_length(self.answer_machine(request))  # type: ignore[arg-type]


class _BareHandler(BaseHandler):
    """Django's own way from a url to an answer, without any middleware."""

    _view_middleware: list[Any] = []
    _template_response_middleware: list[Any] = []
    _exception_middleware: list[Any] = []


def _with_length(response: HttpResponseBase) -> HttpResponseBase:
    """The answer with its Content-Length, without which the server would send it in chunks."""
    if isinstance(response, HttpResponse) and response.status_code != NO_CONTENT:
        response.headers.setdefault("Content-Length", str(len(response.content)))
    return response
