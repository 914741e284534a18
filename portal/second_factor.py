"""Where a second factor is required, staff set one up before anything else: one gate in front of every page."""

from collections.abc import Callable

from allauth.mfa.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import Membership, Role, User

OPEN = ("/accounts/", settings.STATIC_URL)
"""What stays reachable meanwhile: setting the factor up, signing out, and what those pages look like."""

STAFF = (Role.OWNER, Role.ADMIN, Role.ANALYST)


class RequireSecondFactor:
    """Leads staff without a second factor to where they set one up. Costs a query per page, none while switched off."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The page, or the way to the second factor."""
        if not settings.REQUIRE_MFA or request.path.startswith(OPEN) or not _lacks_factor(request.user):
            return self.get_response(request)
        messages.info(request, "Your role needs two-step sign-in. Set it up once to go on.")
        return redirect("mfa_activate_totp")


def _lacks_factor(user: User | AnonymousUser) -> bool:
    if isinstance(user, AnonymousUser) or get_adapter().is_mfa_enabled(user):
        return False
    return user.is_staff or user.is_superuser or _is_agency_staff(user)


def _is_agency_staff(user: User) -> bool:
    return Membership.objects.filter(user=user, role__in=STAFF).exists()
