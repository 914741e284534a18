"""What an offer is expected to bring, by what its buyer is expected to do.

    EV = price x P(accept) - P(accept) x P(return | accepted) x refund

A return gives back the whole price, so an offer is worth a fixed share of its price:
EV = price x P(accept) x (1 - P(return | accepted)).

Chances come from outside (a model of the lead, the record of the buyer) as whole millionths: they stand in a market's
record as they were used, so a replay reckons with the same numbers whatever is known by then.
"""

from typing import Any, NamedTuple

MILLION = 1_000_000


class Odds(NamedTuple):
    """What a contract's buyer is expected to do with the lead, in millionths, and what that was told by (`basis`)."""

    accept: int
    returned: int
    basis: str = ""

    @property
    def kept(self) -> int:
        """The share of the price that is expected to stay, in millionths of millionths."""
        return self.accept * (MILLION - self.returned)

    def value(self, price: int) -> int:
        """What an offer at this price is expected to bring, rounded down to minor units."""
        return price * self.kept // MILLION**2

    def told(self) -> dict[str, Any]:
        """As verdicts tell it: probabilities, and their basis."""
        return {"accept": self.accept / MILLION, "return": self.returned / MILLION, "basis": self.basis}


CERTAIN = Odds(MILLION, 0)
"""Of whom nothing is known: the price counts whole."""


def odds_of(accept: float, returned: float, basis: str) -> Odds:
    """Odds by probabilities between 0 and 1."""
    return Odds(round(accept * MILLION), round(returned * MILLION), basis)
