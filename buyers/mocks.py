"""How a contract's mock answers for its buyer in the test book: without any network, in the form of a real answer.

A mock with a `bid` bids it, and its `answer` is what comes of the post; without a bid the ping too ends as `answer`
says, and one that accepts bids the contract's price. `delay_ms` is how long each answer takes.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, Literal

from buyers.exchange.methods import compile_method
from buyers.exchange.stages import Stage
from core import json
from core.http.fan_out import Scripted
from core.http.outcomes import Outcome, Response, outcome_of
from core.money import to_major

_TOKEN: Final = "mock"  # noqa: S105 - the name of a bid
_NEVER: Final = 3600.0  # seconds: longer than anybody waits
_JSON: Final = {"content-type": "application/json"}
_NOWHERE: Final = {"url": "https://mock.invalid/"}
_METHOD: Final = {"method": "http", "preset": "generic_json", "ping": _NOWHERE, "post": _NOWHERE}


@cache
def mock_stage(kind: Literal["ping", "post"], *, currency: str) -> Stage:
    """The stage that reads what mocks answer: they speak generic_json, whatever the contract's own buyer speaks."""
    method = compile_method(_METHOD, currency=currency, pingable=())
    assert method.ping is not None
    return method.ping if kind == "ping" else method.post


def answer_ping(mock: Mapping[str, Any], *, price: int, currency: str) -> Scripted:
    """What the mock says to a ping. `price`, in minor units, is the contract's, for a mock without a bid."""
    if "bid" not in mock:
        return _scripted(mock, _bid(price, currency))
    return Scripted(_said(_bid(mock["bid"], currency)), delay=_delay(mock))


def answer_post(mock: Mapping[str, Any]) -> Scripted:
    """What the mock says to a post."""
    return _scripted(mock, {"accepted": True, "reason": None})


def _scripted(mock: Mapping[str, Any], accepted: Mapping[str, Any]) -> Scripted:
    answer = mock.get("answer", "accept")
    if answer == "timeout":
        return Scripted(Response(Outcome.TIMEOUT), delay=_NEVER)
    response = _said(accepted) if answer == "accept" else _OTHERWISE[answer]()
    return Scripted(response, delay=_delay(mock))


def _bid(minor: int, currency: str) -> dict[str, Any]:
    return {"accepted": True, "price": to_major(minor, currency), "token": _TOKEN, "reason": None}


def _said(document: Mapping[str, Any], status: int = 200) -> Response:
    return Response(outcome_of(status), status=status, headers=_JSON, body_head=json.dumps(document))


_OTHERWISE: Final[Mapping[str, Callable[[], Response]]] = {
    "refuse": lambda: _said({"accepted": False, "reason": "refused by the mock"}),
    "error": lambda: _said({"error": "the mock's system is down"}, status=500),
    "garbage": lambda: Response(Outcome.OK, status=200, body_head=b"<html>no answer that anybody could read</html>"),
}


def _delay(mock: Mapping[str, Any]) -> float:
    return float(mock.get("delay_ms", 0)) / 1000
