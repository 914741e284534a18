"""How an agency's scores do, lead type by lead type, for pages and API: who is in charge, who waits, what was found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Length

from accounts.principals import Principal
from leads.models import Source
from routing.models import Campaign, LeadType
from scoring.levels import Level
from scoring.models import Model, Policy, Recalibration, State, Target, Watch
from scoring.progress import Progress, progress_of
from scoring.registry import OPEN
from scoring.watches import latest_watches

HEAVY: Final = ("body", "leaves", "profile", "reference")


@dataclass(frozen=True, slots=True)
class ScoreHealth:
    """One lead type: its champion (None: the scorecard), the model that waits, the last look, and what is missing."""

    lead_type: LeadType
    champion: Model | None
    shadow: Model | None
    watch: Watch | None
    policy: Policy | None
    progress: Progress

    @property
    def level(self) -> str:
        """What the last look says of whoever is in charge; unknown until somebody looked at them."""
        return self.watch.level if self.watch and self._seen else Level.UNKNOWN

    @property
    def calibrated(self) -> bool:
        """Whether probabilities can be taken at their word."""
        return self.champion is not None and self.level != Level.ALARM

    @property
    def findings(self) -> list[Mapping[str, Any]]:
        """The checks of the last look, then those of the last quarter of an hour."""
        return [*(self.watch.findings if self._seen else ()), *self.watch.pulse] if self.watch else []

    @property
    def figures(self) -> Mapping[str, Any]:
        """The tables of the last look; none where it was of another model."""
        return self.watch.figures if self.watch and self._seen else {}

    @property
    def _seen(self) -> bool:
        if self.watch is None:
            return False
        return self.champion is None or self.watch.model == self.champion.public_id

    @property
    def asked_at(self) -> datetime | None:
        """When somebody wished for a training that has not happened yet."""
        asked = self.policy.asked_at if self.policy else None
        newest = max((one.created_at for one in (self.champion, self.shadow) if one), default=None)
        return asked if asked and (newest is None or asked > newest) else None


def score_healths(principal: Principal, *, now: datetime, lead_type: str | None = None) -> list[ScoreHealth]:
    """Every lead type of the agency in use, by name, or the one of this name. Five statements, however many."""
    if principal.bound:
        return []
    types = LeadType.objects.visible_to(principal).exclude(status="archived").order_by("name")
    found = list(types if lead_type is None else types.filter(name=lead_type))
    names = [one.name for one in found]
    models = _current(principal, names)
    watches = {watch.lead_type: watch for watch in latest_watches(principal.agency_id)}
    policies = {row.lead_type: row for row in Policy.objects.visible_to(principal)}
    progress = progress_of(agency_id=principal.agency_id, lead_types=names, now=now)
    return [
        ScoreHealth(
            lead_type=one,
            champion=_first(models, one.name, (State.CHAMPION,)),
            shadow=_first(models, one.name, OPEN),
            watch=watches.get(one.name),
            policy=policies.get(one.name),
            progress=progress[one.name],
        )
        for one in found
    ]


def shown_models(principal: Principal) -> QuerySet[Model]:
    """The models that the principal may see, without their bytes, with how many these are (`size`). Lazy."""
    return Model.objects.visible_to(principal).defer(*HEAVY).annotate(size=Length("body"))


def _current(principal: Principal, names: Iterable[str]) -> list[Model]:
    """Champions and what waits, the agency's own before shared ones, the newest first."""
    rows = Model.objects.visible_to(principal).defer(*HEAVY)
    rows = rows.filter(lead_type__in=list(names), target=Target.STUCK, state__in=[State.CHAMPION, *OPEN])
    return sorted(rows.order_by("-created_at", "-id"), key=lambda model: model.agency_id is None)


def _first(models: Iterable[Model], lead_type: str, states: Iterable[str]) -> Model | None:
    wanted = set(states)
    return next((one for one in models if one.lead_type == lead_type and one.state in wanted), None)


def names_in(principal: Principal, healths: Iterable[ScoreHealth]) -> dict[str, str]:
    """The names of sources and campaigns that the tables speak of, by their UUIDs' text. Two statements."""
    ids = {row["id"] for one in healths for kind in ("sources", "campaigns") for row in one.figures.get(kind, ())}
    known = {UUID(one) for one in ids if one}
    found: dict[str, str] = {}
    for rows in (Source.objects.visible_to(principal), Campaign.objects.visible_to(principal)):
        found |= {str(pk): name for pk, name in rows.filter(pk__in=known).values_list("pk", "name")}
    return found


def second_calibration(principal: Principal, model: Model) -> Recalibration | None:
    """The two numbers by which a shared model is fitted to the agency."""
    if model.agency_id is not None:
        return None
    return Recalibration.objects.filter(model=model, agency_id=principal.agency_id).first()
