"""What all tests share once Django is up."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.core.management.color import Style
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.sqlite3.base import DatabaseWrapper
from hypothesis import settings
from pytest_django import DjangoDbBlocker

from tests.databases import end_other_sessions

settings.register_profile("house", deadline=None)  # a busy machine fails no test
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def append_only_tables_may_be_emptied() -> Iterator[None]:
    """Let tests with `transaction=True` clean up on SQLite, whose only TRUNCATE is the DELETE that triggers refuse."""
    operations = DatabaseWrapper.ops_class
    flush = operations.sql_flush

    def without_triggers(
        self: BaseDatabaseOperations, style: Style, tables: Sequence[str], **options: Any
    ) -> list[str]:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        dropped = [f'DROP TRIGGER "{name}"' for name, _ in triggers]
        return [*dropped, *flush(self, style, tables, **options), *(sql for _, sql in triggers)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", without_triggers)
        yield


@pytest.fixture(scope="session", autouse=True)
def nobody_holds_the_test_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """End the sessions that a test left open, on PostgreSQL, whose databases cannot be dropped while anybody is in."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            end_other_sessions()
