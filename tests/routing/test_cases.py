"""One file per story: a market goes in, a decision comes out. They are also routing's best documentation."""

from pathlib import Path
from typing import Any

import pytest

from core.json import canonical, loads
from routing.engine import replay

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_a_story_ends_as_it_is_told(path: Path) -> None:
    story: dict[str, Any] = loads(path.read_bytes())

    decision = replay(story["terms"], story["market"])

    assert loads(canonical(decision.to_record())) == story["decision"]


def test_there_are_stories() -> None:
    assert len(CASES) >= 8
