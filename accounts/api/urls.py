"""The addresses of keys, rate limits and the audit trail, mounted under /v1/."""

from django.urls import path

from accounts.api import audit, keys, rate_limits

urlpatterns = [
    path("keys", keys.KeysView.as_view()),
    path("keys/current", keys.CurrentKeyView.as_view()),
    path("keys/<str:key_id>", keys.KeyView.as_view()),
    path("keys/<str:key_id>/rotate", keys.RotateKeyView.as_view()),
    path("keys/<str:key_id>/revoke", keys.RevokeKeyView.as_view()),
    path("rate-limits", rate_limits.RateLimitsView.as_view()),
    path("rate-limits/<slug:name>", rate_limits.RateLimitView.as_view()),
    path("audit", audit.AuditView.as_view()),
]
