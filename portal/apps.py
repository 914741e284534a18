"""Django's registration of the portal app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Registers the portal app under its own name."""

    name = "portal"
