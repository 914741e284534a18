"""The agency's pages of refused submissions: who sees which, what stays sealed, and that looking is on record."""

import pytest
from django.test import Client

from accounts.models import AuditEntry
from leads.models import Submission
from tests.leads.test_api import key, post
from tests.leads.world import World, make_world
from tests.portal.people import make_person, signed_in

pytestmark = pytest.mark.django_db
SENT = {"campaign_id": "auto-accident", "phone": "12", "first_name": "Maria", "email": "maria@example.com"}


@pytest.fixture
def world() -> World:
    return make_world()


def refused(world: World, **changes: str) -> Submission:
    """The refusal of a submission in the name of the world's source."""
    known = list(Submission.objects.values_list("pk", flat=True))
    post(key(world, source_id=world.source.pk), SENT | changes)
    return Submission.objects.exclude(pk__in=known).get()


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_the_list_says_what_needs_correction_and_whose_it_is(world: World) -> None:
    row = refused(world)
    page = text(signed_in(make_person(world.agency)), "/agency/refused/")
    assert f"/agency/refused/{row.public_id}/" in page
    assert '<span class="code">phone</span>' in page
    assert "Google Ads" in page
    assert "Maria" not in page


def test_the_list_is_narrowed_by_code_source_and_request(world: World) -> None:
    row, other = refused(world), refused(world, campaign_id="nowhere")
    staff = signed_in(make_person(world.agency))
    for query in ("code=invalid", f"request_id={row.request_id}"):
        page = text(staff, f"/agency/refused/?{query}")
        assert row.public_id in page, query
        assert other.public_id not in page, query
    assert "2 submissions" in text(staff, f"/agency/refused/?source_id={world.source.pk}")
    assert "Nothing was refused" in text(staff, "/agency/refused/?mode=test")


def test_what_was_sent_is_shown_on_demand_and_that_is_on_record(world: World) -> None:
    row = refused(world)
    person = make_person(world.agency)
    staff = signed_in(person)
    closed = text(staff, f"/agency/refused/{row.public_id}/")
    assert row.answer["errors"][0]["detail"] in closed
    assert "maria@example.com" not in closed
    opened = staff.post(f"/agency/refused/{row.public_id}/reveal/").content.decode()
    assert "maria@example.com" in opened
    entry = AuditEntry.objects.get(action="submission.reveal")
    assert (entry.actor, entry.object_id) == (f"user:{person.email}", row.public_id)


def test_an_analyst_may_not_reveal_it(world: World) -> None:
    row = refused(world)
    analyst = signed_in(make_person(world.agency, "analyst"))
    assert "Reveal what was sent" not in text(analyst, f"/agency/refused/{row.public_id}/")
    assert analyst.post(f"/agency/refused/{row.public_id}/reveal/").status_code == 403
    assert not AuditEntry.objects.filter(action="submission.reveal").exists()


def test_strangers_and_bad_ids_find_nothing(world: World) -> None:
    row = refused(world)
    stranger = signed_in(make_person(make_world().agency))
    assert stranger.get(f"/agency/refused/{row.public_id}/").status_code == 404
    assert stranger.post(f"/agency/refused/{row.public_id}/reveal/").status_code == 404
    assert row.public_id not in text(stranger, "/agency/refused/")
    assert stranger.get("/agency/refused/nothing/").status_code == 404
    assert stranger.get("/agency/refused/?cursor=x").status_code == 404
