"""Changing the agency one acts for."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from portal.access import NoAgency, choose_agency


@require_POST
@login_required
def switch(request: HttpRequest) -> HttpResponse:
    """Act for another of one's agencies from now on; 404 for one that is not the person's."""
    try:
        chosen = choose_agency(request, UUID(request.POST.get("agency", "")))
    except (ValueError, NoAgency) as error:
        raise Http404 from error
    if not chosen:
        raise Http404
    return redirect("overview")
