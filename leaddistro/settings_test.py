"""Settings of the tests: a fast password hasher and eager tasks; nothing else differs from the product."""

from leaddistro.settings import *  # noqa: F403 - the product's settings are the point

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
