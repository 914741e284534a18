"""The key that people are found by is the one that their hashes were made with, or nothing starts."""

from collections.abc import Iterator

import pytest
from django.core.management import CommandError
from django.db import connection
from pytest_django import Settings

from accounts.models import SearchKeyMark
from accounts.search_key import OtherSearchKey, check_search_key
from core import sealing
from leaddistro.management.commands.serve import refuse_other_search_key

pytestmark = pytest.mark.django_db
OLD, NEW = "2026:" + "A" * 43 + "=", "2027:" + "B" * 43 + "="


@pytest.fixture(autouse=True)
def fresh_keys() -> Iterator[None]:
    forget_keys()
    yield
    forget_keys()


def forget_keys() -> None:
    sealing.root.cache_clear()
    sealing._index_key.cache_clear()


def with_keys(settings: Settings, *keys: str) -> None:
    settings.SEALING_KEYS = list(keys)
    forget_keys()


def test_a_new_key_in_front_changes_nothing(settings: Settings) -> None:
    with_keys(settings, OLD)
    check_search_key()
    with_keys(settings, NEW, OLD)
    check_search_key()
    assert SearchKeyMark.objects.count() == 1


@pytest.mark.parametrize("keys", [(NEW,), (OLD, NEW)])
def test_without_the_old_key_at_the_end_nothing_starts(settings: Settings, keys: tuple[str, ...]) -> None:
    with_keys(settings, OLD)
    check_search_key()
    with_keys(settings, *keys)
    with pytest.raises(OtherSearchKey):
        check_search_key()
    with pytest.raises(CommandError, match="put that one last again"):
        refuse_other_search_key()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_not_ready_is_compared_with_later() -> None:
    with connection.schema_editor() as editor:
        editor.delete_model(SearchKeyMark)
    try:
        check_search_key()
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(SearchKeyMark)
