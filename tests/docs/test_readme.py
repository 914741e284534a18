"""README's walk-through, run line by line as a reader pastes it, and what it promises of each answer."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.docs.house import House
from tests.processes import ROOT

README = (ROOT / "README.md").read_text()
END = "---- end of a command ----"

pytestmark = pytest.mark.timeout(600)


def commands(title: str) -> list[str]:
    """The commands of a section's shell blocks: each begins at the margin, its further lines are indented."""
    section = README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\S.*(?:\n[ \t].*)*", "".join(blocks), re.MULTILINE)


def paste(lines: list[str], house: House) -> Mapping[str, list[str]]:
    """What each command printed, in the order in which it was given; all in one shell. Each must succeed."""
    script = "\n".join(f"{line}\nprintf '\\n%s %s\\n' '{END}' $?" for line in lines)
    script = script.replace(".venv/bin/python", sys.executable).replace("http://localhost:8000", house.url)
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=house.environment, capture_output=True, text=True, timeout=500
    )
    printed = re.split(rf"\n{END} (\d+)\n", done.stdout)
    assert printed[1::2] == ["0"] * len(lines), done.stdout + done.stderr
    found: dict[str, list[str]] = {}
    for line, output in zip(lines, printed[::2], strict=False):
        found.setdefault(line.partition(" -d ")[0], []).append(output)
    return found


@pytest.fixture(scope="module")
def told(house: House) -> Mapping[str, list[Any]]:
    """The answers of the walk-through, by the command up to its body."""
    lines = commands("The API in five minutes")
    return {line: [json.loads(text) for text in texts if text] for line, texts in paste(lines, house).items()}


def test_the_keys_are_shown(told: Mapping[str, list[Any]]) -> None:
    ((made,),) = [told['echo "$MADE"']]
    assert made["keys"]["live"].startswith("ldk_live_")
    assert made["keys"]["test"].startswith("ldk_test_")


def test_a_market_is_set_up(told: Mapping[str, list[Any]]) -> None:
    assert told["api $V1/campaigns"][0]["slug"] == "auto"
    assert told["api $V1/buyers/$BUYER/wallet/deposits"][0]["balance"] == 500
    assert told["api $V1/contracts"][0]["price"] == 175


def test_a_lead_is_sold_replayed_and_a_duplicate_under_another_key(told: Mapping[str, list[Any]]) -> None:
    first, again = told["api $V1/leads -H 'Idempotency-Key: form-1'"]
    assert (first["status"], first["price"], first["routing_decision"]) == ("accepted", 175, "waterfall_winner")
    assert again == first
    (other,) = told["api $V1/leads -H 'Idempotency-Key: form-2'"]
    assert (other["status"], other["duplicate_of"]) == ("duplicate", first["lead_id"])


def test_the_lead_from_ohio_says_why_nobody_bought_it(told: Mapping[str, list[Any]]) -> None:
    (decision,) = told["api $V1/leads/$OHIO/decision"]
    ((verdict,),) = [made["contracts"] for made in decision["decisions"]]
    assert decision["status"] == "unsold"
    assert (verdict["won"], verdict["reason"]) == (False, "filter_mismatch")
    assert verdict["inputs"]["found"] == "OH"
    assert decision["decisions"][0]["replayed"] is True


def test_one_sale_was_charged_and_one_lead_is_listed(told: Mapping[str, list[Any]]) -> None:
    assert told["api $V1/buyers/$BUYER/wallet"][0]["available"] == 325
    assert [lead["status"] for lead in told['api "$V1/leads?status=accepted"'][0]["data"]] == ["accepted"]


def test_the_test_key_sells_to_a_mock(told: Mapping[str, list[Any]]) -> None:
    (sold,) = told["api $V1/leads"]
    assert (sold["status"], sold["test"]) == ("accepted", True)


def test_every_page_that_readme_and_docs_point_to_is_there() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())]
    assert links
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []
