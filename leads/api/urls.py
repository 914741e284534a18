"""The routes of leads, mounted under /v1/."""

from django.urls import path

from leads.api import actions, conversions, leads, outcomes, pings, scoring, sources, submissions

urlpatterns = [
    path("leads", leads.LeadsView.as_view()),
    path("leads/<str:lead_id>", leads.LeadView.as_view()),
    path("leads/<str:lead_id>/decision", leads.DecisionView.as_view()),
    path("leads/<str:lead_id>/events", leads.EventsView.as_view()),
    path("leads/<str:lead_id>/reroute", actions.RerouteView.as_view()),
    path("leads/<str:lead_id>/assign", actions.AssignView.as_view()),
    path("leads/<str:lead_id>/accept", actions.AcceptView.as_view()),
    path("leads/<str:lead_id>/reject", actions.RejectView.as_view()),
    path("ping", pings.PingView.as_view()),
    path("post", pings.PostView.as_view()),
    path("leads/<str:lead_id>/convert", conversions.ConvertView.as_view()),
    path("outcomes", outcomes.OutcomesView.as_view()),
    path("submissions", submissions.SubmissionsView.as_view()),
    path("submissions/<str:submission_id>", submissions.SubmissionView.as_view()),
    path("simulate", actions.SimulateView.as_view()),
    path("scoring/models", scoring.ModelsView.as_view()),
    path("scoring/models/<str:model_id>", scoring.ModelView.as_view()),
    path("scoring/models/<str:model_id>/promote", scoring.PromoteView.as_view()),
    path("scoring/models/<str:model_id>/rollback", scoring.RollbackView.as_view()),
    path("scoring/health", scoring.HealthView.as_view()),
    path("scoring/train", scoring.TrainView.as_view()),
    path("scoring/policies", scoring.PoliciesView.as_view()),
    path("scoring/policies/<str:lead_type_id>", scoring.PolicyView.as_view()),
    path("sources", sources.SourcesView.as_view()),
    path("sources/<str:source_id>", sources.SourceView.as_view()),
]
