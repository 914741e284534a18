"""The pages of the product: the agency's, and the documentation of the API."""

from django.urls import path
from django.views.generic import RedirectView

from portal import docs
from portal.pages import agencies, endpoints, history, leads, mapping, refused, scoring, scoring_actions

urlpatterns = [
    path("", RedirectView.as_view(url="/agency/"), name="home"),
    path("agency/", leads.overview, name="overview"),
    path("agency/leads/", leads.leads, name="leads"),
    path("agency/leads/<str:lead_id>/", leads.lead, name="lead"),
    path("agency/leads/<str:lead_id>/reveal/", leads.reveal, name="reveal"),
    path("agency/refused/", refused.refused, name="refused"),
    path("agency/refused/<str:submission_id>/", refused.refused_one, name="refused_one"),
    path("agency/refused/<str:submission_id>/reveal/", refused.reveal, name="reveal_refused"),
    path("agency/endpoints/", endpoints.endpoints, name="endpoints"),
    path("agency/mapping/", mapping.mapping, name="mapping"),
    path("agency/scoring/", scoring.scoring, name="scoring"),
    path("agency/scoring/<str:lead_type_id>/", scoring.scoring_of, name="scoring_of"),
    path("agency/scoring/<str:lead_type_id>/train/", scoring_actions.train, name="train_scores"),
    path("agency/scoring/<str:lead_type_id>/promote/", scoring_actions.promote, name="promote_model"),
    path("agency/scoring/<str:lead_type_id>/rollback/", scoring_actions.rollback, name="roll_back_model"),
    path("agency/scoring/<str:lead_type_id>/policy/", scoring_actions.policy, name="score_policy"),
    path("agency/history/", history.history, name="history"),
    path("agency/switch/", agencies.switch, name="switch"),
    path("v1/openapi.json", docs.description, name="openapi"),
    path("docs/", docs.explorer, name="docs"),
    path("docs/errors", docs.error_codes, name="error_codes"),
]
