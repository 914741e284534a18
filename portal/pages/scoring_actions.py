"""What people can do about their scores: train, promote, roll back, declare the law. By the verbs alone."""

from collections.abc import Callable, Collection

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from core.clock import now
from core.errors import DomainError
from leads.score_health import ScoreHealth, shown_models
from leads.score_policy import set_wishes
from portal.access import Access, agency_page
from portal.pages.score_policy import PolicyForm
from portal.pages.scoring import health_or_404, id_or_404
from routing.models import LeadType
from scoring.models import Model, State
from scoring.registry import OPEN
from scoring.requests import ask_training, promote_judged, roll_back


@require_POST
@agency_page
def train(request: HttpRequest, access: Access, lead_type_id: str) -> HttpResponse:
    """Ask for a training now."""
    kind = _changing(access, lead_type_id).lead_type
    return _done(
        request,
        kind,
        lambda: ask_training(actor=access.principal, lead_type=kind.name, now=now()),
        "Asked for. A worker begins within five minutes; the new model waits until the gate has judged it.",
    )


@require_POST
@agency_page
def promote(request: HttpRequest, access: Access, lead_type_id: str) -> HttpResponse:
    """Put the model of the form in charge, where the gate has let it through."""
    health = _changing(access, lead_type_id)
    model = _model(request, access, health.lead_type, OPEN)
    said = "It is in charge from the next lead on."
    verb = lambda: promote_judged(model=model, actor=access.principal, now=now())  # noqa: E731
    return _done(request, health.lead_type, verb, said)


@require_POST
@agency_page
def rollback(request: HttpRequest, access: Access, lead_type_id: str) -> HttpResponse:
    """Put the champion before this one in charge again."""
    health = _changing(access, lead_type_id)
    model = _model(request, access, health.lead_type, (State.CHAMPION,))
    said = "Rolled back: the next lead is scored as before."
    return _done(request, health.lead_type, lambda: roll_back(model=model, actor=access.principal), said)


@require_POST
@agency_page
def policy(request: HttpRequest, access: Access, lead_type_id: str) -> HttpResponse:
    """Change what the agency wants of these scores."""
    kind = _changing(access, lead_type_id).lead_type
    form = PolicyForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("scoring_of", kind.public_id)
    verb = lambda: set_wishes(actor=access.principal, lead_type=kind, values=form.wishes())  # noqa: E731
    return _done(request, kind, verb, "Kept. It counts from the next lead and the next training on.")


def _done(request: HttpRequest, kind: LeadType, verb: Callable[[], object], said: str) -> HttpResponse:
    try:
        verb()
    except DomainError as refused:
        messages.error(request, refused.detail)
    else:
        messages.success(request, said)
    return redirect("scoring_of", kind.public_id)


def _changing(access: Access, lead_type_id: str) -> ScoreHealth:
    if not access.may_change:
        raise PermissionDenied
    return health_or_404(access, lead_type_id)


def _model(request: HttpRequest, access: Access, kind: LeadType, states: Collection[str]) -> Model:
    """The model that the form names; 404 where it is none of this lead type in these states."""
    rows = shown_models(access.principal).filter(lead_type=kind.name, state__in=states)
    model = rows.filter(pk=id_or_404(Model.prefix, request.POST.get("model", ""))).first()
    if model is None:
        raise Http404
    return model
