"""Puts the operators' site in the place of Django's own, so that apps register their tables without knowing it."""

from django.contrib.admin.apps import AdminConfig


class OperatorsAdminConfig(AdminConfig):
    """Makes `admin.site` the operators' site."""

    default_site = "portal.operators.OperatorsSite"
