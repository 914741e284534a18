"""Django's registration of the scoring app."""

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    """Registers the scoring app under its own name."""

    name = "scoring"
