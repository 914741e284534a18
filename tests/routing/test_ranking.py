"""Fairness, proved by simulation: many leads in sequence, the rotation advancing as settling would write it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from random import Random
from uuid import UUID

import pytest

from routing.engine import decide
from routing.ranking import STRIDE, stride_of
from routing.types import ContractTerms, Turn
from tests.routing.markets import advanced, contract, market, winners


def run(
    method: str, leads: Iterable[Sequence[ContractTerms]], *, max_sales: int = 1
) -> Iterable[tuple[list[int], dict[UUID, Turn]]]:
    """The winners of each lead in turn, among the contracts that are there for it, and the rotation after it."""
    rotation: dict[UUID, Turn] = {}
    for contracts in leads:
        decision = decide(market(*contracts, method=method, max_sales=max_sales, state={"rotation": rotation}))
        rotation = advanced(rotation, decision)
        yield winners(decision), rotation


def test_round_robin_never_lets_equal_contracts_differ_by_more_than_one_lead() -> None:
    counts: Counter[int] = Counter()
    contracts = [contract(n) for n in range(1, 8)]

    for won, _ in run("round_robin", [contracts] * 100):
        counts.update(won)
        assert max(counts.values()) - min(counts[n] for n in range(1, 8)) <= 1
    assert counts == {1: 15, 2: 15, 3: 14, 4: 14, 5: 14, 6: 14, 7: 14}


@pytest.mark.parametrize("seed", range(5))
def test_round_robin_is_fair_to_each_pair_over_the_leads_both_were_eligible_for(seed: int) -> None:
    random = Random(seed)
    steady = [contract(n) for n in (1, 2, 3)]
    passing = [contract(n) for n in (4, 5, 6, 7)]
    leads = [[*steady, *(c for c in passing if random.random() < 0.4)] for _ in range(300)]
    counts: Counter[int] = Counter()

    for won, _ in run("round_robin", leads):
        counts.update(won)
        assert all(abs(counts[one] - counts[other]) <= 1 for one, other in combinations((1, 2, 3), 2))


def test_round_robin_serves_a_contract_that_comes_back_once_and_then_in_turn() -> None:
    two, three = [contract(1), contract(2)], [contract(1), contract(2), contract(3)]
    order = [won[0] for won, _ in run("round_robin", [three, *[two] * 20, *[three] * 7])]

    assert order[-7:] == [3, 2, 1, 3, 2, 1, 3]


def test_round_robin_shares_in_turn_too() -> None:
    sharers = [contract(n, sells="shared") for n in range(1, 6)]
    order = [won for won, _ in run("round_robin", [sharers] * 5, max_sales=2)]

    assert order == [[1, 2], [3, 4], [5, 1], [2, 3], [4, 5]]


def test_weighted_shares_are_exact_after_every_round() -> None:
    contracts = [contract(1, weight=50), contract(2, weight=30), contract(3, weight=20)]
    order = [won[0] for won, _ in run("weighted", [contracts] * 100)]

    assert [Counter(order[start : start + 10]) for start in range(0, 100, 10)] == [Counter({1: 5, 2: 3, 3: 2})] * 10


def test_weighted_turns_are_smooth() -> None:
    contracts = [contract(1, weight=3), contract(2, weight=1)]
    order = [won[0] for won, _ in run("weighted", [contracts] * 8)]

    assert order == [1, 2, 1, 1, 1, 2, 1, 1]


@pytest.mark.parametrize("weights", [(1, 1, 1), (7, 5, 3, 1), (97, 2, 1), (33, 33, 34), (10_000, 1)])
def test_weighted_counts_per_weight_never_differ_by_more_than_one_stride(weights: tuple[int, ...]) -> None:
    contracts = [contract(n, weight=weight) for n, weight in enumerate(weights, 1)]
    counts: Counter[int] = Counter()

    for won, _ in run("weighted", [contracts] * 400):
        counts.update(won)
        for one, other in combinations(contracts, 2):
            served = [counts[c.id.int] * stride_of(c) for c in (one, other)]
            assert abs(served[0] - served[1]) <= max(stride_of(one), stride_of(other))


def test_a_weighted_contract_that_comes_back_does_not_take_every_lead_it_missed() -> None:
    two, three = [contract(1), contract(2)], [contract(1), contract(2), contract(3)]
    order = [won[0] for won, _ in run("weighted", [three, *[two] * 100, *[three] * 9])]

    assert Counter(order[-9:]) == {1: 3, 2: 3, 3: 3}


def test_a_lead_without_rivals_takes_nobodys_share() -> None:
    alone, both = [contract(1)], [contract(1), contract(2)]
    results = list(run("weighted", [*[alone] * 50, *[both] * 4]))

    assert results[49][1] == {contract(1).id: Turn(0, 0)}
    assert [won[0] for won, _ in results[50:]] == [1, 2, 1, 2]


@pytest.mark.parametrize("weight", [*range(1, 26), 50, 100])
def test_strides_of_usual_weights_are_whole(weight: int) -> None:
    assert STRIDE % weight == 0


def test_a_waterfall_writes_no_rotation() -> None:
    (winner,) = decide(market(contract(1), contract(2))).winners

    assert (winner.ticket, winner.pass_floor, winner.pass_add) == (0, 0, 0)


def test_decisions_made_at_the_same_time_add_up_in_the_pass() -> None:
    contracts = [contract(1), contract(2)]
    decision = decide(market(*contracts, method="weighted"))
    once = advanced({}, decision)
    twice = advanced(once, decision)

    assert twice[contract(1).id].pass_value == 2 * once[contract(1).id].pass_value == 2 * stride_of(contracts[0])
