"""The only place that mounts urls."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from core import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("v1/", include("leads.api.urls")),
    path("v1/", include("accounts.api.urls")),
    path("admin/", admin.site.urls),
    path("v1/", include("buyers.api.urls")),
    path("accounts/", include("portal.account_urls")),
    path("", include("portal.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("leads.demo.receiver")))
handler400 = "leaddistro.error_pages.bad_request"
handler404 = "leaddistro.error_pages.not_found"
handler500 = "leaddistro.error_pages.server_error"
