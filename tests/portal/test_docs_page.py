"""The interactive page of the API in a real browser: it reads the description with our own files and is quiet."""

import json
import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests.portal.browser import CHROMIUM, Visitor, chromium

OPERATIONS = sum(
    len(verbs) for verbs in json.loads((settings.BASE_DIR / "docs" / "openapi.json").read_text())["paths"].values()
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread, which Django mistakes for async code.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with chromium() as opened:
        yield opened


def test_it_shows_every_operation_and_the_sample_lead(browser: Browser, live_server: LiveServer) -> None:
    visitor = Visitor(browser, live_server.url)
    visitor.page.goto("/docs/")
    lead = visitor.page.locator("#operations-Leads-post_leads")
    lead.get_by_role("button").first.click()
    expect(lead.get_by_text("leads:write")).to_be_visible()
    expect(lead.get_by_text('"maria@example.com"').first).to_be_visible()
    expect(visitor.page.locator(".opblock")).to_have_count(OPERATIONS)
    assert visitor.complaints == []
