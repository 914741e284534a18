"""Auctions by example: who wins, and what everybody else is told."""

from typing import Any

import pytest

from core.json import canonical, loads
from routing.caps import parse_caps
from routing.engine import decide
from routing.expectation import odds_of
from routing.reasons import Reason
from routing.types import Bid, BidOutcome, Funds, Promised, State
from tests.routing.auctions import auction, bid, paid, pinged
from tests.routing.laws import replays_bit_for_bit
from tests.routing.markets import RICH, codes, contract, contract_id, verdict, winners


def test_the_highest_bid_wins_and_pays_what_it_bid() -> None:
    decision = decide(
        auction(pinged(1), pinged(2), pinged(3), answers=(bid(1, 3500), bid(2, 4000), bid(3, 1800)), floor_price=2000)
    )

    assert paid(decision) == {2: 4000}
    assert codes(decision) == {1: "outbid", 2: "won", 3: "below_floor"}
    assert decision.ranking == (contract_id(2), contract_id(1))


def test_the_worked_example_of_openrtb_in_second_price() -> None:
    asked = auction(
        *(pinged(1), pinged(2), pinged(3)),
        answers=(bid(1, 3500), bid(2, 4000), bid(3, 1800)),
        floor_price=2000,
        auction_price="second",
    )

    assert paid(decide(asked)) == {2: 3501}


def test_a_contract_with_a_price_of_its_own_takes_part_beside_live_bidders() -> None:
    static = contract(1, price=5000)

    assert paid(decide(auction(static, pinged(2), answers=(bid(2, 4999),)))) == {1: 5000}
    assert paid(decide(auction(static, pinged(2), answers=(bid(2, 5001),)))) == {2: 5001}


def test_a_pinged_contract_is_never_sold_to_at_the_price_of_its_contract() -> None:
    decision = decide(auction(contract(1, price=100), pinged(2, price=9000)))

    assert paid(decision) == {1: 100}
    assert codes(decision)[2] == "not_pinged"


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("no_bid", "no_bid"),
        ("late", "bid_late"),
        ("error", "bid_error"),
        ("unreadable", "bid_unreadable"),
        ("breaker_open", "breaker_open"),
    ],
)
def test_a_ping_that_brought_no_bid_loses_with_its_reason_whatever_price_came_with_it(outcome: str, code: str) -> None:
    failed = Bid(contract_id(1), BidOutcome(outcome), 9000, reason="sorry", asked_at_ms=2, answered_ms=310)
    decision = decide(auction(pinged(1), pinged(2), answers=(failed, bid(2, 10))))

    assert winners(decision) == [2]
    assert codes(decision)[1] == code
    assert verdict(decision, 1).inputs == {
        "outcome": outcome,
        "bid": 9000,
        "asked_at_ms": 2,
        "answered_ms": 310,
        "said": "sorry",
    }


@pytest.mark.parametrize("price", [None, 0, -5])
def test_a_bid_without_a_price_above_nothing_is_none(price: int | None) -> None:
    decision = decide(auction(pinged(1), answers=(Bid(contract_id(1), BidOutcome.BID, price),)))

    assert codes(decision) == {1: "bid_unreadable"}


def test_a_penalty_for_returns_lowers_the_rank_and_not_the_price() -> None:
    asked = auction(pinged(1, return_penalty=1000), pinged(2), answers=(bid(1, 10_000), bid(2, 9001)))

    assert paid(decide(asked)) == {2: 9001}
    told = verdict(decide(asked), 1).inputs
    assert (told["bid"], told["effective_bid"], told["to_beat"]) == (10_000, 9000, 9001)

    assert paid(decide(auction(pinged(1, return_penalty=1000), answers=(bid(1, 10_000),)))) == {1: 10_000}


def test_equal_bids_go_by_priority_then_by_speed_then_by_id() -> None:
    slow, fast = bid(1, 500, answered_ms=90), bid(2, 500, answered_ms=20)

    assert winners(decide(auction(pinged(1), pinged(2), answers=(slow, fast)))) == [2]
    assert winners(decide(auction(pinged(1), pinged(2, priority=2), answers=(slow, fast)))) == [1]
    assert winners(decide(auction(pinged(1), pinged(2), answers=(bid(1, 500), bid(2, 500))))) == [1]


def test_a_bid_outside_the_range_of_the_contract_is_refused() -> None:
    decision = decide(auction(pinged(1, min_bid=1000), pinged(2, max_bid=5000), answers=(bid(1, 999), bid(2, 500_000))))

    assert codes(decision) == {1: "bid_out_of_range", 2: "bid_out_of_range"}
    assert verdict(decision, 2).inputs["max_bid"] == 5000


def test_room_is_asked_for_what_was_bid() -> None:
    capped = pinged(1, caps=parse_caps([{"window": "day", "unit": "money", "limit": 3000}]))
    decision = decide(
        auction(
            *(capped, pinged(2), pinged(3)),
            answers=(bid(1, 3001), bid(2, 2000), bid(3, 1000)),
            state={"funds": {1: RICH, 2: Funds(1999), 3: RICH}},
        )
    )

    assert codes(decision) == {1: "cap_reached", 2: "insufficient_funds", 3: "won"}


def test_after_a_refusal_the_next_bidder_wins_by_the_same_bids() -> None:
    answers = (bid(1, 3000), bid(2, 2000))

    decision = decide(
        auction(pinged(1), pinged(2), answers=answers, state={"closed": {contract_id(1): Reason.BUYER_REFUSED}})
    )

    assert paid(decision) == {2: 2000}
    assert codes(decision)[1] == "buyer_refused"


def test_a_verdict_on_an_offer_tells_what_came_of_the_ping() -> None:
    answers = (bid(1, 3000, asked_at_ms=1, answered_ms=83), bid(2, 2000, asked_at_ms=1, answered_ms=40))

    decision = decide(auction(pinged(1), pinged(2), contract(3, price=10), answers=answers))

    won = {"outcome": "bid", "bid": 3000, "effective_bid": 3000, "asked_at_ms": 1, "answered_ms": 83}
    assert verdict(decision, 1).inputs == won
    outbid = {"bid": 2000, "effective_bid": 2000, "answered_ms": 40, "sold": "exclusive", "to_beat": 3000}
    assert verdict(decision, 2).inputs == won | outbid
    static = {"outcome": "static", "bid": 10, "effective_bid": 10, "sold": "exclusive", "to_beat": 3000}
    assert verdict(decision, 3).inputs == static


# --- by expected value -------------------------------------------------------------------------------------------


def test_by_expected_value_the_likelier_sale_wins_and_pays_its_bid() -> None:
    odds = {contract_id(1): odds_of(0.4, 0.5, "model"), contract_id(2): odds_of(1, 0.05, "model")}
    asked: dict[str, Any] = {"answers": (bid(1, 5000), bid(2, 2000)), "state": {"odds": odds}}

    assert paid(decide(auction(pinged(1), pinged(2), **asked))) == {1: 5000}
    decision = decide(auction(pinged(1), pinged(2), **asked | {"rank_by": "expected_value"}))
    assert paid(decision) == {2: 2000}
    told = verdict(decision, 2).inputs
    assert {name: told[name] for name in ("effective_bid", "accept", "return", "basis")} == {
        "effective_bid": 1900,
        "accept": 1.0,
        "return": 0.05,
        "basis": "model",
    }


def test_of_whom_nothing_is_known_is_ranked_by_its_effective_bid() -> None:
    asked = auction(
        *(pinged(1), pinged(2, return_penalty=5000)),
        answers=(bid(1, 5000), bid(2, 2002)),
        state={"odds": {contract_id(1): odds_of(0.2, 0, "record")}},
        rank_by="expected_value",
    )

    assert paid(decide(asked)) == {2: 2002}


# --- the record --------------------------------------------------------------------------------------------------


def test_a_record_of_before_there_were_auctions_still_reads() -> None:
    record = loads(canonical(auction(contract(1)).state.to_record()))

    assert {"bids", "odds", "promised"}.isdisjoint(record)
    assert State.from_record(record) == State(funds={1: RICH})


def test_bids_odds_and_promise_are_replayed_from_their_record() -> None:
    asked = auction(
        *(pinged(1), pinged(2)),
        answers=(bid(1, 2000, reason="ok", asked_at_ms=1, answered_ms=50), bid(2, 4000)),
        state={
            "odds": {contract_id(1): odds_of(0.95, 0, "model"), contract_id(2): odds_of(0.25, 0.3, "record")},
            "promised": Promised(price=10),
        },
        rank_by="expected_value",
    )

    assert State.from_record(loads(canonical(asked.to_record()))["state"]) == asked.state
    assert replays_bit_for_bit(asked)
    assert winners(decide(asked)) == [1]
