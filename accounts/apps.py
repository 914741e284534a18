"""Django's registration of the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the accounts app under its own name."""

    name = "accounts"
    verbose_name = "Agencies, people and keys"
