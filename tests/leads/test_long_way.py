"""What the fast path leaves to the framework gets there whole, is answered as ever, and is counted once."""

import json
from datetime import timedelta
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.handlers.wsgi import WSGIHandler
from pytest_django.fixtures import Settings

from accounts import authentication
from accounts.agencies import suspend_agency
from accounts.keys import revoke_key
from accounts.models import ApiKey, IdempotencyRecord
from accounts.principals import SystemActor
from buyers.models import Contract
from core.clock import now
from leads.models import Lead, Submission
from tests.leads.door import Told, both_ways, lead, met, post, short_way
from tests.leads.test_api import key
from tests.leads.trading import Market
from tests.leads.world import World, make_world

FORM = "application/x-www-form-urlencoded"
IN_CHUNKS = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


@pytest.fixture
def world(transactional_db: None) -> World:
    made = make_world()
    made.contract(made.buyer())
    return made


class Case(NamedTuple):
    """A request, and how it is answered."""

    body: bytes
    changes: dict[str, Any]
    code: tuple[int, str]


OTHERS = {
    "a form": Case(urlencode(json.loads(lead(1))).encode(), {"CONTENT_TYPE": FORM}, (201, "accepted")),
    "an empty form": Case(b"", {"CONTENT_TYPE": FORM}, (422, "invalid")),
    "another kind": Case(lead(1), {"CONTENT_TYPE": "text/plain"}, (415, "unsupported_media_type")),
    "no kind": Case(lead(1), {"CONTENT_TYPE": None}, (415, "unsupported_media_type")),
    "a query": Case(lead(1), {"QUERY_STRING": "a=1"}, (201, "accepted")),
    "in chunks": Case(lead(1), IN_CHUNKS, (201, "accepted")),
    "in chunks, with a length": Case(lead(1), {"HTTP_TRANSFER_ENCODING": "chunked"}, (201, "accepted")),
    "no length": Case(lead(1), {"CONTENT_LENGTH": None}, (400, "malformed_json")),
    "a length that is none": Case(lead(1), {"CONTENT_LENGTH": "-1"}, (413, "body_too_large")),
    "not JSON": Case(b'{"campaign_id": "auto-acc', {}, (400, "malformed_json")),
    "no object": Case(b"[1]", {}, (422, "invalid")),
    "a bad field": Case(lead(1, injury_severity="awful"), {}, (422, "invalid")),
    "an unknown campaign": Case(lead(1, campaign_id="nowhere"), {}, (404, "unknown_campaign")),
    "no campaign": Case(lead(1, campaign_id=None), {}, (422, "invalid")),
    "a huge body": Case(b" " * (256 * 1024) + lead(1), {}, (413, "body_too_large")),
    "cut short": Case(lead(1), {"CONTENT_LENGTH": "999"}, (400, "body_cut_short")),
    "no key": Case(lead(1), {"HTTP_AUTHORIZATION": None}, (401, "key_missing")),
    "a malformed key": Case(lead(1), {"HTTP_AUTHORIZATION": "Bearer ldk_live_nonsense"}, (401, "invalid_key")),
    "another scheme": Case(lead(1), {"HTTP_AUTHORIZATION": "Basic bTpt"}, (401, "invalid_key")),
    "a bad Idempotency-Key": Case(lead(1), {"HTTP_IDEMPOTENCY_KEY": "a b"}, (400, "bad_idempotency_key")),
    "another method": Case(lead(1), {"REQUEST_METHOD": "PUT"}, (405, "method_not_allowed")),
    "another path": Case(lead(1), {"PATH_INFO": "/v1/leads/"}, (404, "not_found")),
}


def handed_on(token: str, body: bytes, **changes: Any) -> Told:
    """The answer of the fast path, which has asked the framework once."""
    door, framework = both_ways()
    told = post(door, token, body, **changes)
    assert framework.asked == 1
    return told


@pytest.mark.parametrize("case", OTHERS.values(), ids=OTHERS)
def test_what_is_not_plain_is_answered_by_the_framework_as_it_is_without_a_fast_path(world: World, case: Case) -> None:
    token = met(key(world))
    told = handed_on(token, case.body, **case.changes)
    assert told.code == case.code
    written = (Lead.objects.count(), Submission.objects.count())
    elsewhere = make_world()
    elsewhere.contract(elsewhere.buyer())
    alone = post(WSGIHandler(), met(key(elsewhere)), case.body, **case.changes)
    assert (told.likeness(), told.all("Allow")) == (alone.likeness(), alone.all("Allow"))
    assert (Lead.objects.count(), Submission.objects.count()) == (2 * written[0], 2 * written[1])


def test_the_largest_body_is_taken_the_short_way(world: World) -> None:
    body = lead(1)
    told = post(short_way(), met(key(world)), b" " * (256 * 1024 - len(body)) + body)
    assert told.code == (201, "accepted")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", " application/json ;x"])
def test_json_is_taken_the_short_way_however_its_name_is_written(world: World, kind: str) -> None:
    assert post(short_way(), met(key(world)), lead(1), CONTENT_TYPE=kind).code == (201, "accepted")


def test_what_follows_the_declared_length_is_not_read(world: World) -> None:
    body, rest = lead(1), BytesIO(lead(1) + b"trailing")
    told = post(short_way(), met(key(world)), body, **{"wsgi.input": rest})
    assert told.code == (201, "accepted")
    assert rest.read() == b"trailing"


def test_a_revoked_key_is_refused(world: World) -> None:
    token = met(key(world))
    revoke_key(actor=SystemActor(world.agency.pk, "system:test"), key=ApiKey.objects.get())
    told = handed_on(token, lead(1))
    assert (told.code, told["WWW-Authenticate"]) == ((401, "key_revoked"), 'Bearer realm="leaddistro"')


def test_an_expired_key_is_refused(world: World) -> None:
    token = met(key(world, expires_at=now() + timedelta(minutes=1)))
    with time_machine.travel(now() + timedelta(minutes=2)):
        assert handed_on(token, lead(1)).code == (401, "key_expired")
    assert Lead.objects.count() == 0


def test_a_suspended_agency_is_refused(world: World) -> None:
    token = met(key(world))
    suspend_agency(world.agency, actor=SystemActor(world.agency.pk, "system:test"))
    assert handed_on(token, lead(1)).code == (403, "agency_suspended")
    assert Lead.objects.count() == 0


def test_a_key_that_may_only_read_is_refused(world: World) -> None:
    assert handed_on(met(key(world, scopes=("leads:read",))), lead(1)).code == (403, "missing_scope")


def test_the_same_idempotency_key_with_another_body_is_refused(world: World) -> None:
    token = met(key(world))
    assert post(short_way(), token, lead(1), HTTP_IDEMPOTENCY_KEY="form-1").code == (201, "accepted")
    told = handed_on(token, lead(2), HTTP_IDEMPOTENCY_KEY="form-1")
    assert (told.code, "Idempotent-Replayed" in told) == ((422, "idempotency_key_reused"), False)
    assert (Lead.objects.count(), Submission.objects.get().code) == (1, "idempotency_key_reused")


def test_an_answer_given_before_is_given_again_although_its_lead_is_not_valid_any_more(world: World) -> None:
    token = met(key(world))
    first = post(short_way(), token, lead(1), HTTP_IDEMPOTENCY_KEY="form-1")
    world.campaign.slug = "renamed"
    world.campaign.save()
    world.agency.refresh_from_db()
    world.agency.version += 1
    world.agency.save()
    again = handed_on(token, lead(1), HTTP_IDEMPOTENCY_KEY="form-1")
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")


def test_a_repeat_of_what_is_still_open_is_answered_by_the_framework_which_can_wait(world: World) -> None:
    Contract.objects.update(confirm_minutes=10)
    token = met(key(world))
    first = post(short_way(), token, lead(1), HTTP_IDEMPOTENCY_KEY="form-1")
    IdempotencyRecord.objects.update(state="open")  # as while its buyer is being posted to
    again = handed_on(token, lead(1), HTTP_IDEMPOTENCY_KEY="form-1", HTTP_PREFER="wait=0")
    assert (first.code, again.code, again.content) == ((202, "pending"), (202, "pending"), first.content)


@pytest.mark.django_db(transaction=True)
def test_a_campaign_that_asks_for_bids_takes_its_leads_from_the_framework(market: Market) -> None:
    world = make_world(method="ping_post", ping_timeout_ms=2_000)
    system = market.system("bidder", bid=50.00)
    market.contract(world, system)
    assert handed_on(met(key(world)), lead(1)).code == (201, "accepted")
    assert (len(system.pings), len(system.posts)) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_campaign_with_one_buyer_that_is_posted_to_takes_its_leads_from_the_framework(market: Market) -> None:
    world = make_world()
    world.contract(world.buyer(), priority=2)
    system = market.system("posted")
    market.contract(world, system, priority=1)
    assert handed_on(met(key(world)), lead(1)).code == (201, "accepted")
    assert len(system.posts) == 1


@pytest.fixture
def production(settings: Settings) -> None:
    settings.PRODUCTION = settings.SECURE_SSL_REDIRECT = True
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]


@pytest.mark.parametrize("changes", [{}, {"HTTP_X_FORWARDED_PROTO": "https"}], ids=["plain", "a stranger's word"])
def test_in_production_a_lead_over_plain_http_is_refused_and_counts_nothing(
    world: World, request: pytest.FixtureRequest, changes: dict[str, str]
) -> None:
    token = met(key(world))
    request.getfixturevalue("production")
    assert handed_on(token, lead(1), **changes).code == (403, "https_required")
    by_proxy = {"HTTP_X_FORWARDED_PROTO": "https", "REMOTE_ADDR": "10.0.0.1"}
    told = post(short_way(), token, lead(1), **by_proxy)
    assert (told.code, told.left) == ((201, "accepted"), 998)


@pytest.mark.usefixtures("production")
def test_what_a_trusted_proxy_said_counts_on_the_long_way_too(world: World) -> None:
    by_proxy = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "203.0.113.9", "REMOTE_ADDR": "10.0.0.1"}
    token = met(key(world, allow=("203.0.113.0/24",)), **by_proxy)
    assert handed_on(token, b"{", **by_proxy).code == (400, "malformed_json")
    assert ApiKey.objects.get().last_used_address == "203.0.113.9"


class Broken(BytesIO):
    """The body of a client that hangs up in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("connection reset by peer")


def test_who_hangs_up_meanwhile_is_answered_as_by_the_framework(world: World) -> None:
    token = met(key(world))
    alone = post(WSGIHandler(), token, lead(1), **{"wsgi.input": Broken()})
    assert handed_on(token, lead(1), **{"wsgi.input": Broken()}).likeness() == alone.likeness()
    assert Lead.objects.count() == 0


def test_every_request_counts_once_whoever_answers_it(world: World) -> None:
    token = met(key(world, rate_limit_per_minute=12))
    bodies = [lead(1), b"{", lead(2), lead(3, campaign_id="nowhere"), lead(2), lead(4, injury_severity="awful")]
    door, framework = both_ways()
    answers = [post(door, token, body) for body in bodies]
    assert [told.left for told in answers] == [10, 9, 8, 7, 6, 5]
    assert framework.asked == 3
    form = urlencode(json.loads(lead(5))).encode()
    assert post(door, token, form, CONTENT_TYPE=FORM).left == 4
    assert post(door, token, lead(6), HTTP_IDEMPOTENCY_KEY="a b").left == 3
    assert post(door, token, lead(7)).left == 2


def test_a_key_without_the_scope_counts_once(world: World) -> None:
    token = met(key(world, scopes=("leads:read",), rate_limit_per_minute=12))
    door, _ = both_ways()
    assert [post(door, token, lead(1)).left for _ in range(3)] == [10, 9, 8]


def test_a_request_counts_once_whatever_fails_when_its_key_is_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = met(key(world, rate_limit_per_minute=12))
    door, framework = both_ways()
    with monkeypatch.context() as faulty:
        faulty.setattr(authentication, "_note_use", lambda *_: 1 / 0)
        assert post(door, token, lead(1)).code == (500, "internal")
    assert framework.asked == 1
    assert post(door, token, lead(2)).left == 9


def test_who_waits_for_the_market_to_open_counts_once(world: World) -> None:
    world.contract(world.buyer("Capped"), priority=1, caps=[{"window": "day", "unit": "leads", "limit": 9}])
    token = met(key(world, rate_limit_per_minute=12))
    door, framework = both_ways()
    assert [post(door, token, lead(number)).left for number in range(3)] == [10, 9, 8]
    assert framework.asked == 1  # for the counters, which the first finds missing


def test_a_key_from_another_address_counts_once(world: World) -> None:
    token = key(world, allow=("203.0.113.0/24",), rate_limit_per_minute=12)
    door, _ = both_ways()
    at_home = {"REMOTE_ADDR": "203.0.113.9"}
    before = post(door, token, lead(1), **at_home).left
    assert post(door, token, lead(2), REMOTE_ADDR="198.51.100.1").code == (403, "address_not_allowed")
    assert post(door, token, lead(3), **at_home).left == before - 2


def test_beyond_the_limit_nothing_is_recorded_and_the_wait_is_told(world: World) -> None:
    token = met(key(world, rate_limit_per_minute=3))
    door, framework = both_ways()
    answers = [post(door, token, lead(number)) for number in range(4)]
    assert [told.code for told in answers] == [(201, "accepted")] * 2 + [(429, "too_many_requests")] * 2
    assert [told.left for told in answers] == [1, 0, 0, 0]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert (framework.asked, Lead.objects.count()) == (2, 2)
