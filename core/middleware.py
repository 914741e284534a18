"""The outermost layers of a request: what is known and written down of it, and the short way into the API."""

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from core import metrics
from core.api.problems import problem_page
from core.bodies import take_in_chunks
from core.client_address import client_address, is_forwarded_https, parse_networks
from core.ids import new_id
from core.logging import REQUESTS

GetResponse = Callable[[HttpRequest], HttpResponseBase]
API = "/v1/"
NO_CONTENT = 204
FOR_MACHINES = (API, "/healthz", "/readyz", "/metrics")
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}")

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
        started = time.perf_counter()
        self._settle_origin(request.META)
        request_id = request.META["HTTP_X_REQUEST_ID"]
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            seconds = time.perf_counter() - started
            metrics.observe_request(request, response.status_code, seconds)
            if log.isEnabledFor(logging.INFO):
                log.info(_line(request, response.status_code, seconds))
        return response

    def _settle_origin(self, meta: dict[str, Any]) -> None:
        peer = meta.get("REMOTE_ADDR", "")
        forwarded_for = meta.pop("HTTP_X_FORWARDED_FOR", "")
        forwarded_proto = meta.pop("HTTP_X_FORWARDED_PROTO", "")
        meta["REMOTE_ADDR"] = client_address(peer, forwarded_for, self.trusted)
        if is_forwarded_https(peer, forwarded_proto, self.trusted):
            meta["wsgi.url_scheme"] = "https"
        if not SANE_REQUEST_ID.fullmatch(meta.get("HTTP_X_REQUEST_ID", "")):
            meta["HTTP_X_REQUEST_ID"] = new_id().hex


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


def _line(request: HttpRequest, status: int, seconds: float) -> dict[str, Any]:
    """What is written down of a request. Of a page only the path's pattern: its path may hold a one-time secret."""
    match = request.resolver_match
    return {
        "method": request.method,
        "path": match.route if match and not request.path.startswith(API) else request.path,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "request_id": request.META["HTTP_X_REQUEST_ID"],
    }
