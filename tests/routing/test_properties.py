"""What holds of every market, however odd."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import FieldProblems
from routing.caps import Usage, parse_caps
from routing.claims import usage_keys
from routing.eligibility import RULES, Case
from routing.engine import decide, screen
from routing.filters import Filter, parse_filter
from routing.operators import OPERATORS
from routing.price_rules import parse_price_rules
from routing.reasons import Reason
from routing.schedule import parse_schedule
from routing.types import ContractTerms, Decision, Earlier, Funds, Market, SourceTerms, State, Turn
from tests.routing.laws import judges_each_contract_once, replays_bit_for_bit
from tests.routing.markets import SOURCE, buyer_id, contract, contract_id, market

properties = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

OPERANDS: dict[str, Any] = {
    "within": {"zip": "75001", "miles": 40},
    "between": [1, 50],
    "in": ["TX", 5, True, "75001-76001"],
    "not_in": ["NY"],
    "gt": 5,
    "gte": "2026-01-01",
    "lt": "2026-01-01T00:00:00Z",
    "lte": 5.5,
    "exists": True,
    "prefix": "7",
    "regex": "[A-Z]+",
    "eq": "TX",
    "ne": False,
}
names = st.sampled_from(["state", "zip", "age", "born", "score"])
odd_values = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.decimals(), st.datetimes(), st.dates()),
    *(st.text(max_size=8), st.text("0123456789-:TZ+. ", max_size=25), st.characters(categories=["Cs"])),
    *(st.lists(st.text(max_size=3), max_size=2), st.binary(max_size=4)),
    st.sampled_from(["TX", "75001", "2026-05-12", "0001-01-01T00:00:00+23:59"]),
)
leads = st.dictionaries(st.one_of(names, st.text(max_size=4)), odd_values, max_size=6)
checks = st.sampled_from(sorted(OPERATORS)).flatmap(
    lambda op: names.map(lambda name: {"field": name, "op": op, "value": OPERANDS[op]})
)
filters = st.recursive(
    checks,
    lambda inner: st.sampled_from(["all", "any", "none"]).flatmap(
        lambda group: st.lists(inner, min_size=1, max_size=3).map(lambda parts: {group: parts})
    ),
    max_leaves=4,
)
caps = st.lists(
    st.fixed_dictionaries(
        {
            "window": st.sampled_from(["hour", "day", "week", "month", "total"]),
            "unit": st.sampled_from(["leads", "money"]),
            "limit": st.integers(0, 20_000),
        }
    ),
    max_size=2,
).map(parse_caps)
zones = st.sampled_from(["America/Chicago", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"])
prices = st.integers(0, 10_000)


@st.composite
def contracts(draw: st.DrawFn, number: int) -> ContractTerms:
    rules = [{"when": draw(filters), "price": draw(prices)}] if draw(st.booleans()) else []
    return contract(
        number,
        filters=draw(filters | st.just({})),
        buyer_id=buyer_id(draw(st.integers(1, 4))),
        status=draw(st.sampled_from(["active", "active", "active", "paused"])),
        price=draw(prices),
        shared_price=draw(st.none() | prices),
        priority=draw(st.integers(1, 2)),
        weight=draw(st.integers(1, 100)),
        min_score=draw(st.integers(0, 70)),
        timezone=draw(zones),
        caps=draw(caps),
        buyer_caps=draw(caps),
        sells=draw(st.sampled_from(["exclusive", "shared", "both"])),
        price_rules=parse_price_rules(rules),
        schedule=parse_schedule([{"from": "20:00", "to": "18:00"}]) if draw(st.booleans()) else parse_schedule([]),
    )


@st.composite
def markets(draw: st.DrawFn) -> Market:
    offered = [draw(contracts(number)) for number in range(1, draw(st.integers(0, 5)) + 1)]
    source = SourceTerms(id=SOURCE, caps=draw(caps), payout_kind="percent", payout_value=draw(st.integers(0, 10_000)))
    drawn = market(
        *offered,
        fields=draw(leads),
        method=draw(st.sampled_from(["waterfall", "round_robin", "weighted"])),
        max_sales=draw(st.integers(1, 3)),
        floor_price=draw(st.integers(0, 3_000)),
        caps=draw(caps),
        source=source,
        now=draw(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001
    )
    state = replace(
        drawn.state,
        usage={key: Usage(draw(st.integers(0, 3)), draw(prices)) for key in usage_keys(drawn.terms, source, drawn.now)},
        funds={
            c.account_id: Funds(draw(prices), frozen=draw(st.sampled_from([False, False, True])))
            for c in offered
            if c.account_id
        },
        rotation={c.id: Turn(draw(st.integers(0, 9)), draw(st.integers(0, 10**9))) for c in offered},
        earlier=(Earlier(contract_id(1), buyer_id(1), drawn.now - timedelta(days=draw(st.integers(0, 40)))),),
        closed={contract_id(2): Reason.BUYER_REFUSED} if draw(st.booleans()) else {},
        excluded_buyers=frozenset({buyer_id(3)} if draw(st.booleans()) else ()),
        shared_with=draw(st.integers(0, drawn.terms.max_sales - 1)),
    )
    return replace(drawn, state=state)


def with_contracts(asked: Market, offered: tuple[ContractTerms, ...]) -> Decision:
    return decide(replace(asked, terms=replace(asked.terms, contracts=offered)))


@properties
@given(markets(), st.randoms())
def test_the_order_of_contracts_never_changes_the_decision(asked: Market, random: Any) -> None:
    shuffled = list(asked.terms.contracts)
    random.shuffle(shuffled)

    assert with_contracts(asked, tuple(shuffled)) == decide(asked)


@properties
@given(markets())
def test_an_ineligible_contract_changes_nothing_but_its_own_verdict(asked: Market) -> None:
    before = decide(asked)
    after = with_contracts(asked, (*asked.terms.contracts, contract(99, status="paused", price=99_999)))

    assert (after.outcome, after.winners, after.ranking) == (before.outcome, before.winners, before.ranking)
    assert after.verdicts[:-1] == before.verdicts
    assert after.verdicts[-1].reason is Reason.CONTRACT_PAUSED


@properties
@given(markets())
def test_no_price_is_under_the_floor_and_no_more_win_than_may(asked: Market) -> None:
    decision = decide(asked)

    assert [winner for winner in decision.winners if winner.price < asked.terms.floor_price] == []
    assert len(decision.winners) <= asked.terms.max_sales - asked.state.shared_with
    assert len({winner.buyer_id for winner in decision.winners}) == len(decision.winners)
    alone = len(decision.winners) == 1 and not asked.state.shared_with
    assert alone or not any(winner.exclusive for winner in decision.winners)


@properties
@given(markets())
def test_every_contract_gets_one_verdict_and_exactly_the_winners_have_no_reason(asked: Market) -> None:
    assert judges_each_contract_once(asked)


@properties
@given(markets())
def test_every_decision_is_replayed_bit_for_bit_from_its_json(asked: Market) -> None:
    assert replays_bit_for_bit(asked)


@properties
@given(leads, filters)
def test_no_lead_upsets_a_filter(lead: dict[str, Any], document: dict[str, Any]) -> None:
    asked = market(contract(1, filters=document), fields=lead)
    expected = "won" if parse_filter(document).miss(asked.facts.fields) is None else "filter_mismatch"

    assert decide(asked).codes() == [expected]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "none", "field", "op", "value", "zip", "miles"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@properties
@given(json_values | checks.flatmap(lambda check: json_values.map(lambda value: {**check, "value": value})))
def test_any_json_is_a_filter_or_is_refused_with_a_path(document: Any) -> None:
    parsed, faults = parsed_or_faults(document)

    if parsed is None:
        assert faults
        assert [path for path in faults if not path.startswith("filters")] == []
    else:
        parsed.miss({"state": "TX"})
        assert parse_filter(parsed.document) == parsed


def parsed_or_faults(document: Any) -> tuple[Filter | None, list[str]]:
    try:
        return parse_filter(document), []
    except FieldProblems as refused:
        return None, [problem.field for problem in refused.errors]


@properties
@given(markets())
def test_what_is_screened_before_the_state_is_known_decides_alike(asked: Market) -> None:
    known = State(closed=asked.state.closed, excluded_buyers=asked.state.excluded_buyers)

    assert decide(asked, screen(replace(asked, state=known))) == decide(asked)


@properties
@given(markets())
def test_counters_and_funds_of_those_screened_out_change_nothing(asked: Market) -> None:
    out = screen(asked)
    contenders = [contract for place, contract in enumerate(asked.terms.contracts) if place not in out]
    keys = usage_keys(asked.terms, asked.source, asked.now, contenders=contenders)
    accounts = {contract.account(asked.mode) for contract in contenders}
    state = replace(
        asked.state,
        usage={key: asked.state.usage[key] for key in keys},
        funds={account: funds for account, funds in asked.state.funds.items() if account in accounts},
    )

    assert decide(replace(asked, state=state), out) == decide(asked)


@properties
@given(markets())
def test_looking_first_tests_up_says_what_asking_every_rule_in_turn_does(asked: Market) -> None:
    case = Case(asked)
    one_by_one = {
        position: next((loss for rule in RULES if (loss := rule(case, contract)) is not None), None)
        for position, contract in enumerate(asked.terms.contracts)
    }

    assert screen(asked) == {position: loss for position, loss in one_by_one.items() if loss is not None}
