"""A campaign that ranks by expected value may ask for a margin: what is not expected to leave it is not sold."""

from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine import decide
from routing.expectation import Odds
from routing.pricing import payout_of
from routing.types import Decision, Market, SourceTerms
from tests.routing.auctions import auction, bid, pinged
from tests.routing.laws import replays_bit_for_bit
from tests.routing.markets import SOURCE, codes, contract, contract_id, market, verdict, winners

FIXED = SourceTerms(id=SOURCE, payout_kind="fixed", payout_value=3000)
SIXTY = SourceTerms(id=SOURCE, payout_kind="percent", payout_value=6000)
CHANCES = st.just(0) | st.integers(0, 10**6)
HALF = SourceTerms(id=SOURCE, payout_kind="percent", payout_value=5000)
LIKELY, UNLIKELY = Odds(800_000, 250_000, "model"), Odds(500_000, 0, "model")


def by_value(*contracts: Any, odds: dict[int, Odds], **changes: Any) -> Market:
    state = {"odds": {contract_id(number): one for number, one in odds.items()}}
    return market(*contracts, rank_by="expected_value", source=FIXED, state=state, **changes)


def test_an_offer_that_leaves_less_than_the_margin_is_none_and_says_why() -> None:
    both = contract(1, price=17500), contract(2, price=9000)
    decision = decide(by_value(*both, odds={1: LIKELY, 2: UNLIKELY}, min_margin=3001))
    assert codes(decision) == {1: "won", 2: "below_margin"}
    assert verdict(decision, 2).inputs == {"expected_value": 4500, "expected_payout": 1500, "min_margin": 3001}
    assert codes(decide(by_value(*both, odds={1: LIKELY, 2: UNLIKELY}, min_margin=3000))) == {1: "won", 2: "outranked"}


def test_where_nobody_leaves_the_margin_the_lead_is_not_sold() -> None:
    decision = decide(by_value(contract(1, price=17500), odds={1: LIKELY}, min_margin=8101))
    assert (decision.outcome, decision.codes()) == ("unsold", ["below_margin"])
    assert decide(by_value(contract(1, price=17500), odds={1: LIKELY}, min_margin=8100)).outcome == "sold"


@pytest.mark.parametrize(
    ("source", "cost"),
    [(SIXTY, 3000), (replace(SIXTY, payout_kind="fixed", payout_value=6000), 3000)],
    ids=["a share", "a fixed sum"],
)
def test_a_source_earns_nothing_by_a_lead_that_its_buyer_refuses(source: SourceTerms, cost: int) -> None:
    asked = by_value(contract(1, price=10000), odds={1: UNLIKELY}, min_margin=2000)
    assert decide(replace(asked, source=source)).outcome == "sold"
    asked = by_value(contract(1, price=10000), odds={1: UNLIKELY}, min_margin=2001)
    inputs = verdict(decide(replace(asked, source=source)), 1).inputs
    assert inputs == {"expected_value": 5000, "expected_payout": cost, "min_margin": 2001}


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


def test_a_fixed_sum_is_earned_where_any_of_those_who_share_accepts() -> None:
    sharing = [contract(number, price=4000, shared_price=4000, sells="shared") for number in (1, 2)]
    odds = {1: UNLIKELY, 2: UNLIKELY}
    assert winners(decide(by_value(*sharing, odds=odds, max_sales=2, min_margin=1750))) == [1, 2]
    refused = decide(by_value(*sharing, odds=odds, max_sales=2, min_margin=1751))
    assert verdict(refused, 1).inputs == {"expected_value": 4000, "expected_payout": 2250, "min_margin": 1751}


def offered_by_two(method: str, *prices: int, **wanted: Any) -> Decision:
    """Two who would share the lead at these prices: their contracts', or what they bid for it."""
    if method == "waterfall":
        sharing = [contract(n, price=price, sells="shared") for n, price in enumerate(prices, 1)]
        return decide(market(*sharing, rank_by="expected_value", max_sales=2, **wanted))
    bidding = [pinged(n, sells="shared") for n, _ in enumerate(prices, 1)]
    answers = tuple(bid(n, price) for n, price in enumerate(prices, 1))
    return decide(auction(*bidding, answers=answers, rank_by="expected_value", max_sales=2, **wanted))


@pytest.mark.parametrize("method", ["waterfall", "ping_post"])
def test_who_would_take_from_those_who_share_the_lead_is_left_out(method: str) -> None:
    good, poor = Odds(900_000, 0, "model"), Odds(900_000, 700_000, "model")
    state = {"odds": {contract_id(1): good, contract_id(2): poor}}
    decision = offered_by_two(method, 10000, 9000, source=HALF, min_margin=3000, state=state)
    assert codes(decision) == {1: "won", 2: "below_margin"}
    told = verdict(decision, 2).inputs
    assert (told["expected_value"], told["expected_payout"], told["min_margin"]) == (2430, 4050, 0)


@pytest.mark.parametrize("method", ["waterfall", "ping_post"])
def test_who_makes_a_fixed_sum_likelier_than_it_pays_is_left_out(method: str) -> None:
    source = replace(FIXED, payout_value=5000)
    state = {"odds": {contract_id(1): Odds(200_000, 0, "model"), contract_id(2): Odds(1_000_000, 0, "model")}}
    decision = offered_by_two(method, 40000, 1000, source=source, min_margin=5000, state=state)
    assert codes(decision) == {1: "won", 2: "below_margin"}


def test_a_second_price_is_raised_where_rounding_would_cost_the_margin() -> None:
    odds = {contract_id(number): Odds(550_000, 0, "model") for number in (1, 2)}
    for first in range(2, 40):
        for second in range(1, first):
            asked = auction(
                *(pinged(1), pinged(2)),
                answers=(bid(1, first), bid(2, second)),
                source=HALF,
                rank_by="expected_value",
                auction_price="second",
                min_margin=1,
                state={"odds": odds},
            )
            for winner in decide(asked).winners:
                earned = -(-550_000 * payout_of(HALF, winner.price, first=True) // 1_000_000)
                assert odds[contract_id(1)].value(winner.price) - earned >= 1


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
    st.lists(st.tuples(st.integers(1, 9000) | st.integers(1, 60), st.integers(0, 10**6), CHANCES), max_size=5),
    st.integers(0, 4000) | st.integers(0, 20),
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
    value = sum(odds[winner.contract_id].value(winner.price) for winner in won)
    chances = [Fraction(odds[winner.contract_id].accept, 10**6) for winner in won]
    shares = [payout_of(source, winner.price, first=False) for winner in won]
    owed = sum((chance * share for chance, share in zip(chances, shares, strict=True)), Fraction())
    once = 3000 * (1 - prod((1 - chance for chance in chances), start=Fraction(1)))
    cost = once if source is FIXED else owed
    assert not won or value - cost >= margin
    assert replays_bit_for_bit(asked)


def test_who_joins_others_pays_no_margin_that_these_have_brought_already() -> None:
    bidding = (pinged(1, sells="shared"), pinged(2, sells="shared"))
    asked = auction(
        *bidding,
        answers=(bid(1, 2500), bid(2, 500)),
        rank_by="expected_value",
        auction_price="second",
        source=FIXED,
        max_sales=2,
        min_margin=2000,
        state={"shared_with": 1},
    )
    (winner,) = decide(asked).winners
    assert (winner.contract_id, winner.price, winner.payout, winner.exclusive) == (contract_id(1), 501, 0, False)
