"""What docs/integrate.md shows to be pasted works as it stands."""

import json
import re
import subprocess
from typing import Any

import pytest

from tests.docs.house import Agency
from tests.docs.posting import CLIENTS, is_there
from tests.processes import ROOT

PAGE = (ROOT / "docs" / "integrate.md").read_text()

pytestmark = pytest.mark.timeout(600)


def test_the_curl_line_posts_a_lead(agency: Agency) -> None:
    if not is_there("curl"):
        pytest.skip("needs curl")
    found = re.search(r"^    (curl .*\n(?:      .*\n)+)", PAGE, re.MULTILINE)
    assert found
    line = found[1].replace("https://leads.example.com/v1", agency.api).replace("ldk_live_...", agency.live)
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60)
    answer = json.loads(done.stdout)
    assert (answer["status"], answer["price"]) == ("accepted", 1)


def test_the_ping_and_the_post_that_are_shown_sell_a_lead_on_the_promised_terms(agency: Agency) -> None:
    if not is_there("curl"):
        pytest.skip("needs curl")
    asked = shown_call("ping", agency)
    assert (asked["status"], asked["price"]) == ("bid", 1)
    answer = shown_call("post", agency, asked["ping_id"])
    assert (answer["status"], answer["price"], answer["terms"]) == ("accepted", 1, "promised")


def shown_call(path: str, agency: Agency, ping_id: str = "") -> dict[str, Any]:
    """What the curl line of this path answers."""
    found = re.search(rf"^    (curl [^\n]*/v1/{path} .*\n(?:      .*\n)+)", PAGE, re.MULTILINE)
    assert found
    line = found[1].replace("https://leads.example.com/v1", agency.api).replace("ldk_live_...", agency.live)
    done = subprocess.run(["sh", "-c", line.replace("ping_...", ping_id)], capture_output=True, text=True, timeout=60)
    return dict(json.loads(done.stdout))


def test_every_client_is_shown_and_nothing_else_lies_beside_them() -> None:
    shown = set(re.findall(r"\(clients/([a-z_.]+)\)", PAGE))
    assert shown == {path.name for path in CLIENTS.iterdir() if path.is_file()}


def test_the_names_that_the_page_imports_are_there() -> None:
    python, node = (CLIENTS / name for name in ("post_lead.py", "post_lead.mjs"))
    (named,) = re.findall(r"^from post_lead import (.*)$", PAGE, re.MULTILINE)
    for name in named.split(", "):
        assert re.search(rf"^(class|def) {name}\b", python.read_text(), re.MULTILINE), name
    (named,) = re.findall(r"^import { (.*) } from \"./post_lead.mjs\";$", PAGE, re.MULTILINE)
    for name in named.split(", "):
        assert re.search(rf"^export (async function|class) {name}\b", node.read_text(), re.MULTILINE), name
