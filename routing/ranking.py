"""In which order eligible contracts stand before a lead. Every order is total: the last word is the contract's id.

**Waterfall.** Lowest priority number first, then the higher price.

**By expected value** (`rank_by_value`) a waterfall runs from the offer that is expected to bring most; equal ones stand
as they would otherwise.

**Round robin.** The contract whose last ticket is the oldest stands first; a winner gets a ticket newer than all.
Take two contracts that are always eligible together. After one of them wins, its ticket is the newer of the two, so it
stands behind the other until that one has won: their wins alternate, and their counts never differ by more than one.
A contract that was away keeps its old ticket and is served once on its return, then takes its turn: nothing is made up.

**Weighted** is stride scheduling. Each contract has a pass; the smallest pass stands first; a winner's pass grows by
its stride, STRIDE / weight. Take contracts that are always eligible together: the one that moves was the smallest and
moves by one stride, so all passes stay within the greatest stride of one another. A pass is its contract's count of
leads times its stride, so the counts per weight of any two differ by at most one stride, after any number of leads:
shares are exact in the long run and as smooth as they can be. A contract that was away would come back with a small
pass and take every lead until it had caught up; so a pass further than the greatest stride behind the furthest is
lifted to that distance, which by the argument above never touches contracts that were there all along. A lead that
every eligible contract won (above all: the only one) took nobody's share and is charged to nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from routing.expectation import CERTAIN, Odds
from routing.terms import ContractTerms
from routing.types import Turn

STRIDE = 26_771_144_400  # divisible by 1 to 25, 50 and 100: the strides of usual weights are whole numbers
UNSERVED = Turn()


class Offer(NamedTuple):
    """A contract, its position among the market's, the price it was judged at, and whether it takes the lead alone."""

    position: int
    contract: ContractTerms
    price: int
    exclusive: bool


class Place(NamedTuple):
    """Where an offer stands: its sort key, and what the key was made of, as plain JSON."""

    key: tuple[int, ...]
    inputs: dict[str, Any]


Ranked = list[tuple[Offer, Place]]


def rank(method: str, offers: Sequence[Offer], rotation: Mapping[UUID, Turn]) -> Ranked:
    """The offers in a campaign's order. They come in the order of their ids, and equals stay in it."""
    places = zip(offers, METHODS[method](offers, rotation), strict=True)
    return sorted(places, key=lambda placed: placed[1].key)


def rank_by_value(offers: Sequence[Offer], odds: Mapping[UUID, Odds]) -> Ranked:
    """The offers from the one that is expected to bring most; a buyer without odds counts with its whole price."""
    ranked = []
    for offer in offers:
        expected = odds.get(offer.contract.id, CERTAIN)
        value = expected.value(offer.price)
        inputs = {"expected_value": value, "price": offer.price, **expected.told()}
        ranked.append((offer, Place((-value, offer.contract.priority, -offer.price), inputs)))
    return sorted(ranked, key=lambda placed: placed[1].key)


def _waterfall(offers: Sequence[Offer], _rotation: Mapping[UUID, Turn]) -> Iterable[Place]:
    for _, contract, price, _ in offers:
        yield Place((contract.priority, -price), {"priority": contract.priority, "price": price})


def _round_robin(offers: Sequence[Offer], rotation: Mapping[UUID, Turn]) -> Iterable[Place]:
    for offer in offers:
        ticket = rotation.get(offer.contract.id, UNSERVED).ticket
        yield Place((ticket,), {"ticket": ticket})


def _weighted(offers: Sequence[Offer], rotation: Mapping[UUID, Turn]) -> Iterable[Place]:
    passes = [rotation.get(offer.contract.id, UNSERVED).pass_value for offer in offers]
    least = max(passes, default=0) - max((stride_of(offer.contract) for offer in offers), default=0)
    for value in passes:
        lifted = max(value, least)
        yield Place((lifted,), {"pass": lifted})


METHODS = {"waterfall": _waterfall, "round_robin": _round_robin, "weighted": _weighted}


def stride_of(contract: ContractTerms) -> int:
    """How far one lead moves the contract's pass."""
    return STRIDE // max(contract.weight, 1)


def next_ticket(rotation: Mapping[UUID, Turn]) -> int:
    """A ticket newer than every one given out."""
    return max((turn.ticket for turn in rotation.values()), default=0) + 1
