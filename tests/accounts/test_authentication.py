"""Who is let in, from where, and what everybody else is told."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.agencies import close_agency, reactivate_agency, suspend_agency
from accounts.key_format import make_key as make_text
from accounts.keys import change_key, revoke_key, rotate_key
from accounts.models import ApiKey
from accounts.principals import SystemActor
from core.clock import now
from tests.accounts.asking import Api, make_agency, make_key

pytestmark = pytest.mark.django_db(transaction=True)
CURRENT = "/v1/keys/current"


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def test_a_valid_key_is_let_in_and_told_what_is_left_of_its_minute() -> None:
    made = make_agency()
    answer = Api(make_key(made, rate_limit_per_minute=7).text).get(CURRENT)
    assert answer.status_code == 200
    assert answer.headers["RateLimit-Policy"] == '"key";q=7;w=60'
    assert answer.headers["RateLimit"] == '"key";r=6;t=60'


def test_no_key_a_misspelt_key_and_an_unknown_key_are_refused_and_the_last_two_alike() -> None:
    missing = Api(None).get(CURRENT)
    assert code_of(missing) == (401, "key_missing")
    assert missing.headers["WWW-Authenticate"] == 'Bearer realm="leaddistro"'
    unknown, misspelt = (Api(text).get(CURRENT) for text in (make_text("live", bytes(32)), "ldk_live_nonsense"))
    assert code_of(unknown) == (401, "invalid_key")
    assert unknown.content == misspelt.content


def test_another_scheme_than_bearer_is_refused() -> None:
    key = make_agency().live.text
    assert code_of(Api(None).get(CURRENT, authorization=f"Basic {key}")) == (401, "invalid_key")


def test_a_key_in_the_address_is_refused_whatever_else_is_sent() -> None:
    made = make_agency()
    assert code_of(Api(made.live.text).get(f"{CURRENT}?api_key={made.test.text}")) == (400, "key_in_query")


def test_a_revoked_key_is_refused_from_the_next_request_on() -> None:
    made = make_agency()
    key = make_key(made)
    assert Api(key.text).get(CURRENT).status_code == 200
    revoke_key(actor=SystemActor(made.agency.pk, "system:test"), key=key.row)
    assert code_of(Api(key.text).get(CURRENT)) == (401, "key_revoked")


def test_a_rotated_key_works_for_the_overlap_and_not_after_it() -> None:
    made = make_agency()
    old = make_key(made)
    new = rotate_key(actor=SystemActor(made.agency.pk, "system:test"), key=old.row, overlap_minutes=30)
    assert [Api(key.text).get(CURRENT).status_code for key in (old, new)] == [200, 200]
    with time_machine.travel(now() + timedelta(minutes=31)):
        assert code_of(Api(old.text).get(CURRENT)) == (401, "key_expired")
        assert Api(new.text).get(CURRENT).status_code == 200


def test_a_rotation_without_overlap_ends_the_old_key_at_once() -> None:
    made = make_agency()
    old = make_key(made)
    rotate_key(actor=SystemActor(made.agency.pk, "system:test"), key=old.row, overlap_minutes=0)
    assert code_of(Api(old.text).get(CURRENT)) == (401, "key_expired")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("203.0.113.9", 200),
        ("::ffff:203.0.113.9", 200),
        ("203.0.114.9", 403),
        ("2001:db8::1", 200),
        ("2001:db9::1", 403),
    ],
)
def test_an_allow_list_holds_for_both_families_of_addresses(address: str, status: int) -> None:
    key = make_key(make_agency(), allow=("203.0.113.0/24", "2001:db8::/32"))
    answer = Api(key.text).get(CURRENT, REMOTE_ADDR=address)
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "address_not_allowed"


def test_a_forged_forwarded_header_does_not_open_an_allow_list() -> None:
    key = make_key(make_agency(), allow=("203.0.113.0/24",))
    answer = Api(key.text).get(CURRENT, REMOTE_ADDR="198.51.100.1", x_forwarded_for="203.0.113.9")
    assert code_of(answer) == (403, "address_not_allowed")


def test_an_allow_list_counts_from_the_next_request_on() -> None:
    made = make_agency()
    key = make_key(made)
    assert Api(key.text).get(CURRENT).status_code == 200
    change_key(actor=SystemActor(made.agency.pk, "system:test"), key=key.row, values={"allow": ("203.0.113.0/24",)})
    assert code_of(Api(key.text).get(CURRENT)) == (403, "address_not_allowed")


def test_a_suspended_agency_is_told_so_a_closed_one_is_unknown_and_a_reactivated_one_works() -> None:
    made = make_agency()
    api = Api(made.live.text)
    suspend_agency(made.agency, actor=SystemActor(made.agency.pk, "system:test"))
    assert code_of(api.get(CURRENT)) == (403, "agency_suspended")
    close_agency(made.agency, actor=SystemActor(made.agency.pk, "system:test"))
    assert code_of(api.get(CURRENT)) == (401, "invalid_key")
    reactivate_agency(made.agency, actor=SystemActor(made.agency.pk, "system:test"))
    assert api.get(CURRENT).status_code == 200


def test_the_last_use_is_written_down_once_a_minute_and_costs_nothing_between(
    django_assert_num_queries: Any,
) -> None:
    made = make_agency()
    key = make_key(made, scopes=("leads:read",))
    api = Api(key.text)
    api.get(CURRENT, REMOTE_ADDR="203.0.113.9")
    row = ApiKey.objects.get(pk=key.row.pk)
    assert row.last_used_address == "203.0.113.9"
    with django_assert_num_queries(0):
        assert code_of(api.get("/v1/keys")) == (403, "missing_scope")
    assert ApiKey.objects.get(pk=key.row.pk).last_used_at == row.last_used_at


def test_a_method_that_a_view_does_not_have_is_405_and_says_which_it_has() -> None:
    answer = Api(make_agency().live.text).ask("DELETE", CURRENT)
    assert code_of(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, PATCH"
