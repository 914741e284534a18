"""A real Chromium before the running product: what it complains about, and what axe finds, is a failed test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.portal.people import PASSWORD

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, closed at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """One person's window. `complaints` collects what the console says, failed requests and foreign addresses."""

    def __init__(self, browser: Browser, address: str, **window: Any) -> None:
        self.address = address
        self.complaints: list[str] = []
        self.page: Page = browser.new_context(base_url=address, **window).new_page()
        self.page.on("console", lambda message: self._hear(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._watch(request.url))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def _watch(self, url: str) -> None:
        if not url.startswith((self.address, "data:")):
            self.complaints.append(f"asked a foreign address: {url}")

    def sign_in(self, email: str) -> None:
        """Through the form, as people do."""
        self.page.goto("/accounts/login/")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()

    def violations(self) -> list[str]:
        """What axe finds on the page as it stands. What axe itself does there is not the page's complaint."""
        own = list(self.complaints)
        found = Axe().run(self.page, options={"runOnly": RULES}).response["violations"]
        self.complaints[:] = own
        return [f"{hit['id']}: {node['html'][:160]} {node['failureSummary']}" for hit in found for node in hit["nodes"]]

    def overflows(self) -> bool:
        """Whether the page as a whole scrolls sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
