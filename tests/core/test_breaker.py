"""A breaker leaves alone whoever fails too often, tries once in a while, and comes back at the first success."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.breaker import Breaker, Phase, Policy, State

POLICY = Policy(window=60, least=10, share=0.5, open_for=5, growth=2, longest=30, patience=20)


def breaker(*, failed: int = 0, succeeded: int = 0, at: float = 1000) -> Breaker:
    made = Breaker(POLICY)
    made.record(at, succeeded=succeeded, failed=failed)
    return made


def test_it_opens_when_half_of_ten_results_are_failures() -> None:
    assert breaker(failed=4, succeeded=6).phase.state is State.CLOSED
    assert breaker(failed=5, succeeded=5).phase == Phase(State.OPEN, since=1000, until=1005, openings=1)


def test_fewer_results_than_the_minimum_open_nothing() -> None:
    assert breaker(failed=9).permit(1000)
    assert not breaker(failed=10).permit(1000)


def test_what_is_older_than_the_window_counts_no_more() -> None:
    tried = breaker(failed=9)
    tried.record(1060, failed=9)
    assert tried.permit(1060)
    tried.record(1061, failed=1)
    assert not tried.permit(1061)


def test_after_the_open_time_one_trial_is_let_through_and_no_other() -> None:
    tried = breaker(failed=10)
    assert [tried.permit(at) for at in (1000, 1004.9, 1005, 1005, 1006)] == [False, False, True, False, False]
    assert tried.phase.state is State.HALF_OPEN


def test_a_trial_that_succeeds_closes_and_what_was_before_is_forgotten() -> None:
    tried = breaker(failed=10)
    tried.permit(1005)
    tried.record(1005.1, succeeded=1)
    assert tried.phase == Phase(State.CLOSED, since=1005.1)
    tried.record(1006, failed=9)
    assert tried.permit(1006)


def test_each_trial_that_fails_doubles_the_open_time_up_to_the_longest() -> None:
    tried, now, lasted = breaker(failed=10), 1000.0, []
    for _ in range(5):
        lasted.append(tried.phase.until - now)
        now = tried.phase.until
        assert tried.permit(now)
        tried.record(now, failed=1)
    assert lasted == [5, 10, 20, 30, 30]


def test_a_trial_that_nothing_is_heard_of_is_given_up() -> None:
    tried = breaker(failed=10)
    assert tried.permit(1005)
    assert not tried.permit(1024)
    assert tried.permit(1025)


def test_answers_to_what_was_sent_before_do_not_close_an_open_breaker() -> None:
    tried = breaker(failed=10)
    tried.record(1001, succeeded=100)
    assert not tried.permit(1001)


def test_the_newer_phase_of_another_process_is_adopted_and_an_older_one_is_not() -> None:
    tried = breaker(succeeded=3)
    tried.adopt(Phase(State.OPEN, since=1002, until=1007, openings=1))
    assert not tried.permit(1003)
    tried.adopt(Phase(State.CLOSED, since=1001))
    assert not tried.permit(1003)
    tried.adopt(Phase(State.CLOSED, since=1004))
    assert tried.permit(1004)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 5), st.integers(0, 5)), max_size=60))
def test_the_same_results_at_the_same_times_lead_to_the_same_phase(steps: list[tuple[float, int, int]]) -> None:
    one, other, now = Breaker(POLICY), Breaker(POLICY), 0.0
    for passed, succeeded, failed in steps:
        now += passed
        assert one.permit(now) == other.permit(now)
        one.record(now, succeeded=succeeded, failed=failed)
        other.record(now, succeeded=succeeded, failed=failed)
    assert one.phase == other.phase


class BreakerMachine(RuleBasedStateMachine):
    """Any course of time, requests and results, beside what a reader of the rules would expect."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker, self.now, self.trials = Breaker(POLICY), 1000.0, 0

    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def somebody_asks(self) -> None:
        before = self.breaker.phase
        if self.breaker.permit(self.now) and before.state is not State.CLOSED:
            self.trials += 1
            if before.state is State.OPEN:
                assert self.now >= before.until
            else:
                assert self.now >= before.since + POLICY.patience

    @rule(succeeded=st.integers(0, 12), failed=st.integers(0, 12))
    def results_come_in(self, succeeded: int, failed: int) -> None:
        before = self.breaker.phase
        self.breaker.record(self.now, succeeded=succeeded, failed=failed)
        after = self.breaker.phase
        if before.state is State.OPEN or not succeeded + failed:
            assert after == before
        if after.state is State.OPEN and before.state is not State.OPEN:
            assert failed or before.state is State.CLOSED  # a success, too, can make the results enough to judge by
            assert after.openings == before.openings + 1

    @precondition(lambda self: self.breaker.phase.state is State.HALF_OPEN)
    @rule()
    def the_trial_succeeds(self) -> None:
        self.breaker.record(self.now, succeeded=1)
        assert self.breaker.phase == Phase(State.CLOSED, since=self.now)

    @invariant()
    def it_is_never_open_for_longer_than_the_longest(self) -> None:
        phase = self.breaker.phase
        if phase.state is State.OPEN:
            assert POLICY.open_for - 1e-6 <= phase.until - phase.since <= POLICY.longest + 1e-6
        assert (phase.openings == 0) == (phase.state is State.CLOSED)


TestBreakerMachine = BreakerMachine.TestCase
