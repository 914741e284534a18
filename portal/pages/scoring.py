"""The agency's view of its scores: who gives them, whether they come true, and what has changed."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from core.clock import now
from core.ids import BadId, decode
from leads.score_health import ScoreHealth, names_in, score_healths, second_calibration, shown_models
from leads.score_sharing import members_of, shown_model
from leads.score_words import check_lines, feature_levels, finding_lines
from portal.access import Access, agency_page
from portal.charts import ranking_line, reliability
from portal.pages.frame import show
from portal.pages.score_policy import PolicyForm
from routing.models import LeadType
from scoring.levels import Level
from scoring.models import Model
from scoring.watches import watches_of

_HISTORY = 20
_DAYS = 60


@require_GET
@agency_page
def scoring(request: HttpRequest, access: Access) -> HttpResponse:
    """Every lead type at a glance."""
    return show(request, access, "scoring", {"healths": score_healths(access.principal, now=now())})


@require_GET
@agency_page
def scoring_of(request: HttpRequest, access: Access, lead_type_id: str) -> HttpResponse:
    """One lead type: champion, shadow, history, reliability, drift, sources, fairness, policy."""
    health = health_or_404(access, lead_type_id)
    return show(request, access, "scoring_of", _page(access, health), here="scoring")


def _page(access: Access, health: ScoreHealth) -> dict[str, Any]:
    kind, figures = health.lead_type.name, health.figures
    names = names_in(access.principal, [health])
    levels, shifts = feature_levels(health.findings), figures.get("drift", {}).get("features", ())
    models = shown_models(access.principal).filter(lead_type=kind).order_by("-created_at", "-id")
    members = members_of(access.principal)
    return {
        "health": health,
        "kind": health.lead_type,
        "findings": finding_lines(health.findings),
        "dots": reliability(figures.get("bands", ())),
        "bands": [band for band in figures.get("bands", ()) if band["leads"]],
        "line": ranking_line(figures.get("rankings", ()), figures.get("expected_auc")),
        "rankings": figures.get("rankings", ()),
        "drift": [{**one, "level": levels.get(one["feature"], Level.UNKNOWN)} for one in shifts],
        "sources": [{**one, "name": names.get(one["id"], "Unknown")} for one in figures.get("sources", ())],
        "campaigns": [{**one, "name": names.get(one["id"], "Unknown")} for one in figures.get("campaigns", ())],
        "days": list(watches_of(access.agency.pk, kind).only("day", "level", "model")[:_DAYS])[::-1],
        "models": [shown_model(model, members) for model in models[:_HISTORY]],
        "champion": shown_model(health.champion, members) if health.champion else None,
        "fit": second_calibration(access.principal, health.champion) if health.champion else None,
        "gate": check_lines((shown_model(health.shadow, members).gate or {}).get("checks", ()))
        if health.shadow
        else [],
        "promotable": _is_promotable(health.shadow),
        "policy_form": PolicyForm.of(health.policy),
    }


def _is_promotable(shadow: Model | None) -> bool:
    """Whether the page offers the button; the verb asks again."""
    return shadow is not None and shadow.agency_id is not None and bool(shadow.report.get("gate", {}).get("passed"))


def health_or_404(access: Access, lead_type_id: str) -> ScoreHealth:
    """The health of the lead type of this id; 404 where the person's agency has none."""
    kind = LeadType.objects.visible_to(access.principal).filter(pk=id_or_404(LeadType.prefix, lead_type_id)).first()
    found = score_healths(access.principal, now=now(), lead_type=kind.name) if kind else []
    if not found:
        raise Http404
    return found[0]


def id_or_404(prefix: str, text: str) -> UUID:
    """The UUID behind a public id; 404 for what is none."""
    try:
        return decode(prefix, text)
    except BadId as error:
        raise Http404 from error
