"""Second price by example: the least with which each winner would still have won."""

from typing import Any

from routing.engine import decide
from routing.types import Promised
from tests.routing.auctions import auction, bid, paid, pinged, promised_by
from tests.routing.markets import buyer_id


def test_second_price_is_the_least_that_would_still_have_won() -> None:
    asked: dict[str, Any] = {"answers": (bid(1, 10_000), bid(2, 4500)), "auction_price": "second"}

    decision = decide(auction(pinged(1, return_penalty=5000), pinged(2), **asked))

    assert paid(decision) == {1: 9002}
    assert 9002 * 5000 // 10_000 == 4501 > 9001 * 5000 // 10_000


def test_second_price_without_a_rival_is_the_floor_the_least_bid_or_one() -> None:
    alone: dict[str, Any] = {"answers": (bid(1, 4000),), "auction_price": "second"}

    assert paid(decide(auction(pinged(1), **alone))) == {1: 1}
    assert paid(decide(auction(pinged(1), floor_price=1500, **alone))) == {1: 1500}
    assert paid(decide(auction(pinged(1, min_bid=2500), floor_price=1500, **alone))) == {1: 2500}


def test_equal_bids_in_second_price_pay_what_they_bid() -> None:
    assert paid(decide(auction(pinged(1), pinged(2), answers=(bid(1, 70), bid(2, 70)), auction_price="second"))) == {
        1: 70
    }


def test_a_buyers_own_other_contract_does_not_raise_its_price() -> None:
    own = pinged(2, buyer_id=buyer_id(1))

    decision = decide(
        auction(pinged(1), own, pinged(3), answers=(bid(1, 900), bid(2, 800), bid(3, 300)), auction_price="second")
    )

    assert paid(decision) == {1: 301}


def test_second_price_keeps_what_the_source_was_promised() -> None:
    asked = auction(
        *(pinged(1), pinged(2)),
        answers=(bid(1, 4000), bid(2, 1000)),
        auction_price="second",
        source=promised_by(50),
        state={"promised": Promised(payout=1101)},
    )

    decision = decide(asked)

    assert paid(decision) == {1: 2202}
    assert decision.winners[0].payout == 1101


def test_second_price_shared_beats_whoever_was_left_out_and_the_best_of_one_alone() -> None:
    sharing = [pinged(number, sells="shared") for number in (1, 2, 3)]
    answers = (bid(1, 3000), bid(2, 2500), bid(3, 1000))
    second = {"max_sales": 2, "auction_price": "second"}

    assert paid(decide(auction(*sharing, answers=answers, **second))) == {1: 1001, 2: 1001}
    with_one = decide(auction(*sharing, pinged(4), answers=(*answers, bid(4, 5000)), **second))
    assert paid(with_one) == {1: 2501, 2: 2500}
