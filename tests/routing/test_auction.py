"""Auctions by example: who is asked, who wins, what is paid, and what everybody else is told."""

from typing import Any
from uuid import UUID

import pytest

from core.json import canonical, loads
from routing.caps import parse_caps
from routing.engine import decide, eligible_for_ping, replay
from routing.expectation import odds_of
from routing.reasons import Reason
from routing.types import Bid, BidOutcome, ContractTerms, Decision, Earlier, Funds, Market, Promised, SourceTerms, State
from tests.routing.markets import NOON, RICH, SOURCE, buyer_id, codes, contract, contract_id, market, verdict, winners


def pinged(number: int, **terms: Any) -> ContractTerms:
    return contract(number, pinged=True, **terms)


def bids(*answers: Bid) -> dict[UUID, Bid]:
    return {bid.contract_id: bid for bid in answers}


def bid(number: int, price: int, **rest: Any) -> Bid:
    return Bid(contract_id(number), BidOutcome.BID, price, **rest)


def auction(*contracts: ContractTerms, answers: tuple[Bid, ...] = (), **changes: Any) -> Market:
    state = {"bids": bids(*answers), **changes.pop("state", {})}
    return market(*contracts, method="ping_post", state=state, **changes)


def paid(decision: Decision) -> dict[int, int]:
    return {winner.contract_id.int: winner.price for winner in decision.winners}


def promised_by(payout_percent: int) -> SourceTerms:
    return SourceTerms(id=SOURCE, payout_kind="percent", payout_value=payout_percent * 100)


# --- who wins ------------------------------------------------------------------------------------------------------


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


# --- by expected value ---------------------------------------------------------------------------------------------


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


# --- second price --------------------------------------------------------------------------------------------------


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


# --- shared --------------------------------------------------------------------------------------------------------


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


def test_a_buyer_may_name_another_price_for_sharing_and_never_pays_more_than_it_bid() -> None:
    named = bid(1, 3000, shared_price=2600)
    low = bid(1, 1200)
    both, other = pinged(1, sells="both", shared_price=2000), pinged(2, sells="shared")

    assert paid(decide(auction(both, other, answers=(named, bid(2, 1500)), max_sales=2))) == {1: 2600, 2: 1500}
    assert paid(decide(auction(both, other, answers=(low, bid(2, 1500)), max_sales=2))) == {1: 1200, 2: 1500}


def test_second_price_shared_beats_whoever_was_left_out_and_the_best_of_one_alone() -> None:
    sharing = [pinged(number, sells="shared") for number in (1, 2, 3)]
    answers = (bid(1, 3000), bid(2, 2500), bid(3, 1000))
    second = {"max_sales": 2, "auction_price": "second"}

    assert paid(decide(auction(*sharing, answers=answers, **second))) == {1: 1001, 2: 1001}
    with_one = decide(auction(*sharing, pinged(4), answers=(*answers, bid(4, 5000)), **second))
    assert paid(with_one) == {1: 2501, 2: 2500}


# --- what was promised ---------------------------------------------------------------------------------------------


def test_a_bid_that_would_not_bring_what_was_promised_does_not_win() -> None:
    asked = auction(
        *(pinged(1), pinged(2)),
        answers=(bid(1, 2199), bid(2, 2000)),
        source=promised_by(50),
        state={"promised": Promised(payout=1100)},
    )

    decision = decide(asked)

    assert codes(decision) == {1: "won", 2: "below_promised"}  # half of 21.99 is 11.00, half to even
    told = {"promised_price": 0, "promised_payout": 1100, "price": 2000, "payout": 1000}
    assert verdict(decision, 2).inputs == told | {
        "outcome": "bid", "bid": 2000, "effective_bid": 2000, "asked_at_ms": 0, "answered_ms": None,
    }  # fmt: skip


def test_a_promised_price_binds_where_the_payout_is_fixed_too() -> None:
    fixed = SourceTerms(id=SOURCE, payout_kind="fixed", payout_value=500)
    promise: dict[str, Any] = {"source": fixed, "answers": (bid(1, 900),)}

    assert winners(decide(auction(pinged(1), state={"promised": Promised(payout=500)}, **promise))) == [1]
    assert codes(decide(auction(pinged(1), state={"promised": Promised(price=901)}, **promise))) == {
        1: "below_promised"
    }


def test_those_who_share_keep_the_promise_together_or_not_at_all() -> None:
    sharing = [pinged(number, sells="shared") for number in (1, 2, 3)]
    answers = (bid(1, 30), bid(2, 20), bid(3, 10))

    kept = decide(auction(*sharing, answers=answers, max_sales=2, state={"promised": Promised(price=50)}))
    assert codes(kept) == {1: "won", 2: "won", 3: "outbid"}

    broken = decide(auction(*sharing, answers=answers, max_sales=2, state={"promised": Promised(price=51)}))
    assert broken.outcome == "unsold"
    assert set(broken.codes()) == {"below_promised"}


# --- who is asked --------------------------------------------------------------------------------------------------


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


# --- the record ----------------------------------------------------------------------------------------------------


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
    content, record = loads(canonical(asked.terms.to_content())), loads(canonical(asked.to_record()))

    assert State.from_record(record["state"]) == asked.state
    assert canonical(replay(content, record).to_record()) == canonical(decide(asked).to_record())
    assert winners(replay(content, record)) == [1]
