"""Django's registration of the buyers app."""

from importlib import import_module

from django.apps import AppConfig


class BuyersConfig(AppConfig):
    """Registers the buyers app under its own name, and its buyers as those that keys are bound to."""

    name = "buyers"

    def ready(self) -> None:
        """Answer for the ids of buyers."""
        import_module("buyers.subjects")
