"""The fast path answers plain posts of leads as the framework would: nobody can tell from an answer who gave it."""

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any, cast

import pytest
from django.core.handlers.wsgi import WSGIHandler
from prometheus_client import REGISTRY
from pytest_django.fixtures import Settings
from structlog.contextvars import get_contextvars

from accounts.keys import revoke_key
from accounts.models import ApiKey
from accounts.principals import SystemActor
from buyers.contracts import change_contract
from buyers.models import Contract
from core.gate import Gate
from core.logging import REQUESTS
from core.middleware import ARRIVED
from leads import carrying
from leads.api import fast_path
from leads.api.fast_path import FastPath
from leads.models import Lead
from tests.leads.door import Framework, Told, both_ways, lead, met, post, short_way
from tests.leads.test_api import key
from tests.leads.world import World, make_world

IN_TEXAS = {"field": "state", "op": "eq", "value": "TX"}
HTTPS: dict[str, Any] = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}


@pytest.fixture
def world(transactional_db: None) -> World:
    made = make_world(consent_required=True)
    made.contract(made.buyer(), filters=IN_TEXAS)
    return made


def actor(world: World) -> SystemActor:
    return SystemActor(world.agency.pk, "system:test")


@pytest.fixture
def production(settings: Settings) -> None:
    settings.PRODUCTION = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]


def alike(token: str, *, same: bool = False, fields: dict[str, Any] | None = None, **changes: Any) -> Told:
    """The fast path's answer, which is the framework's but for what is of one request alone."""
    met(token, **changes)
    bodies = [lead(1 if same else number, **(fields or {})) for number in (1, 2)]
    long = post(WSGIHandler(), token, bodies[0], **changes)
    short = post(short_way(), token, bodies[1], **changes)
    assert short.likeness() == long.likeness()
    assert re.fullmatch("[0-9a-f]{32}", short["X-Request-Id"])
    return short


def test_a_lead_that_is_sold_is_answered_as_by_the_framework(world: World) -> None:
    told = alike(key(world))
    assert (told.status, told.code) == ("201 Created", (201, "accepted"))
    assert told.body["sales"][0]["buyer_id"]
    assert b'"price":175.00' in told.content
    assert Lead.objects.filter(status="accepted").count() == 2


def test_the_methods_that_are_allowed_are_told_as_by_the_framework(world: World) -> None:
    token = met(key(world))
    short, long = (post(way, token, lead(number)) for number, way in enumerate((short_way(), WSGIHandler())))
    assert long["Allow"] == "GET, HEAD, POST"
    assert short["Allow"] == long["Allow"]


def test_a_lead_that_waits_for_its_buyer_is_answered_as_by_the_framework(world: World) -> None:
    Contract.objects.update(confirm_minutes=10)
    told = alike(key(world))
    assert (told.status, told.code) == ("202 Accepted", (202, "pending"))


def test_a_lead_that_nobody_buys_is_answered_as_by_the_framework(world: World) -> None:
    assert alike(key(world), fields={"state": "CA"}).code == (201, "unsold")


def test_a_duplicate_is_answered_as_by_the_framework(world: World) -> None:
    token = key(world)
    first = post(short_way(), met(token), lead(1)).body["lead_id"]
    told = alike(token, same=True)
    assert told.code == (201, "duplicate")
    assert told.body["duplicate_of"] == first


def test_a_lead_without_consent_is_answered_as_by_the_framework(world: World) -> None:
    told = alike(key(world), fields={"consent_timestamp": None})
    assert (told.code, told.body["reason"]) == ((201, "rejected"), "consent_missing")


def test_a_source_sees_its_payout_and_no_buyer_as_by_the_framework(world: World) -> None:
    told = alike(key(world, source_id=world.source.pk, scopes=("leads:write",)))
    assert told.code == (201, "accepted")
    assert b'"price":90.00' in told.content
    assert told.body["buyer_id"] is None
    assert Contract.objects.get().buyer.public_id.encode() not in told.content
    assert b"175" not in told.content


def test_a_test_key_is_answered_as_by_the_framework_and_sells_in_its_own_book(world: World) -> None:
    assert alike(key(world, mode="test")).code == (201, "accepted")
    assert list(Lead.objects.values_list("mode", flat=True)) == ["test", "test"]


@pytest.mark.parametrize("first_way", [WSGIHandler, short_way], ids=["the framework", "the fast path"])
def test_a_repeat_is_answered_byte_for_byte_whoever_answered_first(world: World, first_way: Callable[[], Any]) -> None:
    token = met(key(world))
    first = post(first_way(), token, lead(1), HTTP_IDEMPOTENCY_KEY="form-1")
    again = alike(token, same=True, HTTP_IDEMPOTENCY_KEY="form-1")
    assert (again.status, again.content) == (first.status, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Lead.objects.count() == 1


@pytest.mark.usefixtures("production")
def test_in_production_a_lead_that_came_by_https_is_answered_with_strict_transport(world: World) -> None:
    told = alike(key(world), **HTTPS)
    assert told["Strict-Transport-Security"].startswith("max-age=31536000")
    assert told.code == (201, "accepted")


def test_a_key_that_this_process_has_not_met_is_asked_for_once_and_then_known(world: World) -> None:
    door, framework = both_ways()
    token = key(world)
    answers = [post(door, token, lead(number)).code for number in range(3)]
    assert answers == [(201, "accepted")] * 3
    assert framework.asked == 1


def test_leads_of_another_agency_or_book_stand_in_another_line(world: World) -> None:
    stranger, door = make_world(), short_way()
    tokens = [key(world), key(world), key(world, mode="test"), key(stranger)]
    for number, token in enumerate(tokens):
        assert post(door, met(token), lead(number)).status == "201 Created"
    ours, theirs = world.agency.pk, stranger.agency.pk
    assert set(door._lines) == {(ours, "live"), (ours, "test"), (theirs, "live")}
    assert Lead.objects.filter(agency=stranger.agency).count() == 1
    assert Lead.objects.filter(agency=world.agency, mode="test").count() == 1


def test_a_contract_paused_meanwhile_buys_no_further_lead_and_the_short_way_goes_on(world: World) -> None:
    door, framework = both_ways()
    token = met(key(world))
    assert post(door, token, lead(1)).code == (201, "accepted")
    change_contract(actor=actor(world), contract=Contract.objects.get(), values={"status": "paused"})
    assert post(door, token, lead(2)).code == (201, "unsold")
    asked = framework.asked
    assert asked <= 1
    assert post(door, token, lead(3)).code == (201, "unsold")
    assert framework.asked == asked


def test_a_key_revoked_meanwhile_is_refused_at_once(world: World) -> None:
    door, framework = both_ways()
    token = met(key(world))
    assert post(door, token, lead(1)).code == (201, "accepted")
    revoke_key(actor=actor(world), key=ApiKey.objects.get())
    assert post(door, token, lead(2)).code == (401, "key_revoked")
    assert framework.asked == 1
    assert Lead.objects.count() == 1


def test_a_revoked_key_is_refused_although_a_lead_of_another_has_brought_the_newer_market(world: World) -> None:
    door, _ = both_ways()
    revoked, other = met(key(world)), met(key(world))
    for number, token in enumerate((revoked, other)):  # from here on this process holds requests of both in hand
        assert post(door, token, lead(number)).code == (201, "accepted")
    revoke_key(actor=actor(world), key=ApiKey.objects.get(last4=revoked[-4:]))
    assert post(door, other, lead(3)).code == (201, "accepted")
    assert post(door, revoked, lead(4)).code == (401, "key_revoked")
    assert Lead.objects.count() == 3


def test_an_address_is_believed_from_a_trusted_proxy_only(world: World, settings: Settings) -> None:
    token = key(world, allow=("203.0.113.0/24",))
    door, framework = both_ways()
    inside, outside = {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "198.51.100.1"}
    assert post(door, token, lead(1), REMOTE_ADDR="203.0.113.9").status == "201 Created"
    assert post(door, token, lead(2), REMOTE_ADDR="203.0.113.9", **outside).status == "201 Created"
    assert framework.asked == 1
    assert post(door, token, lead(3), **inside).code == (403, "address_not_allowed")
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    assert post(short_way(), token, lead(4), **inside).status == "201 Created"
    assert post(both_ways()[0], token, lead(5), **outside).code == (403, "address_not_allowed")
    assert Lead.objects.count() == 3
    assert ApiKey.objects.get().last_used_address == "203.0.113.9"


def test_a_sane_request_id_of_the_caller_comes_back(world: World) -> None:
    told = post(short_way(), met(key(world)), lead(1), HTTP_X_REQUEST_ID="order-4711:try.2")
    assert told["X-Request-Id"] == "order-4711:try.2"


@pytest.mark.parametrize("written", ["", "short", "a" * 65, "line\nbreak-in-it", "<script>alert(1)</script>"])
def test_any_other_request_id_is_replaced(world: World, written: str) -> None:
    told = post(short_way(), met(key(world)), lead(1), HTTP_X_REQUEST_ID=written)
    assert re.fullmatch("[0-9a-f]{32}", told["X-Request-Id"])


def counted(status: int) -> float:
    labels = {"method": "POST", "route": "v1/leads", "status": str(status)}
    return REGISTRY.get_sample_value("http_requests_total", labels) or 0.0


@pytest.mark.parametrize(
    ("body", "status", "asked"), [(lead(1), 201, 0), (b"{", 400, 1)], ids=["the fast path", "the framework"]
)
def test_a_request_is_written_down_and_counted_once_whoever_answers(
    world: World, caplog: pytest.LogCaptureFixture, body: bytes, status: int, asked: int
) -> None:
    token, before = met(key(world)), counted(status)
    door, framework = both_ways()
    caplog.clear()
    with caplog.at_level(logging.INFO, REQUESTS):
        post(door, token, body, HTTP_X_REQUEST_ID="order-4711")
    (record,) = (record for record in caplog.records if record.name == REQUESTS)
    (line,) = cast("list[dict[str, Any]]", record.msg)
    assert line.pop("ms") > 0
    assert line == {"method": "POST", "path": "/v1/leads", "status": status, "request_id": "order-4711"}
    assert (counted(status) - before, framework.asked) == (1.0, asked)


def test_what_cannot_be_accounted_for_is_answered_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = met(key(world))
    monkeypatch.setattr(fast_path, "write_down", lambda _: 1 / 0)
    assert post(short_way(), token, lead(1)).code == (201, "accepted")


def test_a_refusal_is_measured_from_when_the_fast_path_saw_the_request(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    token = met(key(world))
    framework = Framework()

    def after_a_while(asked: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked[ARRIVED] -= 100
        return framework(asked, start_response)

    caplog.clear()
    with caplog.at_level(logging.INFO, REQUESTS):
        told = post(FastPath(after_a_while, Gate(8)), token, b"{}")
    (record,) = (record for record in caplog.records if record.name == REQUESTS)
    (line,) = cast("list[dict[str, Any]]", record.msg)
    assert (told.code, line["status"]) == ((422, "invalid"), 422)
    assert line["ms"] >= 100_000


def test_a_lead_that_leaves_the_fast_path_by_a_mistake_of_ours_is_named_in_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = met(key(world))
    named: list[str] = []
    monkeypatch.setattr(carrying.log, "exception", lambda _: named.append(get_contextvars()["request_id"]))
    monkeypatch.setattr(carrying, "prepare", lambda **_: 1 / 0)
    assert post(both_ways()[0], token, lead(1), HTTP_X_REQUEST_ID="order-4711").code == (201, "accepted")
    assert named == ["order-4711"]
