"""The documentation that the product serves itself: the API's description, its page, every error code with its cure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import etag

from core import json
from core.api.problems import TITLES, problem_page
from core.errors import DomainError
from routing.reasons import Reason

_OF_THE_PROTOCOL = (
    ("bad_request", 400, "The request could not be understood: look at its line and headers."),
    ("malformed_json", 400, "The body is no valid JSON: send one whole document in UTF-8."),
    ("https_required", 403, "The key has crossed the network in the clear: replace it, and use https from now on."),
    ("method_not_allowed", 405, "The address knows other methods: the Allow header names them."),
    ("not_acceptable", 406, "Answers are JSON: drop the Accept header, or accept application/json."),
    ("unsupported_media_type", 415, "Send Content-Type: application/json (leads may be form-encoded too)."),
    ("internal", 500, "Our fault. With an Idempotency-Key it is safe to send the request again."),
)


@dataclass(frozen=True, slots=True, order=True)
class ErrorCode:
    """A stable code of the API, the status it comes with, and what to do about it."""

    status: int
    code: str
    cure: str

    @property
    def title(self) -> str:
        """The name of the status."""
        return TITLES.get(self.status, "Error")


def description(request: HttpRequest) -> HttpResponseBase:
    """The OpenAPI document, for everybody: it holds nothing of any agency, and clients are generated from it.

    It is the file that is checked in, read once per process: generating it takes seconds, and `make check` keeps the
    file true. Caches may hold it for five minutes, and a client that has it is told so (304).
    """
    if request.method not in ("GET", "HEAD"):
        answer = problem_page(request, 405, "method_not_allowed", "The description of the API is for reading.")
        answer.headers["Allow"] = "GET, HEAD"
        return answer
    return _description(request)


@cache
def _document() -> tuple[bytes, str]:
    """The document without the spaces that are for readers of the file, and its digest."""
    text = json.dumps(json.loads((settings.BASE_DIR / "docs" / "openapi.json").read_bytes()))
    return text, sha256(text).hexdigest()[:24]


@etag(lambda request: f'"{_document()[1]}"')
def _description(request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        _document()[0], content_type="application/json", headers={"Cache-Control": "public, max-age=300"}
    )


def explorer(request: HttpRequest) -> HttpResponse:
    """The API's description as an interactive page, out of our own static files."""
    return render(request, "portal/docs.html")


def error_codes(request: HttpRequest) -> HttpResponse:
    """Every error code, as the code itself defines them, and every reason why a contract does not get a lead."""
    return render(request, "portal/error_codes.html", {"codes": known_codes(), "reasons": list(Reason)})


def known_codes() -> list[ErrorCode]:
    """All codes by status and name; where several refusals share one, the first sentence of each."""
    cures: dict[tuple[int, str], dict[str, None]] = {
        (status, code): {cure: None} for code, status, cure in _OF_THE_PROTOCOL
    }
    for refusal in _refusals(DomainError):
        sentence = " ".join((refusal.__doc__ or "").split("\n\n")[0].split())
        cures.setdefault((refusal.status, refusal.code), {})[sentence] = None
    return sorted(ErrorCode(status, code, " ".join(found)) for (status, code), found in cures.items())


def _refusals(base: type[DomainError]) -> Iterator[type[DomainError]]:
    for refusal in base.__subclasses__():
        if not refusal.__module__.startswith("tests."):
            yield refusal
            yield from _refusals(refusal)
