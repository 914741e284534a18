"""Many are asked at once: each ends as an outcome of its own, and nobody waits for those who do not answer."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pytest
from pytest_django import Settings

from core.http import fan_out as fan_out_module
from core.http import loop
from core.http.client import BODY_LIMIT, MOST_OPEN, OPEN_PER_LANE, Request
from core.http.fan_out import Ask, Scripted, Told, fan_out
from core.http.outcomes import Outcome, Response
from tests.processes import wait_until
from tests.webhooks.receiver import Receiver, Script, bomb, drip, flood, raw, receiving, reset, silence, status

FOREVER = 5.0
SOON = 400.0


@dataclass(frozen=True)
class KeptAlive:
    """A receiver that answers all that comes over one connection, when `ready`; `got` holds the first of each only."""

    receiver: Receiver
    ready: threading.Event

    @property
    def url(self) -> str:
        return self.receiver.url


@pytest.fixture
def kept_alive() -> Iterator[KeptAlive]:
    ready = threading.Event()
    ready.set()

    def play(connection: socket.socket) -> None:
        while True:
            ready.wait(FOREVER)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            if not connection.recv(65536):
                return

    with receiving(play) as started:
        yield KeptAlive(started, ready)


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> Iterator[None]:
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    loop.stop()
    yield
    loop.stop()


def ask(url: str, lane: str = "", **more: float) -> Ask[Told]:
    return Ask(Request(url, body=b"{}", **more), as_told, lane)  # type: ignore[arg-type]


def as_told(told: Told) -> Told:
    return told


def ask_each(asks: Sequence[Ask[Told]], *, within_ms: float) -> list[Told]:
    return fan_out(asks, size=len(asks), within_ms=within_ms)


def outcomes(told: list[Told]) -> list[str]:
    """In a word each: the outcome, or the defect of a body that cannot be used, or that it came late."""
    return ["late" if one.response is None else (one.response.defect or one.response.outcome).value for one in told]


HOSTILE: dict[str, tuple[Script, set[str]]] = {
    "garbage": (raw(b"\x00\xff\xfeno http at all\r\n\r\n"), {"bad_encoding", "reset_after_send", "truncated"}),
    "ten megabytes": (flood(10), {"too_large"}),
    "a gzip bomb": (bomb(), {"bad_encoding"}),
    "a body drop by drop": (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"x", FOREVER), {"late"}),
    "headers without end": (drip(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n", FOREVER), {"late"}),
    "a flood of headers": (
        raw(b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 100_000 + b"\r\n"),
        {"too_large", "bad_encoding"},
    ),
    "a redirect to a private address": (status(302, b"", "Location: http://169.254.169.254/latest"), {"http_3xx"}),
    "half an answer": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"), {"truncated"}),
    "hanging up": (reset, {"reset_after_send"}),
    "silence": (silence(FOREVER), {"late"}),
    "a picture": (status(200, b"\x89PNG\r\n", "Content-Type: image/png"), {"ok"}),
    "a length below nothing": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), {"bad_encoding"}),
    "two lengths": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 90\r\n\r\nx"), {"bad_encoding"}),
}


def test_hostile_answers_end_as_an_outcome_each_and_the_others_are_heard() -> None:
    with ExitStack() as stack:
        hostile = [stack.enter_context(receiving(script)) for script, _ in HOSTILE.values()]
        good = stack.enter_context(receiving(status(200, b'{"price": 42.5}')))
        told = ask_each([ask(one.url) for one in [*hostile, good]], within_ms=1500)
    ended = dict(zip([*HOSTILE, "good"], outcomes(told), strict=True))
    assert {name: ended[name] for name, (_, allowed) in HOSTILE.items() if ended[name] not in allowed} == {}
    assert told[-1].response is not None
    assert told[-1].response.body_head == b'{"price": 42.5}'
    assert max(len(one.response.body_head) for one in told if one.response) <= BODY_LIMIT


def test_addresses_that_are_never_called_are_not_called_and_the_others_are() -> None:
    with receiving() as good:
        told = ask_each(
            [ask("http://169.254.169.254/latest"), ask("http://10.0.0.1/"), ask("no url"), ask(good.url)],
            within_ms=5000,
        )
    assert outcomes(told) == ["blocked_address", "blocked_address", "bad_url", "ok"]


def test_who_has_not_answered_by_the_deadline_is_late_and_the_rest_is_kept() -> None:
    with receiving(silence(FOREVER)) as silent, receiving() as prompt:
        told = ask_each([ask(silent.url), ask(prompt.url), ask(silent.url)], within_ms=SOON)
    assert outcomes(told) == ["late", "ok", "late"]
    assert [one.late for one in told] == [True, False, True]
    assert told[0].started_ms is not None
    assert (told[0].answered_ms, told[1].answered_ms is not None) == (None, True)


def test_a_time_limit_of_ones_own_ends_one_question_before_the_deadline() -> None:
    with receiving(silence(FOREVER)) as silent:
        told = ask_each([ask(silent.url, timeout=0.05)], within_ms=60_000)
    assert outcomes(told) == ["timeout"]
    assert not told[0].late


def test_a_deadline_that_has_passed_hears_nobody() -> None:
    with receiving(silence(FOREVER)) as silent:
        assert outcomes(ask_each([ask(silent.url)], within_ms=-1)) == ["late"]


def test_a_late_answer_is_not_heard_but_keeps_its_connection(kept_alive: KeptAlive) -> None:
    kept_alive.ready.clear()
    assert outcomes(ask_each([ask(kept_alive.url)], within_ms=150)) == ["late"]
    kept_alive.ready.set()
    wait_until(lambda: not fan_out_module._left, "the late answer is read")
    assert outcomes(ask_each([ask(kept_alive.url)], within_ms=5000)) == ["ok"]
    assert len(kept_alive.receiver.got) == 1


def test_nobody_to_ask_is_told_nothing() -> None:
    assert ask_each([], within_ms=SOON) == []


def test_scripted_answers_come_after_their_delay_and_never_when_that_is_too_long() -> None:
    answer = Response(Outcome.OK, status=200, body_head=b"{}")
    told = ask_each([Ask(Scripted(answer), as_told), Ask(Scripted(answer, delay=FOREVER), as_told)], within_ms=SOON)
    assert outcomes(told) == ["ok", "late"]
    assert told[0].response is answer


def test_one_who_keeps_many_waiting_fills_his_own_lane_and_nobody_elses() -> None:
    with receiving(silence(FOREVER)) as slow, receiving() as prompt:
        crowd = [ask(slow.url, "slow") for _ in range(OPEN_PER_LANE + 6)]
        told = ask_each([*crowd, ask(prompt.url, "prompt"), ask(prompt.url)], within_ms=4000)
    assert outcomes(told) == ["late"] * len(crowd) + ["ok", "ok"]
    assert sum(one.started_ms is None for one in told) == 6


def test_a_place_in_a_lane_is_free_again_once_its_question_is_answered() -> None:
    with receiving() as prompt:
        told = ask_each([ask(prompt.url, "one") for _ in range(OPEN_PER_LANE + 6)], within_ms=60_000)
        lanes = loop.run(_lanes_in_use())
    assert outcomes(told) == ["ok"] * (OPEN_PER_LANE + 6)
    assert lanes == 0


async def _lanes_in_use() -> int:
    return len(loop.client().lanes)


def test_a_connection_is_kept_and_used_again(kept_alive: KeptAlive) -> None:
    for _ in range(3):
        assert outcomes(ask_each([ask(kept_alive.url)], within_ms=5000)) == ["ok"]
    assert len(kept_alive.receiver.got) == 1


def test_the_first_are_asked_while_the_last_are_still_being_made() -> None:
    order: list[str] = []

    def heard(told: Told) -> Told:
        order.append("heard")
        return told

    def asks() -> Iterator[Ask[Told]]:
        for _ in range(20):
            order.append("made")
            yield Ask(Scripted(Response(Outcome.OK, status=200)), heard)

    assert outcomes(fan_out(asks(), size=20, within_ms=60_000)) == ["ok"] * 20
    assert order.index("heard") < 10


def test_an_answer_is_read_before_the_others_have_come() -> None:
    read: list[str] = []

    def note(name: str, _: Told) -> str:
        read.append(name)
        return name

    def noting(name: str, delay: float) -> Ask[str]:
        return Ask(Scripted(Response(Outcome.OK, status=200), delay), as_told).then(partial(note, name))

    assert fan_out([noting("slow", 0.2), noting("quick", 0.0)], size=2, within_ms=60_000) == ["slow", "quick"]
    assert read == ["quick", "slow"]


def test_an_error_of_our_own_in_making_a_question_is_raised_and_leaves_room_for_others() -> None:
    def asks() -> Iterator[Ask[Told]]:
        yield Ask(Scripted(Response(Outcome.OK), delay=FOREVER), as_told)
        raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            fan_out(asks(), size=MOST_OPEN, within_ms=60_000)
