"""Django's registration of the leads app."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Registers the leads app under its own name."""

    name = "leads"
