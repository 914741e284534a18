"""The agency's pages: who may open them, what they show and hide, and what they cost."""

import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.agencies import close_agency
from accounts.models import Agency, AuditEntry, Membership
from accounts.principals import SystemActor
from accounts.vault import erase
from leads.models import Decision, Lead
from tests.leads.world import MARIA, NOON, World, make_world
from tests.portal.people import make_operator, make_person, signed_in

pytestmark = pytest.mark.django_db

STAFF = ("owner", "admin", "analyst")
PERSONAL = ("Maria", "Garcia", "+15551234567", "maria@example.com", "192.168.1.1")


@pytest.fixture
def world() -> World:
    world = make_world()
    world.contract(world.buyer())
    return world


def sold_lead(world: World, **changes: Any) -> Lead:
    """A lead that the world's buyer has bought."""
    known = set(Lead.objects.values_list("pk", flat=True))
    world.submit(**changes)
    return Lead.objects.exclude(pk__in=known).get()


def many(world: World, count: int) -> None:
    for n in range(count):
        world.submit(phone=f"+1512555{n:04}", email=f"person{n}@example.com")


def text(client: Client, path: str, expected: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == expected, path
    return answer.content.decode()


# --- who ---------------------------------------------------------------------------------------------------------


def pages(lead: Lead) -> tuple[str, ...]:
    return ("/agency/", "/agency/leads/", f"/agency/leads/{lead.public_id}/")


@pytest.mark.parametrize(
    ("role", "status"), [*((role, 200) for role in STAFF), ("buyer", 403), ("source", 403), ("nobody", 403)]
)
def test_pages_open_to_staff_alone(world: World, role: str, status: int) -> None:
    lead = sold_lead(world)
    client = signed_in(make_person(None if role == "nobody" else world.agency, role))
    assert [client.get(page).status_code for page in pages(lead)] == [status] * 3


@pytest.mark.parametrize(("role", "place"), [("buyer", "/buyer/"), ("source", "/source/")])
def test_people_of_buyers_and_sources_are_told_where_their_own_portal_is(world: World, role: str, place: str) -> None:
    assert place in text(signed_in(make_person(world.agency, role)), "/agency/", 403)


def test_strangers_sign_in_first_and_come_back_to_the_page(world: World) -> None:
    for page in pages(sold_lead(world)):
        assert Client().get(page).headers["Location"] == f"/accounts/login/?next={page}"


def test_a_lead_of_another_agency_is_not_there(world: World) -> None:
    lead = sold_lead(world)
    stranger = signed_in(make_person(make_world().agency))
    assert stranger.get(f"/agency/leads/{lead.public_id}/").status_code == 404
    assert stranger.post(f"/agency/leads/{lead.public_id}/reveal/").status_code == 404
    assert lead.public_id not in text(stranger, "/agency/leads/")
    assert AuditEntry.objects.filter(action="lead.reveal").count() == 0


@pytest.mark.parametrize("named", ["ld_00000000000000000000000000", "camp_1", "ld_short", "%00", "ld_" + "z" * 26])
def test_what_is_no_lead_is_not_there(world: World, named: str) -> None:
    assert signed_in(make_person(world.agency)).get(f"/agency/leads/{named}/").status_code == 404


def test_the_staff_of_a_closed_agency_have_none(world: World) -> None:
    client = signed_in(make_person(world.agency))
    close_agency(world.agency, actor=SystemActor(world.agency.pk, "system:test"))
    assert "You belong to no agency" in text(client, "/agency/", 403)


def test_a_person_of_two_agencies_switches_between_them_and_sees_the_chosen_one_alone(world: World) -> None:
    other = make_world()
    person = make_person(world.agency)
    Membership.objects.create(user=person, agency=other.agency, role="analyst")
    ours, theirs = sold_lead(world), world_lead(other)
    client = signed_in(person)
    for agency, seen, unseen in ((world.agency, ours, theirs), (other.agency, theirs, ours)):
        assert client.post("/agency/switch/", {"agency": str(agency.pk)}).headers["Location"] == "/agency/"
        page = text(client, "/agency/leads/")
        assert seen.public_id in page
        assert unseen.public_id not in page


def world_lead(world: World) -> Lead:
    world.contract(world.buyer())
    return sold_lead(world)


def test_nobody_switches_to_an_agency_that_is_not_theirs(world: World) -> None:
    client = signed_in(make_person(world.agency))
    for agency in (str(make_world().agency.pk), "nonsense", ""):
        assert client.post("/agency/switch/", {"agency": agency}).status_code == 404


def test_an_operator_may_look_at_any_agency(world: World) -> None:
    client, lead = signed_in(make_operator()), sold_lead(world)
    client.post("/agency/switch/", {"agency": str(world.agency.pk)})
    assert lead.public_id in text(client, "/agency/leads/")


def test_an_operator_of_an_empty_house_is_led_to_the_first_agency() -> None:
    assert Agency.objects.count() == 0
    assert "/admin/accounts/agency/add/" in text(signed_in(make_operator()), "/agency/", 403)


# --- contact data ------------------------------------------------------------------------------------------------


def test_contact_data_is_masked_everywhere(world: World) -> None:
    client = signed_in(make_person(world.agency))
    for page in pages(sold_lead(world)):
        shown = text(client, page)
        assert [word for word in PERSONAL if word in shown] == []
    assert "••• 4567" in shown
    assert "m•••@example.com" in shown


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_contact_data_is_revealed_on_record(world: World, role: str) -> None:
    lead, person = sold_lead(world), make_person(world.agency, role)
    answer = signed_in(person).post(f"/agency/leads/{lead.public_id}/reveal/")
    assert [word for word in PERSONAL if word not in answer.content.decode()] == []
    assert answer.headers["Cache-Control"] == "no-store"
    entry = AuditEntry.objects.get(action="lead.reveal")
    assert (entry.actor, entry.object_id) == (f"user:{person.email}", lead.public_id)
    assert (entry.agency_id, entry.address) == (world.agency.pk, "127.0.0.1")


def test_an_analyst_may_not_reveal(world: World) -> None:
    lead, client = sold_lead(world), signed_in(make_person(world.agency, "analyst"))
    assert client.post(f"/agency/leads/{lead.public_id}/reveal/").status_code == 403
    assert "Reveal contact data" not in text(client, f"/agency/leads/{lead.public_id}/")
    assert AuditEntry.objects.filter(action="lead.reveal").count() == 0


def test_a_link_reveals_nothing(world: World) -> None:
    lead = sold_lead(world)
    assert signed_in(make_person(world.agency)).get(f"/agency/leads/{lead.public_id}/reveal/").status_code == 405


def test_an_erased_lead_still_has_its_page(world: World) -> None:
    lead = sold_lead(world)
    erase(lead.pk)
    client = signed_in(make_person(world.agency))
    assert "Erased" in text(client, f"/agency/leads/{lead.public_id}/")
    assert "Erased" in text(client, "/agency/leads/")


# --- the decision ------------------------------------------------------------------------------------------------


def test_the_decision_names_every_contract_with_its_reason_in_words(world: World) -> None:
    world.contract(world.buyer("Florida Law"), filters={"all": [{"field": "state", "op": "in", "value": ["FL", "GA"]}]})
    world.contract(world.buyer("Poor Law", money=1_00), price=50_00)
    world.contract(world.buyer("Late Law"), price=100_00, priority=9)
    world.contract(world.buyer("Paused Law"), status="paused")
    lead = sold_lead(world)
    page = re.sub(r"\s+", " ", text(signed_in(make_person(world.agency)), f"/agency/leads/{lead.public_id}/"))
    for sentence in (
        "The lead does not match the contract&#x27;s filters.",
        "state must be one of FL, GA; it is TX.",
        "The buyer&#x27;s available funds do not cover the price.",
        "$1.00 is available; the price is $50.00.",
        "Other contracts stood before this one.",
        "The contract is paused.",
        "Replayed identically",
        f'<dd class="number">{world.agency.version}</dd>',
    ):
        assert sentence in page
    assert page.index("Best Law") < page.index("Late Law") < page.index("Florida Law")
    assert page.count('class="winner"') == 1


def test_a_decision_that_no_longer_replays_is_shown_as_such(world: World) -> None:
    lead = sold_lead(world)
    other = make_world()
    other.contract(other.buyer("Somebody else"), price=1_00)
    stranger = sold_lead(other)
    version = Decision.objects.get(lead=stranger).config_version_id
    Decision.objects.filter(lead=lead).update(config_version_id=version)
    shown = text(signed_in(make_person(world.agency)), f"/agency/leads/{lead.public_id}/")
    assert "Replay differs" in shown
    assert "Somebody else" not in shown


def test_a_personal_value_in_a_rule_stays_hidden_until_it_is_revealed(world: World) -> None:
    world.contract(world.buyer("Dallas Law"), filters={"all": [{"field": "email", "op": "prefix", "value": "a"}]})
    lead = sold_lead(world)
    client = signed_in(make_person(world.agency))
    assert "email must begin with a; it is hidden." in text(client, f"/agency/leads/{lead.public_id}/")
    revealed = client.post(f"/agency/leads/{lead.public_id}/reveal/").content.decode()
    assert "email must begin with a; it is maria@example.com." in revealed


def test_a_duplicate_leads_to_the_lead_that_came_before(world: World) -> None:
    first, second = sold_lead(world), sold_lead(world)
    shown = text(signed_in(make_person(world.agency)), f"/agency/leads/{second.public_id}/")
    assert f'href="/agency/leads/{first.public_id}/"' in shown


# --- the list ----------------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_what_is_asked(world: World) -> None:
    maria = sold_lead(world, external_id="crm-1")
    john = sold_lead(world, phone="+15125550143", email="john@example.com", campaign_id="auto-accident")
    client = signed_in(make_person(world.agency))
    for query in (
        "contact=(555)+123-4567",
        "contact=MARIA@example.com",
        "external_id=crm-1",
        f"external_id=crm-1&status=accepted&campaign={world.campaign.pk}&source={world.source.pk}&buyer={maria.buyer_id}",
    ):
        shown = text(client, f"/agency/leads/?{query}")
        assert maria.public_id in shown, query
        assert john.public_id not in shown, query
    for query in ("status=unsold", "since=2030-01-01", "until=2020-01-01", "contact=nobody@example.com", "contact=12"):
        assert "No lead matches" in text(client, f"/agency/leads/?{query}"), query


@pytest.mark.parametrize(
    "query", ["status=nonsense", "campaign=nonsense", "since=yesterday", "buyer=00000000-0000-7000-8000-000000000000"]
)
def test_a_filter_that_is_none_is_named_and_ignored(world: World, query: str) -> None:
    lead = sold_lead(world)
    shown = text(signed_in(make_person(world.agency)), f"/agency/leads/?{query}")
    assert 'role="alert"' in shown
    assert lead.public_id in shown


def test_a_day_means_the_agencys_own(world: World) -> None:
    lead = sold_lead(world)  # received on May 12 at 12:30 in New York
    client = signed_in(make_person(world.agency))
    assert lead.public_id in text(client, "/agency/leads/?since=2026-05-12&until=2026-05-12")
    assert lead.public_id not in text(client, "/agency/leads/?since=2026-05-13")


def test_a_leads_id_leads_straight_to_the_lead(world: World) -> None:
    lead = sold_lead(world)
    answer = signed_in(make_person(world.agency)).get(f"/agency/leads/?external_id={lead.public_id}")
    assert answer.headers["Location"] == f"/agency/leads/{lead.public_id}/"


def test_the_list_comes_in_pages_that_keep_the_filters(world: World) -> None:
    many(world, 51)
    client = signed_in(make_person(world.agency))
    first = text(client, "/agency/leads/?source=" + str(world.source.pk))
    older = re.search(r'href="/agency/leads/(\?[^"]+)" rel="next"', first)
    assert older
    assert str(world.source.pk) in older[1]
    rest = text(client, "/agency/leads/" + older[1].replace("&amp;", "&"))
    ids = [set(re.findall(r"/agency/leads/(ld_\w{26})/", page)) for page in (first, rest)]
    assert (len(ids[0]), len(ids[1]), len(ids[0] | ids[1])) == (50, 1, 51)
    assert 'rel="next"' not in rest


def test_a_broken_cursor_is_not_there(world: World) -> None:
    assert signed_in(make_person(world.agency)).get("/agency/leads/?cursor=%2B").status_code == 404


def test_the_books_are_kept_apart(world: World) -> None:
    live = sold_lead(world)
    world.submit(world.test_key())
    test = Lead.objects.get(mode="test")
    client = signed_in(make_person(world.agency))
    assert test.public_id not in text(client, "/agency/leads/")
    shown = text(client, "/agency/leads/?mode=test")
    assert test.public_id in shown
    assert live.public_id not in shown
    crossing = client.get(f"/agency/leads/{test.public_id}/")
    assert crossing.headers["Location"] == f"/agency/leads/{test.public_id}/?mode=test"


def test_an_empty_agency_is_told_how_leads_come(world: World) -> None:
    client = signed_in(make_person(world.agency))
    for page in ("/agency/", "/agency/leads/"):
        assert "No leads yet" in text(client, page)


# --- figures and costs -------------------------------------------------------------------------------------------


def test_the_overview_counts_the_day_and_says_why_leads_were_not_sold(
    world: World,
) -> None:
    sold_lead(world)
    world.submit()
    with time_machine.travel(NOON, tick=False):
        shown = re.sub(r"\s+", " ", text(signed_in(make_person(world.agency)), "/agency/"))
    assert "<dt>Leads today</dt><dd>2<" in shown
    assert "<dt>Sold today</dt><dd>1<" in shown
    assert ">$175.00<" in shown
    assert ">$85.00<" in shown
    assert "Duplicate: 1 of 2" in shown


@pytest.mark.parametrize(("path", "statements"), [("/agency/", 8), ("/agency/leads/", 10)])
@pytest.mark.parametrize("count", [1, 3])
def test_a_list_costs_the_same_however_many_leads_it_shows(
    world: World, django_assert_num_queries: DjangoAssertNumQueries, path: str, statements: int, count: int
) -> None:
    many(world, count)
    client = signed_in(make_person(world.agency))
    with django_assert_num_queries(statements):
        client.get(path)


@pytest.mark.parametrize("contracts", [1, 3])
def test_a_leads_page_costs_the_same_however_many_contracts_were_considered(
    world: World, django_assert_num_queries: DjangoAssertNumQueries, contracts: int
) -> None:
    for n in range(contracts - 1):
        world.contract(world.buyer(f"Buyer {n}"))
    lead, client = sold_lead(world), signed_in(make_person(world.agency))
    with django_assert_num_queries(14):
        client.get(f"/agency/leads/{lead.public_id}/")


def test_marias_name_is_what_the_tests_look_for() -> None:
    assert {MARIA["first_name"], MARIA["last_name"], MARIA["phone"], MARIA["email"], MARIA["ip_address"]} == {*PERSONAL}
