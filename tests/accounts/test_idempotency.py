"""The same request twice has one effect and one answer."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections

from accounts.idempotency import fingerprint_of
from accounts.models import ApiKey, IdempotencyRecord
from accounts.tasks import prune
from core.clock import now
from tests.accounts.asking import Api, make_agency, make_key

pytestmark = pytest.mark.django_db(transaction=True)
WANTED = {"name": "once", "scopes": ["leads:read"]}


def made_keys() -> int:
    return ApiKey.objects.filter(name="once").count()


def test_a_repeat_gets_the_first_answer_byte_for_byte_and_has_no_effect() -> None:
    api = Api(make_agency().live.text)
    first, again = (api.post("/v1/keys", WANTED, idempotency_key="k-1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["RateLimit-Policy"] == first.headers["RateLimit-Policy"]
    assert made_keys() == 1


def test_the_order_of_members_and_white_space_do_not_make_another_request() -> None:
    api = Api(make_agency().live.text)
    first = api.ask("POST", "/v1/keys", b'{"name":"once","scopes":["leads:read"]}', idempotency_key="k")
    again = api.ask("POST", "/v1/keys", b'{ "scopes": ["leads:read"], "name": "once" }', idempotency_key='"k"')
    assert again.content == first.content


def test_form_pairs_count_in_any_order_and_routes_count_apart() -> None:
    assert fingerprint_of("POST /v1/leads", b"a=1&b=2") == fingerprint_of("POST /v1/leads", b"b=2&a=1")
    assert fingerprint_of("POST /v1/leads", b"a=1") != fingerprint_of("POST /v1/leads", b"a=2")
    assert fingerprint_of("POST /v1/leads", b"a=1") != fingerprint_of("POST /v1/ping", b"a=1")


def test_the_key_of_another_body_is_refused() -> None:
    api = Api(make_agency().live.text)
    api.post("/v1/keys", WANTED, idempotency_key="k-1")
    other = api.post("/v1/keys", WANTED | {"name": "other"}, idempotency_key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_refused_request_may_be_tried_again_under_its_key() -> None:
    made = make_agency()
    api = Api(made.live.text)
    wanted = WANTED | {"rate_limit": "partners"}
    assert api.post("/v1/keys", wanted, idempotency_key="k-1").status_code == 422
    assert IdempotencyRecord.objects.count() == 0
    api.ask("PUT", "/v1/rate-limits/partners", {"per_minute": 5})
    assert api.post("/v1/keys", wanted, idempotency_key="k-1").status_code == 201


def test_agencies_books_owners_and_routes_do_not_share_keys() -> None:
    mine, theirs = make_agency("Mine"), make_agency("Theirs")
    key = make_key(mine).row
    for token in (mine.live.text, mine.test.text, theirs.live.text):
        wanted = WANTED | {"mode": "test"}
        assert "Idempotent-Replayed" not in Api(token).post("/v1/keys", wanted, idempotency_key="k").headers
    revoked = Api(mine.live.text).post(f"/v1/keys/{key.public_id}/revoke", idempotency_key="k")
    assert (revoked.status_code, made_keys()) == (204, 3)


def test_a_rotated_key_finds_the_answers_of_its_predecessor() -> None:
    made = make_agency()
    first = Api(made.live.text).post("/v1/keys", WANTED, idempotency_key="k-1")
    successor = Api(made.live.text).post(f"/v1/keys/{made.live.row.public_id}/rotate").json()["key"]
    assert Api(successor).post("/v1/keys", WANTED, idempotency_key="k-1").content == first.content


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    answer = Api(make_agency().live.text).post("/v1/keys", WANTED, idempotency_key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")
    assert made_keys() == 0


def test_answers_are_sealed_at_rest() -> None:
    answer = Api(make_agency().live.text).post("/v1/keys", WANTED, idempotency_key="k-1")
    stored = bytes(IdempotencyRecord.objects.get().body or b"")
    assert answer.json()["key"].encode() not in stored
    assert b"once" not in stored


def test_answers_are_kept_for_a_day_and_then_forgotten() -> None:
    api = Api(make_agency().live.text)
    api.post("/v1/keys", WANTED, idempotency_key="k-1")
    with time_machine.travel(now() + timedelta(hours=23, minutes=59)):
        assert prune()["answers"] == 0
    with time_machine.travel(now() + timedelta(hours=24, minutes=1)):
        assert prune()["answers"] == 1


def test_twenty_four_posts_of_one_key_at_once_have_one_effect_and_one_answer() -> None:
    token = make_agency().live.text

    def post(_: int) -> Any:
        try:
            return Api(token).post("/v1/keys", WANTED, idempotency_key="k-1")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(post, range(24)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(answer.headers.get("Idempotent-Replayed") for answer in answers) == {None: 1, "true": 23}
    assert made_keys() == 1


def test_twenty_four_different_posts_of_one_key_at_once_have_one_effect() -> None:
    token = make_agency().live.text

    def put(number: int) -> Any:
        try:
            return Api(token).ask("PUT", "/v1/rate-limits/partners", {"per_minute": number + 1}, idempotency_key="k-1")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(24) as pool:
        codes = Counter(answer.status_code for answer in pool.map(put, range(24)))
    assert codes == {201: 1, 422: 23}
