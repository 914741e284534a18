"""The operators' back office at /admin/: Django's admin behind the product's own sign-in, with the state of the house.

Tables are shown for reading. What an operator may change goes through the verbs of the apps, so that everything that
was done stands in the audit trail.
"""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from portal.house import house_figures


class OperatorsSite(AdminSite):
    """Django's admin site, signed in to like the rest of the product."""

    site_header = "leaddistro operators"
    site_title = "leaddistro"
    index_title = "The house today"
    site_url = "/agency/"
    empty_value_display = "-"
    enable_nav_sidebar = True

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """To the one sign-in page. Raises PermissionDenied for people who are signed in but no operators."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or request.get_full_path())

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """To the one sign-out page."""
        return redirect("account_logout")  # type: ignore[return-value] # Django types its own page, not what is allowed

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The tables, under a few figures of the whole installation."""
        return super().index(request, {**(extra_context or {}), "figures": house_figures()})
