"""Whose buyers are asked for a bid: those that could win with some bid."""

from routing.caps import parse_caps
from routing.engine import decide, eligible_for_ping
from routing.types import Earlier, Funds, Market
from tests.routing.auctions import auction, pinged
from tests.routing.markets import NOON, RICH, buyer_id, codes, contract, contract_id


def asked_of(asked: Market) -> list[int]:
    return [found.id.int for found in eligible_for_ping(asked)]


def test_only_buyers_that_could_win_with_some_bid_are_asked() -> None:
    full = parse_caps([{"window": "day", "unit": "leads", "limit": 0}])
    asked = auction(
        pinged(1),
        contract(2),
        pinged(3, status="paused"),
        pinged(4, filters={"field": "state", "op": "eq", "value": "CA"}),
        pinged(5, caps=full),
        pinged(6),
        pinged(7),
        pinged(8, max_bid=1999),
        pinged(9, min_bid=5000),
        floor_price=2000,
        state={
            "funds": {**dict.fromkeys((1, 2, 3, 4, 5, 7, 8), RICH), 6: Funds(1999), 9: Funds(4999)},
            "earlier": (Earlier(contract_id(7), buyer_id(7), NOON),),
        },
    )

    assert asked_of(asked) == [1]
    assert codes(decide(asked)) == {
        1: "not_pinged",
        2: "won",
        3: "contract_paused",
        4: "filter_mismatch",
        5: "cap_reached",
        6: "insufficient_funds",
        7: "earlier_buyer",
        8: "below_floor",
        9: "insufficient_funds",
    }


def test_nobody_is_asked_for_a_campaign_that_is_paused() -> None:
    assert asked_of(auction(pinged(1), status="paused")) == []
