"""The test databases themselves: a session that a test forgot does not keep its database from being dropped."""

import psycopg
import pytest
from django.db import connection

from tests.databases import end_other_sessions


@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no sessions")
def test_a_forgotten_session_is_ended() -> None:
    forgotten = psycopg.connect(**connection.get_connection_params())
    assert end_other_sessions() == 1
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
