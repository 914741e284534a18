"""What a request gets that no view could answer: a problem document within the API, Django's page elsewhere."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views import defaults

from core.api.problems import problem_page
from core.middleware import API


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404."""
    if request.path.startswith(API):
        return problem_page(request, 404, "not_found", "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400."""
    if request.path.startswith(API):
        return problem_page(request, 400, "bad_request", "The request could not be understood.")
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; the log has the rest under the request's id."""
    if request.path.startswith(API):
        detail = "Something failed on our side. With an Idempotency-Key it is safe to send this again."
        return problem_page(request, 500, "internal", detail)
    return defaults.server_error(request)
