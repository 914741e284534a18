"""The pages in a real browser: they work, say nothing to the console under the strict CSP, and axe finds nothing."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from leads.models import Lead
from tests.leads.world import World, make_world
from tests.portal.browser import CHROMIUM, Visitor, chromium
from tests.portal.people import make_operator, make_person
from tests.portal.test_refused_pages import refused as a_refusal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]

WINDOWS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "telephone": {"viewport": {"width": 390, "height": 844}},
}


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread, which Django mistakes for async code: it gives the test a database
    # connection of its own, which nobody else sees and which is closed here or never.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with chromium() as opened:
        yield opened
        connections.close_all()


@pytest.fixture
def world() -> World:
    """One lead sold among contracts that lost for different reasons, one unsold, one duplicate."""
    world = make_world()
    world.contract(world.buyer(), filters={"all": [{"field": "state", "op": "in", "value": ["TX", "OK"]}]})
    world.contract(world.buyer("Florida Law"), filters={"all": [{"field": "state", "op": "in", "value": ["FL", "GA"]}]})
    world.contract(
        world.buyer("Poor Law", money=1_00),
        price=50_00,
        filters={"all": [{"field": "state", "op": "eq", "value": "TX"}]},
    )
    world.submit()
    world.submit()
    world.submit(phone="+15125550143", email="john@example.com", state="NY")
    return world


def test_a_person_signs_in_finds_a_lead_reveals_it_and_signs_out(
    browser: Browser, live_server: LiveServer, world: World
) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.sign_in(make_person(world.agency).email)
    page = visitor.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.get_by_role("navigation").get_by_role("link", name="Leads").click()
    page.get_by_label("Phone or e-mail").fill("(555) 123-4567")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_label("Status").select_option("accepted")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "status=accepted" in page.url
    page.locator("tbody a").first.click()
    expect(page.get_by_text("Replayed identically")).to_be_visible()
    expect(page.get_by_text("maria@example.com")).to_have_count(0)
    page.get_by_role("button", name="Reveal contact data").click()
    expect(page.get_by_text("maria@example.com")).to_be_visible()
    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert visitor.complaints == []


@pytest.mark.parametrize("window", WINDOWS)
def test_every_page_is_accessible_quiet_and_fits_its_window(
    browser: Browser, live_server: LiveServer, world: World, window: str
) -> None:
    visitor = Visitor(browser, live_server.url, **WINDOWS[window])
    lead = Lead.objects.get(status="accepted")
    duplicate = Lead.objects.get(status="duplicate")
    refused = a_refusal(world)
    found: dict[str, object] = {}
    visitor.page.goto("/accounts/login/")
    _look(visitor, found)
    visitor.sign_in(make_person(world.agency).email)
    for path in (
        *("/agency/", "/agency/leads/", "/agency/leads/?status=rejected", "/agency/leads/?status=nonsense"),
        *("/agency/refused/", f"/agency/refused/{refused.public_id}/", "/agency/refused/?code=none"),
        "/agency/endpoints/",
        *(f"/agency/leads/{lead.public_id}/", f"/agency/leads/{duplicate.public_id}/", "/agency/?mode=test"),
        *("/agency/history/", "/agency/scoring/", f"/agency/scoring/{world.campaign.lead_type.public_id}/"),
        *("/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/password/change/", "/docs/errors"),
        *("/agency/mapping/", "/agency/mapping/?begin=boberdoo"),
    ):
        visitor.page.goto(path)
        _look(visitor, found)
    assert not found, "\n".join(f"{path}: {what}" for path, what in found.items())
    assert visitor.complaints == []


@pytest.mark.parametrize("window", WINDOWS)
def test_a_mapping_is_tried_on_a_pasted_answer(
    browser: Browser, live_server: LiveServer, world: World, window: str
) -> None:
    visitor = Visitor(browser, live_server.url, **WINDOWS[window])
    visitor.sign_in(make_person(world.agency).email)
    page = visitor.page
    page.get_by_role("navigation").get_by_role("link", name="Mapping").click()
    page.get_by_label("Begin from").select_option("boberdoo")
    page.wait_for_url("**/?begin=boberdoo")
    page.get_by_label("The buyer's answer").fill('{"response": {"status": "Matched", "price": "31.50"}}')
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("$31.50")).to_be_visible()
    found: dict[str, object] = {}
    _look(visitor, found)
    page.get_by_label("Stage").select_option("loss")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("the method has only: ping, post")).to_be_visible()
    _look(visitor, found)
    assert (found, visitor.complaints) == ({}, [])


@pytest.mark.parametrize("window", WINDOWS)
def test_what_the_demos_buyers_received_is_accessible_quiet_and_fits_its_window(
    browser: Browser, live_server: LiveServer, client: Client, window: str
) -> None:
    client.post(
        "/demo/receiver/lone-star", {"event": "lead.delivered", "lead_id": f"ld_{'0' * 26}"}, "application/json"
    )
    visitor = Visitor(browser, live_server.url, **WINDOWS[window])
    visitor.page.goto("/demo/receiver/")
    expect(visitor.page.get_by_text("lead.delivered", exact=True).first).to_be_attached()
    found: dict[str, object] = {}
    _look(visitor, found)
    assert (found, visitor.complaints) == ({}, [])


def _look(visitor: Visitor, found: dict[str, object]) -> None:
    assert visitor.page.get_by_role("heading", level=1).count() == 1, visitor.page.url
    if violations := visitor.violations():
        found[visitor.page.url] = violations
    if visitor.overflows():
        found[f"{visitor.page.url} overflows"] = True


@pytest.mark.parametrize("window", ["light", "dark"])
def test_the_operators_admin_is_quiet_and_accessible(
    browser: Browser, live_server: LiveServer, world: World, window: str
) -> None:
    visitor = Visitor(browser, live_server.url, **WINDOWS[window])
    visitor.sign_in(make_operator().email)
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Overview")
    found: dict[str, object] = {}
    for path in ("/admin/", "/admin/leads/lead/", "/admin/accounts/agency/", "/admin/accounts/agency/add/"):
        visitor.page.goto(path)
        if violations := visitor.violations():
            found[path] = violations
    assert not found, "\n".join(f"{path}: {what}" for path, what in found.items())
    assert visitor.complaints == []


def test_a_menu_closes_by_the_keyboard_and_the_skip_link_moves_on(
    browser: Browser, live_server: LiveServer, world: World
) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.sign_in(make_person(world.agency).email)
    page = visitor.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.get_by_label("Your account").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_the_api_page_runs_without_a_word_from_the_console_but_of_the_document(
    browser: Browser, live_server: LiveServer
) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.page.goto("/docs/")
    expect(visitor.page.locator("#swagger-ui .swagger-ui").first).to_be_attached()
    assert [said for said in visitor.complaints if "Content Security Policy" in said] == []
