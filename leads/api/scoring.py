"""/v1/scoring: models and their reports, how scores do, training, promotion, the way back, policies."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.pages import PAGING, page_of
from buyers.api.base import ResourceView, check_match, find, read_input, record_answer
from buyers.api.lead_types import visible_lead_types
from core.api.pagination import page, refuse_unknown
from core.clock import now, rfc3339
from core.errors import FieldError, NotFound
from leads.api import scoring_examples as examples
from leads.api.scoring_records import health_record, model_record, shown_policy
from leads.api.scoring_shapes import (
    HealthFilters,
    ModelFilters,
    PolicyRequest,
    PolicyShape,
    RollbackShape,
    ScoreHealthShape,
    ScoringModelShape,
    TrainRequest,
    TrainShape,
)
from leads.score_health import names_in, score_healths, shown_models
from leads.score_policy import set_wishes
from leads.score_sharing import members_of, shown_model
from routing.models import LeadType
from scoring.models import Model, Policy
from scoring.requests import ask_training, promote_judged, roll_back

_TAGS = ["Scoring"]


class ScoringView(ResourceView):
    """Read with `reports:read`, changed with `buyers:write`, by keys of the agency alone."""

    read_scope = "reports:read"

    def model(self, model_id: str) -> Model:
        """The visible model of this id. Raises NotFound."""
        return find(shown_models(self.principal), Model.prefix, model_id)

    def shown(self, model: Model) -> dict[str, Any]:
        """The model as this agency sees it."""
        return model_record(shown_model(model, members_of(self.principal)))

    def lead_type(self, lead_type_id: str) -> LeadType:
        """The agency's lead type of this id; nothing for bound keys. Raises NotFound."""
        if self.principal.bound:
            raise NotFound
        return find(visible_lead_types(self.principal), LeadType.prefix, lead_type_id)


class ModelsView(ScoringView):
    """Every model that was ever trained."""

    @extend_schema(
        summary="List models",
        parameters=[ModelFilters, *PAGING],
        responses=page_of(ScoringModelShape),
        examples=examples.MODELS,
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Models, the newest first: champions, shadows, those that were retired, and those that the gate refused."""
        rows = shown_models(self.principal).filter(**self.filters(ModelFilters))
        members = members_of(self.principal)
        return self.page(rows, lambda model: model_record(shown_model(model, members)))


class ModelView(ScoringView):
    """One model."""

    @extend_schema(summary="Read a model", responses=ScoringModelShape, examples=examples.MODEL, tags=_TAGS)
    def get(self, request: Request, model_id: str) -> Response:
        """A model with its metrics, the checks of training and gate, and its fairness report."""
        return Response(self.shown(self.model(model_id)))


class PromoteView(ScoringView):
    """A person's word for a model that the gate let through."""

    @extend_schema(
        summary="Promote a model", request=None, responses={200: ScoringModelShape}, examples=examples.MODEL, tags=_TAGS
    )
    def post(self, request: Request, model_id: str) -> Response:
        """Put a model in charge that the gate has passed, from the next lead on. Refused (409) where it has not."""
        promote_judged(model=self.model(model_id), actor=self.principal, now=now())
        return Response(self.shown(self.model(model_id)))


class RollbackView(ScoringView):
    """The way back."""

    @extend_schema(
        summary="Roll a model back",
        request=None,
        responses={200: RollbackShape},
        examples=examples.ROLLBACK,
        tags=_TAGS,
    )
    def post(self, request: Request, model_id: str) -> Response:
        """Take this champion out of charge: the one before it scores the next lead, or the scorecard."""
        champion = roll_back(model=self.model(model_id), actor=self.principal)
        return Response({"champion": self.shown(self.model(champion.public_id)) if champion else None})


class HealthView(ScoringView):
    """How scores do."""

    @extend_schema(
        summary="Read how scores do",
        parameters=[HealthFilters],
        responses=page_of(ScoreHealthShape),
        examples=examples.HEALTH,
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """Of each lead type: who is in charge, what the nightly watch found, and what is missing for the next stage."""
        wanted = self.filters(HealthFilters)
        healths = score_healths(self.principal, now=now(), lead_type=wanted.get("lead_type"))
        names = names_in(self.principal, healths)
        return Response({"data": [health_record(one, names) for one in healths], "next_cursor": None})


class TrainView(ScoringView):
    """A wish to learn."""

    @extend_schema(
        summary="Ask for training",
        request=TrainRequest,
        responses={202: TrainShape},
        examples=examples.TRAIN,
        tags=_TAGS,
    )
    def post(self, request: Request) -> Response:
        """Train a model of this lead type now, whatever the cadence says: a worker begins within five minutes.

        It does not take over by that: it waits in the shadow until the gate has judged it on later leads.
        """
        name = read_input(TrainRequest, request.data, self.principal)["lead_type"]
        if not LeadType.objects.visible_to(self.principal).filter(name=name).exists():
            detail = "There is no lead type of this name."
            raise NotFound(detail, errors=[FieldError("lead_type", "not_found", detail)])
        asked = now()
        ask_training(actor=self.principal, lead_type=name, now=asked)
        return Response({"lead_type": name, "asked_at": rfc3339(asked)}, status=202)


class PoliciesView(ScoringView):
    """What the agency wants of its scores."""

    @extend_schema(
        summary="List policies",
        parameters=PAGING,
        responses=page_of(PolicyShape),
        examples=examples.POLICIES,
        tags=_TAGS,
    )
    def get(self, request: Request) -> Response:
        """The policy of each lead type, the newest lead type first."""
        refuse_unknown(request)
        rows = LeadType.objects.none() if self.principal.bound else visible_lead_types(self.principal)
        found, cursor = page(request, rows.exclude(status="archived"))
        policies = {row.lead_type: row for row in Policy.objects.visible_to(self.principal)}
        return Response({"data": [shown_policy(one, policies.get(one.name)) for one in found], "next_cursor": cursor})


class PolicyView(ScoringView):
    """The policy of one lead type."""

    @extend_schema(summary="Read a policy", responses=PolicyShape, examples=examples.POLICY, tags=_TAGS)
    def get(self, request: Request, lead_type_id: str) -> Response:
        """What is shared, which law binds, what is never learned from."""
        return record_answer(self._shown(self.lead_type(lead_type_id)))

    @extend_schema(
        summary="Change a policy",
        request=PolicyRequest,
        responses=PolicyShape,
        examples=[*examples.POLICY_CHANGE, *examples.POLICY],
        tags=_TAGS,
    )
    def patch(self, request: Request, lead_type_id: str) -> Response:
        """Change what the body names. Models that look at what it bars are out of charge at once, and for good."""
        lead_type = self.lead_type(lead_type_id)
        check_match(request, self._shown(lead_type))
        values = read_input(PolicyRequest, request.data, self.principal, partial=True)
        policy = set_wishes(actor=self.principal, lead_type=lead_type, values=values)
        return record_answer(shown_policy(lead_type, policy))

    def _shown(self, lead_type: LeadType) -> dict[str, Any]:
        policy = Policy.objects.visible_to(self.principal).filter(lead_type=lead_type.name).first()
        return shown_policy(lead_type, policy)
