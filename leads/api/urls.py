"""The routes of leads, mounted under /v1/."""

from django.urls import path

from leads.api import leads

urlpatterns = [
    path("leads", leads.LeadsView.as_view()),
    path("leads/<str:lead_id>", leads.LeadView.as_view()),
    path("leads/<str:lead_id>/decision", leads.DecisionView.as_view()),
    path("leads/<str:lead_id>/events", leads.EventsView.as_view()),
]
