"""Django's registration of the leads app."""

from importlib import import_module

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Registers the leads app under its own name, and its ear for deliveries."""

    name = "leads"

    def ready(self) -> None:
        """Listen to what becomes of deliveries, and answer for the ids of sources."""
        import_module("leads.receivers")
        import_module("leads.subjects")
