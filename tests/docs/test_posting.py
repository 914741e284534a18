"""The posting clients of docs/integrate.md, each against the running product through a network that fails."""

from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.docs.flaky import DROPPED, LOST, TORN, Fault, Instead, flaky_way
from tests.docs.house import Agency, House
from tests.docs.posting import WAYS, Post, Told, is_there

MARIA = {"campaign_id": "auto", "first_name": "Maria", "last_name": "Garcia", "state": "TX"}
Lead = dict[str, str]
Client = Callable[..., Told]
_people = count(2000)

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(params=sorted(WAYS))
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Client:
    """Posts a lead with one of the clients."""
    program, post = WAYS[request.param]
    if not is_there(program):
        pytest.skip(f"needs {program}")

    def run(url: str, agency: Agency, lead: Mapping[str, str], *, die: float = 1.0) -> Told:
        return post(Post(lead, url, agency.live, key_of(lead), tmp_path, die))

    return run


@pytest.fixture
def lead() -> Lead:
    """A person whom nobody has posted yet."""
    number = next(_people)
    return MARIA | {"phone": f"+1214555{number}", "email": f"maria{number}@example.com"}


def key_of(lead: Mapping[str, str]) -> str:
    return f"form-{lead['email']}"


def recorded(agency: Agency, lead: Mapping[str, str]) -> list[Any]:
    found: list[Any] = agency.get(f"leads?email={lead['email']}")["data"]
    return found


def test_a_lead_is_posted_and_its_answer_given(house: House, agency: Agency, lead: Lead, client: Client) -> None:
    told = client(house.url, agency, lead)
    assert told.slept == []
    assert told.answer["status"] == "accepted"
    assert told.answer["price"] == 1
    assert [lead["lead_id"] for lead in recorded(agency, lead)] == [told.answer["lead_id"]]


def test_waits_double_from_one_second_to_thirty_two_under_one_key(
    house: House, agency: Agency, lead: Lead, client: Client
) -> None:
    faults: list[Fault] = [Instead(503), Instead(500), DROPPED, Instead(429), Instead(502), DROPPED, Instead(504)]
    with flaky_way(house.url, faults) as way:
        told = client(way.url, agency, lead)
    assert told.slept == [1, 2, 4, 8, 16, 32, 32]
    assert told.answer["status"] == "accepted"
    assert way.keys == [key_of(lead)] * 8
    assert len(recorded(agency, lead)) == 1


def test_every_wait_is_a_throw_between_nothing_and_its_ceiling(
    house: House, agency: Agency, lead: Lead, client: Client
) -> None:
    with flaky_way(house.url, [Instead(503)] * 4) as way:
        told = client(way.url, agency, lead, die=0.25)
    assert told.slept == pytest.approx([0.25, 0.5, 1, 2], abs=0.001)
    with flaky_way(house.url, [Instead(503)] * 2) as way:
        told = client(way.url, agency, lead, die=0)
    assert told.slept[-2:] == [0, 0]


def test_what_the_server_asks_for_is_waited_first(house: House, agency: Agency, lead: Lead, client: Client) -> None:
    in_flight = Instead(409, {"Retry-After": "1"})
    with flaky_way(house.url, [Instead(429, {"Retry-After": "37"}), in_flight, Instead(503)]) as way:
        told = client(way.url, agency, lead)
    assert told.slept == [37 + 1, 1 + 2, 4]
    assert told.answer["status"] == "accepted"


@pytest.mark.parametrize("fault", [LOST, TORN], ids=["lost", "torn"])
def test_a_lead_whose_answer_was_lost_is_not_recorded_twice(
    house: House, agency: Agency, lead: Lead, client: Client, fault: str
) -> None:
    with flaky_way(house.url, [fault]) as way:
        told = client(way.url, agency, lead)
    first, second = way.answers
    assert told.slept == [1]
    assert told.answer["status"] == "accepted"  # and not `duplicate`
    assert second.body == first.body
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(recorded(agency, lead)) == 1


def test_a_refused_lead_is_not_sent_again(house: House, agency: Agency, lead: Lead, client: Client) -> None:
    with flaky_way(house.url, []) as way:
        told = client(way.url, agency, lead | {"phone": "12"})
    assert (told.error, told.slept, len(way.keys)) == ("Refused", [], 1)
    assert told.problem["code"] == "invalid"
    assert [problem["field"] for problem in told.problem["errors"]] == ["phone"]


@pytest.mark.parametrize("status", [403, 409])
def test_a_refusal_that_is_no_json_is_shown_too(
    house: House, agency: Agency, lead: Lead, client: Client, status: int
) -> None:
    with flaky_way(house.url, [Instead(status)]) as way:
        told = client(way.url, agency, lead)
    assert (told.error, told.slept) == ("Refused", [])
    assert told.problem == {"detail": "<html>Not now.</html>"}


def test_after_eight_tries_the_lead_is_given_back_to_its_caller(
    house: House, agency: Agency, lead: Lead, client: Client
) -> None:
    with flaky_way(house.url, [DROPPED] * 20) as way:
        told = client(way.url, agency, lead)
    assert (told.error, told.slept) == ("NoAnswer", [1, 2, 4, 8, 16, 32, 32])
    assert len(way.keys) == 8
