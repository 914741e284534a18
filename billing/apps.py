"""Django's registration of the billing app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Registers the billing app under its own name."""

    name = "billing"
