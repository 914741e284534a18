"""Decisions for people to read: rows in words, and the inputs of rules with amounts in major units."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from routing.caps import parse_caps
from routing.engine import decide
from routing.explain import explain, inputs_in_major_units
from routing.types import Decision, Market
from tests.routing.markets import contract, contract_id, market, verdict
from tests.routing.test_auction_properties import auctions
from tests.routing.test_properties import markets, properties

COUNTED = {
    *("min_score", "score", "min_percentile", "percentile", "dedupe_days", "priority", "ticket", "pass"),
    *("asked_at_ms", "answered_ms", "accept", "return"),
}
OF_A_FILTER = {"value", "found"}


def shown(decision: Decision, number: int = 1, currency: str = "USD") -> dict[str, Any]:
    return inputs_in_major_units(verdict(decision, number).inputs, currency)


def test_a_decision_is_explained_in_plain_rows_ranked_ones_first() -> None:
    rows = explain(decide(market(contract(1, status="paused"), contract(2))))

    assert [(row["contract_id"], row["reason"], row["sentence"], row["rank"], row["price"]) for row in rows] == [
        (contract_id(2), "won", "The contract gets the lead.", 1, 5000),
        (contract_id(1), "contract_paused", "The contract is paused.", None, None),
    ]


def test_amounts_have_the_decimals_of_their_currency() -> None:
    decision = decide(market(contract(1, price=1999), floor_price=2000))

    assert shown(decision) == {"floor_price": Decimal("20.00"), "price": Decimal("19.99")}
    assert shown(decision, currency="JPY") == {"floor_price": 2000, "price": 1999}


def test_a_cap_in_money_is_told_in_money_and_one_in_leads_in_leads() -> None:
    def capped(unit: str, limit: int) -> dict[str, Any]:
        caps = parse_caps([{"window": "day", "unit": unit, "limit": limit}])
        return shown(decide(market(contract(1, price=5000, caps=caps))))

    money, leads = capped("money", 4999), capped("leads", 0)

    assert [money[name] for name in ("limit", "used", "adding")] == [Decimal("49.99"), 0, Decimal("50.00")]
    assert [leads[name] for name in ("limit", "used")] == [0, 0]


def test_what_a_filter_saw_is_no_amount_whatever_its_field_is_called() -> None:
    wanted = {"field": "price", "op": "gte", "value": 100}

    assert shown(decide(market(contract(1, filters=wanted), fields={"price": 99}))) == {**wanted, "found": 99}


def test_an_amount_that_there_is_none_of_stays_none() -> None:
    assert inputs_in_major_units({"min_bid": None, "max_bid": 500}, "USD") == {
        "min_bid": None,
        "max_bid": Decimal("5.00"),
    }


@properties
@given(st.one_of(markets(), auctions()))
def test_every_number_of_every_verdict_is_an_amount_or_known_to_be_none(asked: Market) -> None:
    for told in decide(asked).verdicts:
        counted = COUNTED | OF_A_FILTER | ({"limit", "used"} if told.inputs.get("unit") == "leads" else set())
        for name, value in inputs_in_major_units(told.inputs, "USD").items():
            assert not isinstance(value, Decimal) or value >= 0
            assert not isinstance(value, int | float) or name in counted
