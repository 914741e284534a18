"""Mocks answer for buyers in the test book: through the same fan-out and the same reading as real answers."""

from typing import Any

import pytest

from buyers.exchange.answers import Answer, AnswerOutcome
from buyers.mocks import answer_ping, answer_post, mock_stage
from core.http.fan_out import Ask, Scripted, Told, fan_out


def told(scripted: Scripted) -> Told:
    (one,) = fan_out([Ask(scripted, lambda told: told)], size=1, within_ms=2000 if scripted.delay < 1 else 100)
    return one


def ping(**mock: Any) -> Answer:
    response = told(answer_ping(mock, price=17500, currency="USD")).response
    assert response is not None
    return mock_stage("ping", currency="USD").read(response)


def post(**mock: Any) -> Answer:
    response = told(answer_post(mock)).response
    assert response is not None
    return mock_stage("post", currency="USD").read(response)


def test_a_mock_that_says_nothing_bids_its_contracts_price_and_accepts() -> None:
    assert ping() == Answer(AnswerOutcome.ACCEPTED, price=17500, token="mock")
    assert post().accepted


def test_a_bid_is_bid_and_the_answer_is_the_posts() -> None:
    assert ping(bid=4250, answer="refuse").price == 4250
    assert post(bid=4250, answer="refuse").outcome is AnswerOutcome.REFUSED


@pytest.mark.parametrize(
    ("answer", "to_ping", "to_post"),
    [
        ("refuse", AnswerOutcome.NO_BID, AnswerOutcome.REFUSED),
        ("error", AnswerOutcome.ERROR, AnswerOutcome.ERROR),
        ("garbage", AnswerOutcome.UNREADABLE, AnswerOutcome.UNREADABLE),
    ],
)
def test_without_a_bid_the_ping_ends_as_the_post_would(
    answer: str, to_ping: AnswerOutcome, to_post: AnswerOutcome
) -> None:
    assert (ping(answer=answer).outcome, post(answer=answer).outcome) == (to_ping, to_post)


def test_an_error_leaves_open_whether_the_buyer_has_the_lead_and_a_refusal_does_not() -> None:
    assert post(answer="error").unknown
    assert not post(answer="refuse").unknown


def test_one_that_times_out_never_answers() -> None:
    assert told(answer_ping({"answer": "timeout"}, price=1, currency="USD")).late
    assert told(answer_post({"answer": "timeout", "bid": 100})).late


def test_an_answer_takes_as_long_as_it_is_told_to() -> None:
    answered = told(answer_ping({"delay_ms": 80}, price=1, currency="USD")).answered_ms
    assert answered is not None
    assert answered >= 80


def test_prices_are_of_the_currency() -> None:
    response = told(answer_ping({"bid": 500}, price=1, currency="JPY")).response
    assert response is not None
    assert mock_stage("ping", currency="JPY").read(response).price == 500
