"""A campaign that ranks by expected value may ask for a margin: what is not expected to leave it is not sold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine import decide
from routing.expectation import CERTAIN, Odds
from routing.pricing import payout_of
from routing.types import Market, SourceTerms
from tests.routing.auctions import auction, bid, pinged
from tests.routing.laws import replays_bit_for_bit
from tests.routing.markets import SOURCE, codes, contract, contract_id, market, verdict, winners

FIXED = SourceTerms(id=SOURCE, payout_kind="fixed", payout_value=3000)
HALF = SourceTerms(id=SOURCE, payout_kind="percent", payout_value=5000)
LIKELY, UNLIKELY = Odds(800_000, 250_000, "model"), Odds(500_000, 0, "model")


def by_value(*contracts: Any, odds: dict[int, Odds], **changes: Any) -> Market:
    state = {"odds": {contract_id(number): one for number, one in odds.items()}}
    return market(*contracts, rank_by="expected_value", source=FIXED, state=state, **changes)


def test_an_offer_that_leaves_less_than_the_margin_is_none_and_says_why() -> None:
    both = contract(1, price=17500), contract(2, price=9000)
    decision = decide(by_value(*both, odds={1: LIKELY, 2: UNLIKELY}, min_margin=1501))
    assert codes(decision) == {1: "won", 2: "below_margin"}
    assert verdict(decision, 2).inputs == {"expected_value": 4500, "payout": 3000, "min_margin": 1501}
    assert codes(decide(by_value(*both, odds={1: LIKELY, 2: UNLIKELY}, min_margin=1500))) == {1: "won", 2: "outranked"}


def test_where_nobody_leaves_the_margin_the_lead_is_not_sold() -> None:
    decision = decide(by_value(contract(1, price=17500), odds={1: LIKELY}, min_margin=7501))
    assert (decision.outcome, decision.codes()) == ("unsold", ["below_margin"])
    assert decide(by_value(contract(1, price=17500), odds={1: LIKELY}, min_margin=7500)).outcome == "sold"


def test_without_a_margin_or_another_order_everything_is_sold() -> None:
    dear = contract(1, price=2000)
    assert winners(decide(by_value(dear, odds={1: UNLIKELY}))) == [1]
    assert winners(decide(market(dear, source=FIXED, min_margin=100))) == [1]


def test_of_whom_nothing_is_known_the_whole_price_counts() -> None:
    assert winners(decide(by_value(contract(1, price=3100), odds={}, min_margin=100))) == [1]
    assert codes(decide(by_value(contract(1, price=3099), odds={}, min_margin=100))) == {1: "below_margin"}


def test_those_who_share_leave_the_margin_together() -> None:
    sharing = [contract(number, price=4000, shared_price=2000, sells="shared") for number in (1, 2)]
    assert winners(decide(by_value(*sharing, odds={}, max_sales=2, min_margin=1000))) == [1, 2]
    assert set(decide(by_value(*sharing, odds={}, max_sales=2, min_margin=1001)).codes()) == {"below_margin"}


@pytest.mark.parametrize(("margin", "paid"), [(0, 2001), (100, 2001), (1500, 3000), (2000, 4000)])
def test_a_second_price_leaves_the_margin_too(margin: int, paid: int) -> None:
    asked = auction(
        *(pinged(1), pinged(2)),
        answers=(bid(1, 4000), bid(2, 2000)),
        source=HALF,
        rank_by="expected_value",
        auction_price="second",
        min_margin=margin,
    )
    assert [winner.price for winner in decide(asked).winners] == [paid]


@given(
    st.lists(st.tuples(st.integers(1, 9000), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=5),
    st.integers(0, 4000),
    st.sampled_from(("first", "second")),
    st.sampled_from((FIXED, HALF)),
    st.integers(1, 3),
    st.data(),
)
def test_whatever_is_sold_leaves_the_margin_and_is_replayed(
    offered: list[tuple[int, int, int]],
    margin: int,
    price: str,
    source: SourceTerms,
    most: int,
    data: st.DataObject,
) -> None:
    ways = [data.draw(st.sampled_from(("exclusive", "shared", "both"))) for _ in offered]
    odds = {contract_id(n): Odds(a, r, "model") for n, (_, a, r) in enumerate(offered, 1)}
    asked = auction(
        *(pinged(number, sells=way) for number, way in enumerate(ways, 1)),
        answers=tuple(bid(number, value) for number, (value, _, _) in enumerate(offered, 1)),
        source=source,
        rank_by="expected_value",
        auction_price=price,
        max_sales=most,
        min_margin=margin,
        state={"odds": odds},
    )
    won = decide(asked).winners
    value = sum(odds.get(winner.contract_id, CERTAIN).value(winner.price) for winner in won)
    cost = sum(payout_of(source, winner.price, first=place == 0) for place, winner in enumerate(won))
    assert not won or value - cost >= margin
    assert replays_bit_for_bit(asked)
