"""What is written down of a request, and what never is."""

import json
import logging
import re
import time
from typing import Any, cast

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from core.logging import LONGEST_PATH, REQUESTS, formatter, redact
from core.middleware import ARRIVED

KEY = "ldk_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg0LnDr2"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The log lines of this test, as they would be written."""
    written: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(self.format(record)))

    handler = Keep()
    handler.setFormatter(formatter())
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    return written


@pytest.mark.urls("tests.house.urls")
def test_a_request_is_one_line_without_query_or_body(lines: list[dict[str, Any]]) -> None:
    Client().post("/v1/tell?phone=5551234567", {"email": "ada@example.com"}, headers={"X-Request-Id": "order-4711"})
    [line] = lines
    assert line["ms"] >= 0
    expected = {"event": "answered", "method": "POST", "path": "/v1/tell", "status": 200, "request_id": "order-4711"}
    assert {name: line[name] for name in expected} == expected
    assert set(line) == {*expected, "ms", "level", "logger", "timestamp"}


@pytest.mark.urls("tests.house.urls")
def test_words_in_the_path_of_a_page_are_not_written_down(lines: list[dict[str, Any]]) -> None:
    Client().get("/tell/one-time-secret")
    assert [line["path"] for line in lines] == ["tell/<str:secret>"]


@pytest.mark.urls("tests.house.urls")
@pytest.mark.parametrize(
    "contact",
    [
        "+15551234567",
        "5551234567",
        "(555) 123-4567",
        "555.123.4567 (555) 123 4568",
        "5551234567-5551234568-5551234569-5551234570-5551234571",
        "ada@example.com",
        "ada@example.com+bob@example.org",
    ],
)
def test_whoever_asks_for_a_person_in_an_address_leaves_no_trace_of_them(
    lines: list[dict[str, Any]], contact: str
) -> None:
    Client().get(f"/v1/nothing/{contact}/sales")
    assert [line["path"] for line in lines] == ["/v1/nothing/[redacted]/sales"]


@pytest.mark.urls("tests.house.urls")
def test_an_id_in_an_address_is_written_down(lines: list[dict[str, Any]]) -> None:
    Client().get("/v1/nothing/ld_01m8agx948eqs905xt83rfd8jb")
    assert [line["path"] for line in lines] == ["/v1/nothing/ld_01m8agx948eqs905xt83rfd8jb"]


@pytest.mark.urls("tests.house.urls")
def test_a_bug_is_logged_with_its_traceback_and_id_and_without_secrets(lines: list[dict[str, Any]]) -> None:
    Client(raise_request_exception=False).get("/v1/fail", headers={"X-Request-Id": "order-4711"})
    bug, request = lines
    assert bug["level"] == "error"
    assert bug["request_id"] == request["request_id"] == "order-4711"
    assert "RuntimeError: broken for [redacted] with ldk_live_[redacted]" in bug["exception"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (f"key {KEY} was used", "key ldk_live_[redacted] was used"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_[redacted]"),
        ("mail to Ada.Lovelace+x@mail.example.co.uk!", "mail to [redacted]!"),
        (
            "IntegrityError: duplicate key\nDETAIL:  Key (name)=(Ada) exists.\nmore",
            "IntegrityError: duplicate key\nDETAIL:[redacted]\nmore",
        ),
        ("ldk_live_ is the prefix of a key", "ldk_live_ is the prefix of a key"),
        ("<ada@example.com>,bob@example.org;", "<[redacted]>,[redacted];"),
        ("a@b@example.com a.@example.com.", "a@[redacted] [redacted]."),
        ("user@localhost", "user@localhost"),
        ("ada@example.com+bob@example.org said", "[redacted] said"),
        ("ada@example.com..bob@example.org, too", "[redacted], too"),
        ("ada@example.com. Bob", "[redacted]. Bob"),
        ("to=ada@example.com&cc=bob@example.org", "to=[redacted]&cc=[redacted]"),
        ("jörg@bücher.example", "[redacted]"),
        ("用户@例子.广告 und ada@xn--bcher-kva.example", "[redacted] und [redacted]"),
    ],
)
def test_keys_secrets_and_addresses_are_cut_out_of_every_text(text: str, written: str) -> None:
    assert redact(text) == written


def written_path(path: str) -> str:
    told = logging.makeLogRecord({"name": REQUESTS, "msg": [{"path": path}]})
    return cast(str, json.loads(formatter().format(told))["path"])


CUT = re.compile(r"(?:\[redacted\])+")


def made_of(*pieces: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=20).map("".join)


@given(made_of("a@b.c", "é@b-1.c", "a", "1", "@", ".", "+", "-", "_", " "))
def test_every_address_is_found_that_the_plainest_pattern_finds(text: str) -> None:
    plainest = re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "[redacted]", text)
    assert CUT.sub("[redacted]", redact(text)) == CUT.sub("[redacted]", plainest)


@given(made_of("5551234567", "a", "1", "5", "+", "(", ")", ".", "-", " "))
def test_every_number_is_found_that_the_plainest_pattern_finds(path: str) -> None:
    assert written_path(path) == re.sub(r"(?<![\w.-])\+?\(?\d[\d().\s-]{5,}\d(?![\w.-])", "[redacted]", path)


ENDLESS = 200_000  # signs; looked at again and again they would hold the process for minutes


RUNS = ["b", "1", "b.", "a@", "a@b.", "a@b.c+", "1(", "(1.", "1.(", "1 ", "+1-", "ldk_live_", "whsec_", "DETAIL:"]


@pytest.mark.parametrize("run", RUNS)
def test_endless_words_of_strangers_are_looked_at_once(run: str) -> None:
    words = run * (ENDLESS // len(run))
    assert len(written_path("/v1/" + words)) <= LONGEST_PATH + 1
    assert redact(words + " ada@example.com").endswith("[redacted]")
    assert redact("b" * ENDLESS + " ada@example.com") == "b" * ENDLESS + " [redacted]"


@pytest.mark.urls("tests.house.urls")
def test_of_an_endless_path_the_beginning_is_written_down(lines: list[dict[str, Any]]) -> None:
    Client().get("/v1/" + "b" * 1_000)
    assert [line["path"] for line in lines] == ["/v1/" + "b" * (LONGEST_PATH - 4) + "…"]


@pytest.mark.urls("tests.house.urls")
def test_a_request_that_somebody_has_seen_before_is_measured_from_then_on(lines: list[dict[str, Any]]) -> None:
    Client().get("/v1/tell", **{ARRIVED: time.perf_counter() - 100})  # type: ignore[arg-type]
    assert 100_000 <= lines[0]["ms"] < 200_000
