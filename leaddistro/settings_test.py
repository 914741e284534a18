"""Settings of the tests: a fast password hasher, eager tasks, SQLite in a file; nothing else differs."""

from leaddistro.settings import *  # noqa: F403 - the product's settings are the point

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True

if ON_SQLITE:  # noqa: F405
    # A file, not memory: threads and processes of a test must meet the locks that production meets.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}  # noqa: F405
