"""How many outcomes each stage of a score wants. Alone, so that web processes need no numpy to say it. Pure."""

from collections.abc import Mapping
from typing import Final

FEWEST_OF_EACH: Final = 20
"""Outcomes of each kind before two numbers can be fitted; with fewer the scorecard stays as it is."""
FEWEST_FOR: Final[Mapping[str, int]] = {"calibrated": FEWEST_OF_EACH, "additive": 100, "learned": 300}
"""Outcomes of the rarer kind that each stage wants, the lowest stage first."""
FEWEST_LEADS_FOR: Final[Mapping[str, int]] = {"additive": 300}
"""Outcomes of both kinds together, where a stage wants more than twice the rarer kind."""


def stage_reached(positives: int, negatives: int) -> str:
    """The highest stage that so many outcomes allow; `rules` where nothing can be learned yet."""
    rarer, leads = min(positives, negatives), positives + negatives
    allowed = [
        stage for stage, fewest in FEWEST_FOR.items() if rarer >= fewest and leads >= FEWEST_LEADS_FOR.get(stage, 0)
    ]
    return allowed[-1] if allowed else "rules"
