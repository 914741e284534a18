"""How many outcomes each stage of a score wants. Alone, so that web processes need no numpy to say it. Pure."""

from typing import Final

FEWEST_OF_EACH: Final = 20
"""Outcomes of each kind before two numbers can be fitted; with fewer the scorecard stays as it is."""
FEWEST_FOR_STUMPS: Final = 100
"""Outcomes of the rarer kind before points are learned."""
FEWEST_LEADS_FOR_STUMPS: Final = 300
FEWEST_FOR_TREES: Final = 300
"""Outcomes of the rarer kind before trees are."""
