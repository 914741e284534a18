"""Addresses for the tests of the middleware: views that tell what reached them."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from leaddistro.urls import urlpatterns as product


def tell(request: HttpRequest, **_: Any) -> HttpResponse:
    """What a view sees of the layers before it."""
    seen = {
        "layers": [name for name in ("session", "user", "_messages", "_csp_nonce") if hasattr(request, name)],
        "client": request.META["REMOTE_ADDR"],
        "secure": request.is_secure(),
        "request_id": request.META["HTTP_X_REQUEST_ID"],
        "forwarded": sorted(name for name in request.META if name.startswith("HTTP_X_FORWARDED")),
    }
    return JsonResponse(seen)


def fail(request: HttpRequest) -> HttpResponse:
    """A bug."""
    raise RuntimeError("broken for ada@example.com with ldk_live_0123456789abcdef")


urlpatterns = [
    path("v1/tell", tell),
    path("v1/fail", fail),
    path("tell/<str:secret>", tell),
    *product,
]
handler404 = "leaddistro.error_pages.not_found"
handler500 = "leaddistro.error_pages.server_error"
