"""Django's registration of the routing app."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Registers the routing app under its own name."""

    name = "routing"
