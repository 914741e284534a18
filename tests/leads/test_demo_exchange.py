"""The demo's bidders: ten systems that answer in different ways, all of them read by their contracts' methods."""

import json
from collections import Counter

import pytest
from django.test import Client

from buyers.exchange.answers import AnswerOutcome
from buyers.exchange.methods import compile_method
from core.http.outcomes import Response, outcome_of
from leads.demo.bidders import BIDDERS, TEMPERS
from leads.demo.exchange import HANG_SECONDS, reply_to
from leads.demo.moving import placed

RECEIVER = "http://127.0.0.1:8000/demo/receiver/"
PINGABLE = ("state", "zip", "vehicle_year", "vehicle_make", "vehicle_model", "insured_now", "drivers", "accidents_3y")
QUESTIONS = [json.dumps({"ping_id": number}).encode() for number in range(400)]
ONES = pytest.mark.parametrize("slug", TEMPERS)


def outcomes(slug: str, stage: str) -> Counter[AnswerOutcome]:
    """What a buyer's contract makes of its answers."""
    (bidder,) = (bidder for bidder in BIDDERS if bidder["slug"] == slug)
    delivery = placed(bidder["contracts"][0]["delivery"], RECEIVER)
    method = compile_method(delivery, currency="USD", pingable=PINGABLE)
    read = method.ping if stage == "ping" else method.post
    assert read is not None
    replies = (reply_to(slug, stage, question) for question in QUESTIONS)
    return Counter(
        read.read(Response(outcome_of(one.status), status=one.status, body_head=one.body)).outcome for one in replies
    )


def test_there_are_ten_and_no_two_behave_alike() -> None:
    assert len(set(TEMPERS.values())) == 10


@ONES
def test_a_buyers_answers_to_pings_are_read_and_mostly_bids(slug: str) -> None:
    temper, found = TEMPERS[slug], outcomes(slug, "ping")
    known = {AnswerOutcome.ACCEPTED, AnswerOutcome.NO_BID, AnswerOutcome.ERROR, AnswerOutcome.UNREADABLE}
    assert set(found) <= known
    well = (1 - temper.fails - temper.garbage - temper.hangs) * temper.bids_on
    assert abs(found[AnswerOutcome.ACCEPTED] / len(QUESTIONS) - well) < 0.1
    assert bool(found[AnswerOutcome.UNREADABLE]) == bool(temper.garbage)
    assert bool(found[AnswerOutcome.ERROR]) == bool(temper.fails or temper.hangs)


@ONES
def test_a_buyer_takes_posts_and_refuses_some(slug: str) -> None:
    found = outcomes(slug, "post")
    assert found[AnswerOutcome.ACCEPTED] > 0.2 * len(QUESTIONS)
    assert found[AnswerOutcome.REFUSED] > 0


@ONES
def test_bids_and_waits_are_within_the_temper(slug: str) -> None:
    temper = TEMPERS[slug]
    for question in QUESTIONS:
        reply = reply_to(slug, "ping", question)
        assert reply == reply_to(slug, "ping", question)
        assert reply.wait == HANG_SECONDS or temper.wait[0] <= reply.wait * 1000 <= temper.wait[1]
        if reply.said.startswith("bid "):
            assert temper.bids[0] <= round(float(reply.said[4:]) * 100) <= temper.bids[1]


def test_the_receiver_answers_for_a_bidder_and_shows_it(client: Client) -> None:
    question = next(one for one in QUESTIONS if reply_to("velocity-quotes", "ping", one).said.startswith("bid"))
    expected = reply_to("velocity-quotes", "ping", question)
    answer = client.post("/demo/exchange/velocity-quotes/ping", question, content_type="application/json")
    assert (answer.status_code, answer.content) == (200, expected.body)
    assert f"<td>{expected.said}</td>" in client.get("/demo/receiver/").content.decode()


def test_nobody_answers_for_a_buyer_that_there_is_not(client: Client) -> None:
    assert client.post("/demo/exchange/nobody/ping", b"{}", content_type="application/json").status_code == 404


def test_the_systems_move_with_the_receiver() -> None:
    first = placed({"ping": {"url": "{exchange}a/ping"}}, RECEIVER)
    assert first == {"ping": {"url": "http://127.0.0.1:8000/demo/exchange/a/ping"}}
    assert (
        placed(first, RECEIVER.replace("8000", "8123"))["ping"]["url"] == "http://127.0.0.1:8123/demo/exchange/a/ping"
    )
