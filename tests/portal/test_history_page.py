"""The page that takes in an agency's past: tried first, then imported, by those who may."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from scoring.models import Outcome
from tests.leads.world import World, make_world
from tests.portal.people import make_person, signed_in

pytestmark = pytest.mark.django_db
GOOD = "external_id,campaign_id,received_at,accepted,returned\na,auto-accident,2025-11-03,yes,no\n"
BAD = GOOD + "b,auto-accident,never,yes,no\n"


@pytest.fixture
def world() -> World:
    return make_world()


def send(world: World, text: str, act: str = "import", role: str = "owner", query: str = "", **more: Any) -> Any:
    file = SimpleUploadedFile("past.csv", text.encode(), "text/csv")
    client = signed_in(make_person(world.agency, role))
    return client.post(f"/agency/history/{query}", {"file": file, "act": act, **more})


def test_the_page_names_the_columns(world: World) -> None:
    page = signed_in(make_person(world.agency)).get("/agency/history/").content.decode()
    assert "received_at" in page
    assert 'value="import"' in page


def test_a_try_changes_nothing_and_an_import_imports(world: World) -> None:
    assert "1 of 1 row would be imported" in send(world, GOOD, act="try").content.decode()
    assert Outcome.objects.count() == 0
    assert "1 of 1 row imported" in send(world, GOOD).content.decode()
    assert Outcome.objects.count() == 3


def test_bad_rows_are_listed_and_nothing_is_imported_unless_they_may_be_left_out(world: World) -> None:
    page = send(world, BAD).content.decode()
    assert "Nothing was imported: 1 of 2 rows need correction." in page
    assert '<td class="code">received_at</td>' in page
    assert Outcome.objects.count() == 0
    send(world, BAD, skip_invalid="on")
    assert Outcome.objects.count() == 3


def test_analysts_look_and_the_test_book_only_tries(world: World) -> None:
    assert send(world, GOOD, role="analyst").status_code == 403
    assert "would be imported" in send(world, GOOD, query="?mode=test").content.decode()
    assert Outcome.objects.count() == 0


def test_what_is_no_table_is_refused(world: World) -> None:
    assert "no header" in send(world, "\n").content.decode()
