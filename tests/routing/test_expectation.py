"""Selling to whom the lead is expected to bring most, and asking for what scoring says of it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from routing.engine import decide
from routing.expectation import MILLION, Odds, odds_of
from routing.filters import parse_filter
from routing.price_rules import parse_price_rules
from routing.types import Facts
from routing.values import Held
from tests.routing.laws import replays_bit_for_bit
from tests.routing.markets import NOON, codes, contract, contract_id, market, verdict, winners
from tests.routing.test_properties import properties

A, B = contract(1, price=175_00, priority=1), contract(2, price=140_00, priority=2)
ODDS = {A.id: odds_of(0.80, 0.25, "model"), B.id: odds_of(0.95, 0.05, "model")}


def test_a_lower_price_that_is_kept_is_worth_more_than_a_higher_one_that_comes_back() -> None:
    assert ODDS[A.id].value(175_00) == 105_00
    assert ODDS[B.id].value(140_00) == 126_35

    by_value = decide(market(A, B, rank_by="expected_value", state={"odds": ODDS}))

    assert winners(decide(market(A, B, state={"odds": ODDS}))) == [1]
    assert winners(by_value) == [2]
    assert by_value.winners[0].price == 140_00


def test_the_winner_and_the_others_are_told_what_they_were_expected_to_bring() -> None:
    decision = decide(market(A, B, rank_by="expected_value", state={"odds": ODDS}))

    assert verdict(decision, 2).inputs == {
        "expected_value": 126_35, "price": 140_00, "accept": 0.95, "return": 0.05, "basis": "model",
    }  # fmt: skip
    assert codes(decision)[1] == "outranked"
    assert verdict(decision, 1).inputs == {
        "expected_value": 105_00, "price": 175_00, "accept": 0.8, "return": 0.25, "basis": "model",
    }  # fmt: skip


def test_equal_values_stand_by_priority_then_price_then_id() -> None:
    same = {contract_id(number): odds_of(0, 0, "record") for number in (1, 2, 3)}
    offered = contract(1, priority=2), contract(2, price=6000), contract(3, price=6000)

    assert [
        found.int
        for found in decide(market(*offered, rank_by="expected_value", max_sales=1, state={"odds": same})).ranking
    ] == [2, 3, 1]


def test_of_whom_nothing_is_known_the_price_counts_whole() -> None:
    odds = {A.id: odds_of(0.80, 0, "model")}

    assert winners(decide(market(A, B, rank_by="expected_value", state={"odds": odds}))) == [1]
    assert winners(decide(market(A, replace(B, price=140_01), rank_by="expected_value", state={"odds": odds}))) == [2]


def test_contracts_that_take_turns_are_not_ranked_by_value() -> None:
    asked = market(A, B, method="round_robin", rank_by="expected_value", state={"odds": ODDS})

    assert winners(decide(asked)) == [1]
    assert verdict(decide(asked), 1).inputs == {}


chances = st.integers(0, MILLION)


@properties
@given(st.integers(0, 10**9), chances, chances)
def test_nothing_is_worth_more_than_its_price_or_less_than_nothing(price: int, accept: int, returned: int) -> None:
    assert 0 <= Odds(accept, returned).value(price) <= price
    assert Odds(MILLION, 0).value(price) == price


@properties
@given(st.lists(st.tuples(st.integers(1, 9), chances, chances), min_size=1, max_size=5))
def test_a_decision_by_expected_value_is_replayed_bit_for_bit(offered: list[tuple[int, int, int]]) -> None:
    asked = market(
        *(contract(number, price=price) for number, (price, _, _) in enumerate(offered, 1)),
        rank_by="expected_value",
        state={"odds": {contract_id(n): Odds(a, r, "model") for n, (_, a, r) in enumerate(offered, 1)}},
        percentile=71,
        returns=0.0625,
    )

    assert replays_bit_for_bit(asked)


# --- what scoring says, among the lead's fields ------------------------------------------------------------------


def test_an_unknown_percentile_meets_no_minimum() -> None:
    decision = decide(market(contract(1, min_percentile=1), contract(2)))

    assert codes(decision) == {1: "below_min_percentile", 2: "won"}
    assert verdict(decision, 1).inputs == {"min_percentile": 1, "percentile": None}
    assert winners(decide(market(contract(1, min_percentile=1), percentile=1))) == [1]


def test_filters_and_price_rules_ask_for_score_percentile_and_chance_of_return() -> None:
    wanted = parse_filter({"field": "return_probability", "op": "lte", "value": 0.1})
    rules = parse_price_rules(
        [
            {"when": {"field": "percentile", "op": "gte", "value": 90}, "price": 9000},
            {"when": {"field": "score", "op": "gte", "value": 60}, "price": 7000},
        ]
    )
    asked = contract(1, filters=wanted.document, price_rules=rules)

    assert decide(market(asked, percentile=90, returns=0.1)).winners[0].price == 9000
    assert decide(market(asked, percentile=89, returns=0.1)).winners[0].price == 7000
    assert decide(market(asked, percentile=89, returns=0.1, score=59)).winners[0].price == 5000
    assert codes(decide(market(asked, percentile=90, returns=0.11))) == {1: "filter_mismatch"}


def test_a_source_cannot_send_what_only_scoring_may_say() -> None:
    forged: dict[str, Held] = {
        "percentile": 99,
        "return_probability": 0.0,
        "conversion_probability": 1.0,
        "grade": "A",
        "score": 100,
    }
    facts = Facts(forged | {"state": "TX"}, 60, NOON)

    assert facts.fields == {"state": "TX", "score": 60}
    assert Facts({}, 60, NOON, 71, 0.25).fields == {"score": 60, "percentile": 71, "return_probability": 0.25}
