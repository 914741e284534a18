"""The wiring as an app of Django: it holds the commands that start the house, the checks and the Celery app."""

from django.apps import AppConfig
from django.conf import settings

from leaddistro import celery, checks


class LeaddistroConfig(AppConfig):
    """Registers the wiring; importing the two modules above is what connects tasks and system checks."""

    name = "leaddistro"
    wiring = (celery.app, checks.CHECKS)

    def ready(self) -> None:
        """Make the data folder before anything looks for its files there."""
        settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
