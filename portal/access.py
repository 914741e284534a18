"""Whom a signed-in person acts for: which agency, in which role, in which book. Pages of /agency/ ask here first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Agency, AgencyStatus, Membership, Mode, Role, User
from accounts.principals import AgencyFacts, Principal

CHOSEN = "agency"
"""Where the session keeps the agency that a person of several has chosen."""

OPERATOR = "operator"
STAFF = (Role.OWNER, Role.ADMIN, Role.ANALYST)
_SEES_CONTACTS = (Role.OWNER, Role.ADMIN, OPERATOR)
_CHANGES = (Role.OWNER, Role.ADMIN, OPERATOR)
_MOST_CHOICES = 200

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Access:
    """One person in one agency. `choices` are the agencies they may switch to, this one among them."""

    user: User
    agency: Agency
    role: str
    mode: str
    choices: Sequence[Agency]
    principal: Principal

    @property
    def sees_contacts(self) -> bool:
        """Whether names, telephones and addresses may be revealed (each time on record)."""
        return self.role in _SEES_CONTACTS

    @property
    def may_change(self) -> bool:
        """Whether the person may change how the agency works: owners and admins, and operators."""
        return self.role in _CHANGES

    @property
    def is_test(self) -> bool:
        """Whether the pages show the book of test keys."""
        return self.mode == Mode.TEST


class NoAgency(Exception):
    """The person is nobody's staff. `place` names their own portal where they have one. Shown as a page."""

    def __init__(self, place: str = "") -> None:
        super().__init__(place)
        self.place = place


def agency_page(
    view: Callable[Concatenate[HttpRequest, Access, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page for an agency's staff: strangers sign in first, people of buyers and sources are told where theirs is."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            access = agency_access(request)
        except NoAgency as none:
            return render(request, "portal/no_agency.html", {"place": none.place}, status=403)
        return view(request, access, *args, **kwargs)

    return guarded  # type: ignore[return-value] # login_required forgets the signature


def agency_access(request: HttpRequest) -> Access:
    """What the signed-in person may see now. One query. Raises NoAgency where they are nobody's staff."""
    user = request.user
    if isinstance(user, AnonymousUser):
        raise NoAgency
    roles = _roles_of(user)
    agency = _chosen(request, list(roles))
    mode = Mode.TEST if request.GET.get("mode") == Mode.TEST else Mode.LIVE
    return Access(
        user=user,
        agency=agency,
        role=roles[agency],
        mode=mode,
        choices=list(roles),
        principal=_principal(request, user, agency, mode),
    )


def _roles_of(user: User) -> dict[Agency, str]:
    """The agencies a person may look at, by name, with their role in each. An operator may look at any."""
    if user.is_superuser:
        return dict.fromkeys(Agency.objects.order_by("name", "id")[:_MOST_CHOICES], OPERATOR) or _nobody("")
    places = Membership.objects.filter(user=user).exclude(agency__status=AgencyStatus.CLOSED)
    places = places.select_related("agency").order_by("agency__name", "agency_id")
    staff = {place.agency: place.role for place in places if place.role in STAFF}
    return staff or _nobody(next((place.role for place in places), ""))


def _nobody(place: str) -> dict[Agency, str]:
    raise NoAgency(place)


def _chosen(request: HttpRequest, agencies: Sequence[Agency]) -> Agency:
    chosen = request.session.get(CHOSEN)
    return next((agency for agency in agencies if str(agency.pk) == chosen), agencies[0])


def choose_agency(request: HttpRequest, agency_id: UUID) -> bool:
    """Remember whom the person acts for from now on; False where that agency is not theirs to choose."""
    if agency_id not in {agency.pk for agency in agency_access(request).choices}:
        return False
    request.session[CHOSEN] = str(agency_id)
    return True


def _principal(request: HttpRequest, user: User, agency: Agency, mode: str) -> Principal:
    return Principal(
        kind="user",
        agency=AgencyFacts(agency.pk, agency.currency, agency.timezone, agency.status),
        mode=mode,
        scopes=frozenset(),  # pages ask for roles; scopes are what programs have
        actor=f"user:{user.email}",
        version=agency.version,
        user_id=user.pk,
        address=request.META.get("REMOTE_ADDR", ""),
        request_id=request.META.get("HTTP_X_REQUEST_ID", ""),
    )
