"""The pages of the product: the agency's, and the documentation of the API."""

from django.urls import path
from django.views.generic import RedirectView

from portal import docs
from portal.pages import agencies, history, leads, refused

urlpatterns = [
    path("", RedirectView.as_view(url="/agency/"), name="home"),
    path("agency/", leads.overview, name="overview"),
    path("agency/leads/", leads.leads, name="leads"),
    path("agency/leads/<str:lead_id>/", leads.lead, name="lead"),
    path("agency/leads/<str:lead_id>/reveal/", leads.reveal, name="reveal"),
    path("agency/refused/", refused.refused, name="refused"),
    path("agency/refused/<str:submission_id>/", refused.refused_one, name="refused_one"),
    path("agency/refused/<str:submission_id>/reveal/", refused.reveal, name="reveal_refused"),
    path("agency/history/", history.history, name="history"),
    path("agency/switch/", agencies.switch, name="switch"),
    path("v1/openapi.json", docs.description, name="openapi"),
    path("docs/", docs.explorer, name="docs"),
    path("docs/errors", docs.error_codes, name="error_codes"),
]
