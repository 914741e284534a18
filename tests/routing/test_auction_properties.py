"""What holds of every auction, however odd its bids."""

from dataclasses import replace
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from routing.engine import decide, eligible_for_ping
from routing.expectation import MILLION, Odds
from routing.types import Bid, BidOutcome, ContractTerms, Decision, Funds, Market, Promised, SourceTerms
from tests.routing.laws import judges_each_contract_once, replays_bit_for_bit
from tests.routing.markets import SOURCE, buyer_id, contract, contract_id, market, winners
from tests.routing.test_properties import caps, properties

prices = st.integers(0, 900)
chances = st.integers(0, MILLION)
odds = st.builds(Odds, chances, chances, st.sampled_from(["model", "record"]))
outcomes = st.sampled_from([*BidOutcome, *[BidOutcome.BID] * 9])


@st.composite
def contracts(draw: st.DrawFn, number: int) -> ContractTerms:
    return contract(
        number,
        buyer_id=buyer_id(draw(st.integers(1, 5))),
        status=draw(st.sampled_from(["active"] * 9 + ["paused"])),
        price=draw(prices),
        shared_price=draw(st.none() | prices),
        priority=draw(st.integers(1, 2)),
        caps=draw(st.just(()) | caps),
        sells=draw(st.sampled_from(["exclusive", "shared", "both"])),
        pinged=draw(st.sampled_from([True, True, False])),
        min_bid=draw(st.none() | st.integers(0, 200)),
        max_bid=draw(st.none() | st.integers(600, 900)),
        return_penalty=draw(st.sampled_from([0, 0, 250, 3_333, 10_000])),
    )


@st.composite
def bids(draw: st.DrawFn, number: int) -> Bid:
    return Bid(
        contract_id(number),
        draw(outcomes),
        draw(prices),
        answered_ms=draw(st.none() | st.integers(0, 3)),
    )


@st.composite
def auctions(draw: st.DrawFn, *, prices_paid: tuple[str, ...] = ("first", "second"), promised: bool = True) -> Market:
    numbers = range(1, draw(st.integers(1, 6)) + 1)
    offered = [draw(contracts(number)) for number in numbers]
    state = {
        "funds": {number: Funds(draw(st.integers(0, 900) | st.just(10**6))) for number in numbers},
        "bids": {contract_id(number): draw(bids(number)) for number in numbers if offered[number - 1].pinged},
        "odds": {contract_id(number): draw(odds) for number in numbers if draw(st.booleans())},
        "promised": draw(st.none() | st.builds(Promised, prices, prices)) if promised else None,
    }
    kind = draw(st.sampled_from(["percent", "fixed", "none"]))
    return market(
        *offered,
        method="ping_post",
        auction_price=draw(st.sampled_from(prices_paid)),
        rank_by=draw(st.sampled_from(["method", "expected_value"])),
        max_sales=draw(st.integers(1, 3)),
        floor_price=draw(st.integers(0, 300)),
        caps=draw(st.just(()) | caps),
        source=SourceTerms(id=SOURCE, payout_kind=kind, payout_value=draw(st.integers(0, 10_000)), caps=draw(caps)),
        state=state,
    )


@st.composite
def plain_auctions(draw: st.DrawFn) -> Market:
    """Live bidders with all the room in the world, each of a buyer of its own."""
    numbers = range(1, draw(st.integers(1, 6)) + 1)
    penalties, ways = st.sampled_from([0, 0, 250, 3_333]), st.sampled_from(["exclusive", "shared"])
    sells = ways if draw(st.booleans()) else st.just("exclusive")
    return market(
        *(contract(n, pinged=True, return_penalty=draw(penalties), sells=draw(sells)) for n in numbers),
        method="ping_post",
        max_sales=draw(st.integers(1, 3)),
        state={
            "bids": {contract_id(n): Bid(contract_id(n), BidOutcome.BID, draw(st.integers(1, 99))) for n in numbers}
        },
    )


def with_terms(asked: Market, **terms: Any) -> Market:
    return replace(asked, terms=replace(asked.terms, **terms))


def rebid(asked: Market, number: int, price: int) -> Market:
    key = contract_id(number)
    answers = {**asked.state.bids, key: asked.state.bids[key]._replace(price=price)}
    return replace(asked, state=replace(asked.state, bids=answers))


def effective(asked: Market, number: int, price: int) -> int:
    return price * (10_000 - asked.terms.contract(contract_id(number)).return_penalty) // 10_000


def bid_of(decision: Decision, number: int) -> int:
    """What the contract bid in the way that it won."""
    winner = next(won for won in decision.winners if won.contract_id.int == number)
    told = next(verdict.inputs for verdict in decision.verdicts if verdict.contract_id.int == number)
    return int(told["bid"] if winner.exclusive else told.get("shared_bid", told["bid"]))


@properties
@given(auctions(), st.randoms())
def test_the_order_of_contracts_and_bids_never_changes_the_decision(asked: Market, random: Any) -> None:
    shuffled, answers = list(asked.terms.contracts), list(asked.state.bids.items())
    random.shuffle(shuffled)
    random.shuffle(answers)

    other = replace(asked, state=replace(asked.state, bids=dict(answers)))
    assert decide(with_terms(other, contracts=tuple(shuffled))) == decide(asked)


@properties
@given(auctions())
def test_every_auction_is_replayed_bit_for_bit_from_its_record(asked: Market) -> None:
    assert replays_bit_for_bit(asked)


@properties
@given(auctions())
def test_every_contract_gets_one_verdict_and_exactly_the_winners_have_no_reason(asked: Market) -> None:
    assert judges_each_contract_once(asked)


@properties
@given(auctions())
def test_nobody_pays_more_than_it_bid_or_less_than_floor_and_least_bid(asked: Market) -> None:
    decision = decide(asked)

    for winner in decision.winners:
        terms = asked.terms.contract(winner.contract_id)
        least = max(asked.terms.floor_price, (terms.min_bid or 0) if terms.pinged else 0)
        assert least <= winner.price <= bid_of(decision, winner.contract_id.int)
        assert winner.price <= asked.state.funds[terms.account_id or 0].available
    assert len({winner.buyer_id for winner in decision.winners}) == len(decision.winners) <= asked.terms.max_sales
    assert all(not winner.exclusive for winner in decision.winners) or len(decision.winners) == 1


@properties
@given(auctions())
def test_what_the_source_was_promised_is_kept_or_nothing_is_sold(asked: Market) -> None:
    decision, promised = decide(asked), asked.state.promised

    if promised is not None and decision.winners:
        assert sum(winner.price for winner in decision.winners) >= promised.price
        assert sum(winner.payout for winner in decision.winners) >= promised.payout


@properties
@given(auctions())
def test_only_a_bid_in_time_wins_and_only_of_who_was_to_be_asked(asked: Market) -> None:
    to_ask = {found.id for found in eligible_for_ping(replace(asked, state=replace(asked.state, bids={}, odds={})))}

    for winner in decide(asked).winners:
        if asked.terms.contract(winner.contract_id).pinged:
            assert asked.state.bids[winner.contract_id].outcome is BidOutcome.BID
            assert winner.contract_id in to_ask


@properties
@given(auctions(prices_paid=("first",)), contracts(9), bids(9))
def test_in_first_price_a_bidder_that_loses_changes_nothing_for_the_others(
    asked: Market, late: ContractTerms, its: Bid
) -> None:
    funds = {**asked.state.funds, 9: Funds(10**6)}
    state = replace(asked.state, bids={**asked.state.bids, late.id: its}, funds=funds)
    after = decide(replace(with_terms(asked, contracts=(*asked.terms.contracts, late)), state=state))

    if 9 not in winners(after):
        assert after.winners == decide(asked).winners


@properties
@given(auctions(promised=False))
def test_first_and_second_price_have_the_same_winners(asked: Market) -> None:
    first, second = (decide(with_terms(asked, auction_price=price)) for price in ("first", "second"))

    assert winners(first) == winners(second)
    assert first.ranking == second.ranking


@properties
@given(plain_auctions())
def test_no_other_choice_would_be_worth_more(asked: Market) -> None:
    bid = {c.id.int: effective(asked, c.id.int, asked.state.bids[c.id].price or 0) for c in asked.terms.contracts}
    alone = [c.id.int for c in asked.terms.contracts if c.sells == "exclusive" and bid[c.id.int] >= 0]
    sharing = [c.id.int for c in asked.terms.contracts if c.sells == "shared" and asked.terms.max_sales > 1]
    groups = [group for size in range(1, asked.terms.max_sales + 1) for group in combinations(sharing, size)]

    choices = [*((one,) for one in alone), *groups]
    most = max((sum(bid[number] for number in choice) for choice in choices), default=None)

    won = winners(decide(asked))
    assert (sum(bid[number] for number in won) if won else None) == most


@properties
@given(plain_auctions(), st.sampled_from(["exclusive", "shared"]))
def test_second_price_is_the_least_that_would_still_have_won(asked: Market, sells: str) -> None:
    same = with_terms(asked, contracts=tuple(replace(c, sells=sells) for c in asked.terms.contracts))

    for winner in decide(with_terms(same, auction_price="second")).winners:
        number, bid = winner.contract_id.int, same.state.bids[winner.contract_id].price or 0
        if winner.price < bid:
            assert number in winners(decide(losing_ties(rebid(same, number, winner.price), number)))
        if 1 < winner.price < bid:
            assert number not in winners(decide(losing_ties(rebid(same, number, winner.price - 1), number)))


def losing_ties(asked: Market, number: int) -> Market:
    behind = (replace(c, priority=2) if c.id.int == number else c for c in asked.terms.contracts)
    return with_terms(asked, contracts=tuple(behind))


@properties
@given(auctions(), st.integers(1, 2))
def test_where_others_share_the_lead_only_their_places_are_left_and_nobody_gets_it_alone(
    asked: Market, shared_with: int
) -> None:
    shared = replace(asked, state=replace(asked.state, shared_with=shared_with))
    decision = decide(shared)
    assert len(decision.winners) <= max(asked.terms.max_sales - shared_with, 0)
    assert not any(winner.exclusive for winner in decision.winners)
    assert judges_each_contract_once(shared)
    assert replays_bit_for_bit(shared)
