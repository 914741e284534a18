"""Who shares a lead in an auction: the best exclusive bid stands against the best sum."""

from routing.caps import parse_caps
from routing.engine import decide
from tests.routing.auctions import auction, bid, paid, pinged
from tests.routing.markets import buyer_id, codes, verdict


def test_the_best_exclusive_bid_stands_against_the_best_sum_of_shared_bids() -> None:
    sharing = [pinged(number, sells="shared") for number in (1, 2, 3)]
    answers = (bid(1, 3000), bid(2, 2500), bid(3, 2000))

    together = decide(auction(*sharing, pinged(4), answers=(*answers, bid(4, 5499)), max_sales=2))
    assert paid(together) == {1: 3000, 2: 2500}
    assert codes(together) == {1: "won", 2: "won", 3: "outbid", 4: "outbid"}
    assert [verdict(together, number).inputs["to_beat"] for number in (3, 4)] == [2500, 5500]
    assert not any(winner.exclusive for winner in together.winners)

    alone = decide(auction(*sharing, pinged(4), answers=(*answers, bid(4, 5500)), max_sales=2))
    assert paid(alone) == {4: 5500}
    assert alone.winners[0].exclusive
    assert verdict(alone, 1).inputs["to_beat"] == 5500


def test_a_buyer_shares_a_lead_once() -> None:
    own = pinged(2, sells="shared", buyer_id=buyer_id(1))

    decision = decide(
        auction(
            *(pinged(1, sells="shared"), own, pinged(3, sells="shared")),
            answers=(bid(1, 30), bid(2, 20), bid(3, 10)),
            max_sales=2,
        )
    )

    assert codes(decision) == {1: "won", 2: "buyer_already_won", 3: "won"}


def test_caps_have_room_for_one_shared_sale_after_the_other() -> None:
    decision = decide(
        auction(
            *(pinged(number, sells="shared") for number in (1, 2, 3)),
            answers=(bid(1, 30), bid(2, 20), bid(3, 10)),
            max_sales=3,
            caps=parse_caps([{"window": "day", "unit": "money", "limit": 40}]),
        )
    )

    assert codes(decision) == {1: "won", 2: "campaign_cap_reached", 3: "won"}


def test_a_contract_that_sells_both_ways_stands_in_both() -> None:
    both = pinged(1, sells="both", shared_price=2000)

    shared = decide(auction(both, pinged(2, sells="shared"), answers=(bid(1, 3000), bid(2, 1500)), max_sales=2))
    assert paid(shared) == {1: 2000, 2: 1500}
    assert verdict(shared, 1).inputs["shared_bid"] == 2000

    alone = decide(auction(both, pinged(2, sells="shared"), answers=(bid(1, 3500), bid(2, 1500)), max_sales=2))
    assert paid(alone) == {1: 3500}


def test_who_shares_never_pays_more_than_it_bid() -> None:
    both, other = pinged(1, sells="both", shared_price=2000), pinged(2, sells="shared")

    decision = decide(auction(both, other, answers=(bid(1, 1200), bid(2, 1500)), max_sales=2))

    assert paid(decision) == {1: 1200, 2: 1500}
