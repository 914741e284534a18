"""The agency's view of its leads: the day at a glance, the list, and one lead with its decision."""

from dataclasses import replace
from datetime import UTC, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Mode
from core.api.pagination import cut
from core.clock import now
from core.errors import FieldProblems, NotFound
from core.ids import BadId, decode
from leads.models import Lead
from leads.overview import overview as day_of
from leads.pages import lead_page, lead_rows, listed, reveal_lead
from leads.queries import LeadFilter
from portal.access import Access, agency_page
from portal.pages.filters import LeadFilterForm
from portal.pages.frame import PAGE, book_of, next_page, show

LATEST = 10


@require_GET
@agency_page
def overview(request: HttpRequest, access: Access) -> HttpResponse:
    """Today's figures in the agency's zone, and the latest leads."""
    latest, _ = cut(listed(access.principal, LeadFilter()), limit=LATEST, cursor=None)
    day = day_of(access.principal, since=_midnight(access.agency.timezone))
    return show(request, access, "overview", {"day": day, "rows": lead_rows(latest)})


@require_GET
@agency_page
def leads(request: HttpRequest, access: Access) -> HttpResponse:
    """The list, by filters that live in the address; a lead's id leads straight to the lead."""
    form = LeadFilterForm(request.GET, access.principal)
    named = request.GET.get("external_id", "").strip()
    if _lead_id(named) is not None:
        return redirect(f"{reverse('lead', args=[named])}{book_of(access.mode)}")
    try:
        found, cursor = cut(listed(access.principal, form.wanted()), limit=PAGE, cursor=request.GET.get("cursor"))
    except FieldProblems as problems:
        raise Http404 from problems
    context = {"form": form, "rows": lead_rows(found), "next": next_page(request.GET, cursor)}
    return show(request, access, "leads", context)


@require_GET
@agency_page
def lead(request: HttpRequest, access: Access, lead_id: str) -> HttpResponse:
    """One lead, its contact data masked. A lead of the other book leads over to that book."""
    wanted = _id_or_404(lead_id)
    try:
        page = lead_page(access.principal, wanted)
    except NotFound as error:
        other = Mode.LIVE if access.is_test else Mode.TEST
        if not Lead.objects.visible_to(replace(access.principal, mode=other)).filter(pk=wanted).exists():
            raise Http404 from error
        return redirect(f"{request.path}{book_of(other)}")
    return show(request, access, "lead", {"page": page}, here="leads")


@require_POST
@agency_page
def reveal(request: HttpRequest, access: Access, lead_id: str) -> HttpResponse:
    """The same page with its contact data open, which is written into the audit trail."""
    if not access.sees_contacts:
        raise PermissionDenied
    try:
        page = reveal_lead(access.principal, _id_or_404(lead_id))
    except NotFound as error:
        raise Http404 from error
    messages.info(request, "Contact data is shown. That you looked stands in the audit trail.")
    return show(request, access, "lead", {"page": page}, here="leads")


def _midnight(timezone: str) -> datetime:
    local = now().astimezone(ZoneInfo(timezone))
    return datetime.combine(local.date(), time.min, local.tzinfo).astimezone(UTC)


def _lead_id(text: str) -> UUID | None:
    try:
        return decode(Lead.prefix, text)
    except BadId:
        return None


def _id_or_404(text: str) -> UUID:
    found = _lead_id(text)
    if found is None:
        raise Http404
    return found
