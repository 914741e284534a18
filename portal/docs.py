"""The documentation that the product serves itself: the interactive API page, and every error code with its cure."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.api.problems import TITLES
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
