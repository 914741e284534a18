"""Django's registration of the buyers app."""

from django.apps import AppConfig


class BuyersConfig(AppConfig):
    """Registers the buyers app under its own name."""

    name = "buyers"
