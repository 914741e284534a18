"""Django's registration of the webhooks app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Registers the webhooks app under its own name."""

    name = "webhooks"
