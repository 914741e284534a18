"""What the engine answers, rule by rule."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from routing.caps import Usage, parse_caps
from routing.engine import decide
from routing.price_rules import parse_price_rules
from routing.reasons import Reason
from routing.schedule import parse_schedule
from routing.types import Earlier, Funds, SourceTerms
from routing.windows import Window, period_start, quarter_of
from tests.routing.laws import replays_bit_for_bit
from tests.routing.markets import (
    CAMPAIGN,
    NOON,
    SOURCE,
    buyer_id,
    codes,
    contract,
    contract_id,
    market,
    verdict,
    winners,
)  # fmt: skip

TODAY = period_start(Window.DAY, "UTC", quarter_of(NOON))
ONE_A_DAY = parse_caps([{"window": "day", "unit": "leads", "limit": 1}])


def used_today(subject: Any) -> dict[str, Any]:
    return {"usage": {(subject, Window.DAY, TODAY): Usage(1, 5000)}}


LOSSES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("buyer_refused", {}, {"state": {"closed": {contract_id(1): Reason.BUYER_REFUSED}}}, {}),
    ("campaign_paused", {}, {"status": "paused"}, {"status": "paused"}),
    ("source_paused", {}, {"source": SourceTerms(id=SOURCE, status="paused")}, {"status": "paused"}),
    ("contract_paused", {"status": "paused"}, {}, {"status": "paused"}),
    ("buyer_paused", {"buyer_status": "paused"}, {}, {"status": "paused"}),
    ("buyer_excluded", {}, {"state": {"excluded_buyers": frozenset({buyer_id(1)})}}, {}),
    ("not_sold_this_way", {"sells": "shared"}, {}, {"sells": "shared", "sold": "exclusive"}),
    (
        "outside_schedule",
        {"schedule": parse_schedule([{"days": ["mon"]}]), "timezone": "America/Chicago"},
        {},
        {"local_time": "tue 12:00", "timezone": "America/Chicago"},
    ),
    ("below_min_score", {"min_score": 61}, {}, {"min_score": 61, "score": 60}),
    ("below_min_percentile", {"min_percentile": 80}, {"percentile": 79}, {"min_percentile": 80, "percentile": 79}),
    (
        "filter_mismatch",
        {"filters": {"field": "state", "op": "in", "value": ["CA", "NY"]}},
        {},
        {"field": "state", "op": "in", "value": ["CA", "NY"], "found": "TX"},
    ),
    (
        "earlier_buyer",
        {"dedupe_days": 30},
        {"state": {"earlier": (Earlier(contract_id(9), buyer_id(1), NOON - timedelta(days=29)),)}},
        {"sold_at": "2026-04-13T17:00:00+00:00", "dedupe_days": 30},
    ),
    ("below_floor", {}, {"floor_price": 5001}, {"floor_price": 5001, "price": 5000}),
    (
        "cap_reached",
        {"caps": ONE_A_DAY},
        {"state": used_today(contract_id(1))},
        {"window": "day", "unit": "leads", "limit": 1, "since": "2026-05-12T00:00:00+00:00", "used": 1},
    ),
    (
        "buyer_cap_reached",
        {"buyer_caps": parse_caps([{"window": "day", "unit": "money", "limit": 9999}])},
        {"state": used_today(buyer_id(1))},
        {
            "window": "day", "unit": "money", "limit": 9999, "since": "2026-05-12T00:00:00+00:00",
            "used": 5000, "adding": 5000,
        },
    ),
    (
        "source_cap_reached",
        {},
        {"source": SourceTerms(id=SOURCE, caps=ONE_A_DAY), "state": used_today(SOURCE)},
        {"window": "day", "unit": "leads", "limit": 1, "since": "2026-05-12T00:00:00+00:00", "used": 1},
    ),
    (
        "campaign_cap_reached",
        {},
        {"caps": ONE_A_DAY, "state": used_today(CAMPAIGN)},
        {"window": "day", "unit": "leads", "limit": 1, "since": "2026-05-12T00:00:00+00:00", "used": 1},
    ),
    ("account_frozen", {}, {"state": {"funds": {1: Funds(10**6, frozen=True)}}}, {}),
    ("insufficient_funds", {}, {"state": {"funds": {1: Funds(6000, held=1500, credit_limit=499)}}},
     {"available": 4999, "price": 5000}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "terms", "changes", "inputs"), LOSSES, ids=[loss[0] for loss in LOSSES])
def test_a_contract_that_fails_a_rule_is_told_which_and_on_what_inputs(
    code: str, terms: dict[str, Any], changes: dict[str, Any], inputs: dict[str, Any]
) -> None:
    decision = decide(market(contract(1, **terms), **changes))

    assert (decision.outcome, decision.winners, decision.codes()) == ("unsold", (), [code])
    assert decision.verdicts[0].inputs == inputs


def test_every_reason_has_a_sentence() -> None:
    assert [reason for reason in Reason if not reason.sentence.endswith(".")] == []


def test_a_buyer_may_have_the_same_person_again_when_its_window_is_over() -> None:
    sold = Earlier(contract_id(1), buyer_id(1), NOON - timedelta(days=30))

    assert winners(decide(market(contract(1, dedupe_days=30), state={"earlier": (sold,)}))) == [1]


def test_the_last_cent_and_the_last_place_are_still_sold() -> None:
    caps = parse_caps(
        [{"window": "day", "unit": "leads", "limit": 2}, {"window": "day", "unit": "money", "limit": 10000}]
    )
    state = {**used_today(contract_id(1)), "funds": {1: Funds(4000, credit_limit=1000)}}

    assert winners(decide(market(contract(1, caps=caps), state=state))) == [1]


def test_a_waterfall_goes_by_priority_then_price_then_id() -> None:
    decision = decide(market(contract(4), contract(3, price=6000), contract(2), contract(1, priority=2, price=9000)))

    assert [found.int for found in decision.ranking] == [3, 2, 4, 1]
    assert codes(decision) == {1: "outranked", 2: "outranked", 3: "won", 4: "outranked"}
    assert verdict(decision, 1).inputs == {"priority": 2, "price": 9000}


def test_the_first_matching_price_rule_sets_the_price() -> None:
    rules = parse_price_rules(
        [
            {"when": {"field": "score", "op": "gte", "value": 80}, "price": 9000},
            {"when": {"field": "state", "op": "eq", "value": "TX"}, "price": 7000},
            {"when": {}, "price": 1},
        ]
    )

    assert decide(market(contract(1, price_rules=rules))).winners[0].price == 7000
    assert decide(market(contract(1, price_rules=rules), score=80)).winners[0].price == 9000


def test_a_shared_lead_goes_to_as_many_as_the_campaign_allows_at_their_shared_prices() -> None:
    takers = [contract(n, sells="both", shared_price=2000 + n) for n in (1, 2, 3)]
    decision = decide(market(*takers, max_sales=2))

    assert [(won.contract_id.int, won.price, won.exclusive) for won in decision.winners] == [
        (3, 2003, False),
        (2, 2002, False),
    ]
    assert codes(decision) == {1: "outranked", 2: "won", 3: "won"}


def test_an_exclusive_contract_at_the_top_wins_alone_and_further_down_does_not_fit() -> None:
    shared = [contract(n, sells="shared", priority=n) for n in (2, 3)]

    assert winners(decide(market(contract(1, priority=1), *shared, max_sales=3))) == [1]
    assert codes(decide(market(contract(1, priority=9), *shared, max_sales=3))) == {
        1: "not_sold_this_way", 2: "won", 3: "won",
    }  # fmt: skip


def test_a_contract_that_sells_both_ways_and_stays_alone_buys_exclusively() -> None:
    decision = decide(market(contract(1, sells="both", shared_price=2000), max_sales=3))

    assert [(won.price, won.exclusive) for won in decision.winners] == [(5000, True)]
    assert decision.verdicts[0].price == 5000


def test_a_contract_left_alone_without_funds_for_the_whole_lead_keeps_its_shared_price() -> None:
    both = contract(1, sells="both", shared_price=2000)
    decision = decide(market(both, max_sales=3, state={"funds": {1: Funds(4999)}}))

    assert [(won.price, won.exclusive) for won in decision.winners] == [(2000, False)]


def test_one_buyer_never_gets_a_shared_lead_twice() -> None:
    twice = [contract(n, sells="shared", buyer_id=buyer_id(7)) for n in (1, 2)]

    assert codes(decide(market(*twice, contract(3, sells="shared"), max_sales=3))) == {
        1: "won", 2: "buyer_already_won", 3: "won",
    }  # fmt: skip


def test_a_shared_lead_stops_where_the_cap_of_its_campaign_does() -> None:
    takers = [contract(n, sells="shared") for n in (1, 2, 3)]
    caps = parse_caps([{"window": "day", "unit": "leads", "limit": 2}])

    assert codes(decide(market(*takers, max_sales=3, caps=caps))) == {1: "won", 2: "won", 3: "campaign_cap_reached"}


def test_a_fixed_payout_is_paid_once_and_a_share_with_every_sale() -> None:
    takers = [contract(n, sells="shared", price=5001) for n in (1, 2)]
    fixed = SourceTerms(id=SOURCE, payout_kind="fixed", payout_value=900)
    share = SourceTerms(id=SOURCE, payout_kind="percent", payout_value=2500)

    assert [won.payout for won in decide(market(*takers, max_sales=2, source=fixed)).winners] == [900, 0]
    assert [won.payout for won in decide(market(*takers, max_sales=2, source=share)).winners] == [1250, 1250]


def test_test_leads_are_paid_from_the_account_of_the_test_book() -> None:
    both = contract(1, test_account_id=71)
    test = market(both, mode="test", state={"funds": {71: Funds(5000)}})

    assert decide(test).winners[0].account_id == 71
    assert decide(replace(test, mode="live")).codes() == ["insufficient_funds"]


def test_a_stored_decision_is_replayed_bit_for_bit() -> None:
    decided = market(
        contract(1, filters={"none": [{"field": "zip", "op": "within", "value": {"zip": "75001", "miles": 25}}]}),
        contract(2, weight=30, caps=ONE_A_DAY),
        contract(3, sells="both", schedule=parse_schedule([{"from": "22:00", "to": "02:00"}])),
        method="weighted",
        state={
            **used_today(contract_id(2)),
            "earlier": (Earlier(contract_id(9), buyer_id(9), NOON),),
            "closed": {contract_id(3): Reason.CLOSED_MEANWHILE_CAP},
        },
        source=SourceTerms(id=SOURCE, caps=ONE_A_DAY, payout_kind="fixed", payout_value=5),
    )

    assert replays_bit_for_bit(decided)
