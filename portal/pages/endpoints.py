"""How the buyers' systems do that are asked in real time: the last hour of each contract's endpoints."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from buyers.health import read_health
from buyers.health_figures import EndpointHealth
from buyers.models import Contract, Method, Status
from core.api.pagination import cut
from core.clock import now
from core.errors import FieldProblems
from portal.access import Access, agency_page
from portal.pages.frame import PAGE, next_page, show


@dataclass(frozen=True, slots=True)
class Row:
    """One contract and what its endpoints did; `shared` as the figures tell."""

    contract: Contract
    endpoints: tuple[EndpointHealth, ...]
    shared: bool


@require_GET
@agency_page
def endpoints(request: HttpRequest, access: Access) -> HttpResponse:
    """The list of contracts of the delivery method http, the newest first, in the book that is looked at."""
    asked = Contract.objects.visible_to(access.principal)
    asked = asked.filter(deliveries__primary=True, deliveries__method=Method.HTTP)
    rows = asked.exclude(status=Status.ARCHIVED).select_related("buyer", "campaign")
    try:
        found, cursor = cut(rows, limit=PAGE, cursor=request.GET.get("cursor"))
    except FieldProblems as problems:
        raise Http404 from problems
    health = read_health([contract.pk for contract in found], mode=access.mode, now=now())
    shown = [Row(contract, health[contract.pk].endpoints, health[contract.pk].shared) for contract in found]
    context = {"rows": shown, "shared": all(row.shared for row in shown), "next": next_page(request.GET, cursor)}
    return show(request, access, "endpoints", context)
