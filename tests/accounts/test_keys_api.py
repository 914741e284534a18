"""Keys through the API: made, read, changed, rotated, revoked, and never granting more than they hold."""

from typing import Any

import pytest

from accounts.models import ApiKey, AuditEntry
from core.ids import encode, new_id
from tests.accounts.asking import Api, make_agency, make_key

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_key_is_shown_once_and_works() -> None:
    made = make_agency()
    wanted = {"name": "Intake", "mode": "test", "scopes": ["leads:write", "keys:write"], "allow": ["127.0.0.0/8"]}
    answer = Api(made.live.text).post("/v1/keys", wanted | {"rate_limit_per_minute": 60})
    body = answer.json()
    assert answer.status_code == 201
    assert body["key"].startswith("ldk_test_")
    assert (body["prefix"], body["last4"]) == (body["key"][:13], body["key"][-4:])
    assert {name: body[name] for name in wanted} == wanted
    current = Api(body["key"]).get("/v1/keys/current").json()
    assert "key" not in current
    assert (current["key_id"], current["status"], current["rate_limit_per_minute"]) == (body["key_id"], "active", 60)
    assert current["created_by"] == f"key:{made.live.row.public_id}"


def test_every_problem_of_a_key_is_named() -> None:
    wanted = {"name": "", "scopes": ["leads:sell"], "mode": "prod", "allow": "10.0.0.1", "rate_limit_per_minute": 0}
    answer = Api(make_agency().live.text).post("/v1/keys", wanted | {"expires_at": "2020-01-01T00:00:00Z"})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {
        "name", "scopes.0", "mode", "allow", "rate_limit_per_minute", "expires_at",
    }  # fmt: skip


@pytest.mark.parametrize("network", ["nowhere", "203.0.113.9/24", "300.0.0.1"])
def test_an_allow_list_takes_networks_only(network: str) -> None:
    wanted = {"name": "x", "scopes": ["leads:read"], "allow": [network]}
    answer = Api(make_agency().live.text).post("/v1/keys", wanted)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "allow.0")


def test_an_unknown_member_is_refused_by_name() -> None:
    answer = Api(make_agency().live.text).post("/v1/keys", {"name": "x", "scopes": ["leads:read"], "color": "red"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "color", "code": "unknown", "detail": "There is no such member."}]


def test_an_unknown_member_does_not_hide_what_else_needs_correction() -> None:
    answer = Api(make_agency().live.text).post("/v1/keys", {"name": "", "scopes": ["leads:read"], "color": "red"})
    assert {error["field"]: error["code"] for error in answer.json()["errors"]} == {"color": "unknown", "name": "blank"}


def test_a_key_grants_only_the_scopes_it_holds() -> None:
    key = make_key(make_agency(), scopes=("keys:write", "leads:read"))
    answer = Api(key.text).post("/v1/keys", {"name": "x", "scopes": ["leads:read", "billing:write"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "grant_too_wide")
    assert "billing:write" in answer.json()["detail"]


def test_a_key_cannot_rotate_or_change_a_key_that_may_do_more() -> None:
    made = make_agency()
    api = Api(make_key(made).text)
    path = f"/v1/keys/{made.live.row.public_id}"
    assert api.post(f"{path}/rotate").json()["code"] == "grant_too_wide"
    assert api.patch(path, {"allow": []}).json()["code"] == "grant_too_wide"
    assert ApiKey.objects.filter(replaces=made.live.row).count() == 0


def test_a_test_key_neither_sees_nor_makes_live_keys() -> None:
    made = make_agency()
    api = Api(made.test.text)
    assert {key["mode"] for key in api.get("/v1/keys").json()["data"]} == {"test"}
    assert api.get(f"/v1/keys/{made.live.row.public_id}").status_code == 404
    assert api.post("/v1/keys", {"name": "x", "mode": "live", "scopes": ["leads:read"]}).status_code == 403


def test_a_key_of_a_source_stays_within_its_source() -> None:
    made = make_agency()
    mine, other = new_id(), new_id()
    api = Api(make_key(made, source_id=mine, scopes=("keys:write", "leads:write")).text)
    foreign = make_key(made, source_id=other).row
    assert {key["source_id"] for key in api.get("/v1/keys").json()["data"]} == {encode("src", mine)}
    assert api.get(f"/v1/keys/{foreign.public_id}").status_code == 404
    wanted = {"name": "x", "scopes": ["leads:write"]}
    for wider in ({}, {"source_id": encode("src", other)}, {"buyer_id": encode("buyer", other)}):
        assert api.post("/v1/keys", wanted | wider).json()["code"] == "grant_too_wide"
    within = wanted | {"source_id": encode("src", mine)}
    assert api.post("/v1/keys", within | {"rate_limit_per_minute": 9}).json()["code"] == "grant_too_wide"
    assert api.post("/v1/keys", within).status_code == 201
    assert api.get("/v1/audit").json()["data"] == []
    assert api.ask("PUT", "/v1/rate-limits/mine", {"per_minute": 9}).json()["code"] == "grant_too_wide"


def test_rotation_answers_with_the_new_key_and_happens_once() -> None:
    made = make_agency()
    api = Api(made.live.text)
    key = make_key(made, scopes=("leads:write",)).row
    answer = api.post(f"/v1/keys/{key.public_id}/rotate", {"overlap_minutes": 5})
    assert (answer.status_code, answer.json()["replaces"]) == (201, key.public_id)
    assert Api(answer.json()["key"]).get("/v1/keys/current").json()["scopes"] == ["leads:write"]
    assert api.post(f"/v1/keys/{key.public_id}/rotate").json()["code"] == "already_rotated"


def test_a_revoked_key_is_listed_as_revoked_and_revoking_it_again_changes_nothing() -> None:
    made = make_agency()
    api = Api(made.live.text)
    key = make_key(made).row
    assert [api.post(f"/v1/keys/{key.public_id}/revoke").status_code for _ in range(2)] == [204, 204]
    assert api.get(f"/v1/keys/{key.public_id}").json()["status"] == "revoked"
    assert AuditEntry.objects.filter(action="key.revoke").count() == 1
    assert api.post(f"/v1/keys/{key.public_id}/rotate").json()["code"] == "key_is_dead"


def test_a_key_changes_its_own_name_and_addresses_and_nothing_else() -> None:
    api = Api(make_agency().live.text)
    assert api.patch("/v1/keys/current", {"name": "Mine", "allow": ["127.0.0.1"]}).json()["name"] == "Mine"
    shut_out = api.patch("/v1/keys/current", {"allow": ["203.0.113.0/24"]})
    assert (shut_out.status_code, shut_out.json()["errors"][0]["code"]) == (422, "shuts_you_out")
    no_address = api.patch("/v1/keys/current", {"allow": ["0" * 48]})
    assert (no_address.status_code, no_address.json()["errors"][0]["field"]) == (422, "allow.0")
    refused = api.patch("/v1/keys/current", {"scopes": ["leads:read"]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "scopes")


def test_if_match_refuses_a_change_of_what_has_changed_meanwhile() -> None:
    made = make_agency()
    api = Api(made.live.text)
    path = f"/v1/keys/{make_key(made).row.public_id}"
    seen = api.get(path).headers["ETag"]
    changed = api.patch(path, {"name": "one"}, if_match=seen)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != seen
    late = api.patch(path, {"name": "two"}, if_match=seen)
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert api.get(path).json()["name"] == "one"
    assert api.patch(path, {"name": "two"}, if_match="*").status_code == 200


def test_a_named_limit_rules_its_keys_from_the_next_request_on() -> None:
    made = make_agency()
    api = Api(made.live.text)
    assert api.ask("PUT", "/v1/rate-limits/partners", {"per_minute": 5}).status_code == 201
    wanted = {"name": "x", "scopes": ["leads:read"], "rate_limit": "partners"}
    key = Api(api.post("/v1/keys", wanted).json()["key"])
    assert key.get("/v1/keys/current").headers["RateLimit-Policy"] == '"key";q=5;w=60'
    assert api.ask("PUT", "/v1/rate-limits/partners", {"per_minute": 9}).status_code == 200
    assert key.get("/v1/keys/current").headers["RateLimit-Policy"] == '"key";q=9;w=60'
    assert api.ask("DELETE", "/v1/rate-limits/partners").json()["code"] == "rate_limit_in_use"
    assert [limit["per_minute"] for limit in api.get("/v1/rate-limits").json()["data"]] == [9]


def test_an_unused_limit_can_be_deleted_and_an_unknown_one_not_be_named() -> None:
    api = Api(make_agency().live.text)
    api.ask("PUT", "/v1/rate-limits/partners", {"per_minute": 5})
    assert api.ask("DELETE", "/v1/rate-limits/partners").status_code == 204
    assert api.get("/v1/rate-limits/partners").status_code == 404
    refused = api.post("/v1/keys", {"name": "x", "scopes": ["leads:read"], "rate_limit": "partners"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "rate_limit")


def test_the_trail_says_who_changed_what_from_where() -> None:
    made = make_agency()
    api = Api(made.live.text)
    key = make_key(made, name="old").row
    changed = api.patch(f"/v1/keys/{key.public_id}", {"name": "new"}, REMOTE_ADDR="203.0.113.9")
    (entry,) = api.get(f"/v1/audit?object_id={key.public_id}&action=key.update").json()["data"]
    assert entry["changes"] == {"name": ["old", "new"]}
    assert entry["actor"] == f"key:{made.live.row.public_id}"
    assert entry["address"] == "203.0.113.9"
    assert entry["request_id"] == changed.headers["X-Request-Id"]
    assert api.get(f"/v1/audit?created_to={entry['at']}&action=key.update").json()["data"] == []


def test_lists_are_paged_without_gaps_or_repeats() -> None:
    made = make_agency()
    api = Api(made.live.text)
    expected = {made.live.row.public_id, made.test.row.public_id} | {make_key(made).row.public_id for _ in range(5)}
    seen: list[str] = []
    path: str | None = "/v1/keys?limit=3"
    while path:
        page = api.get(path).json()
        seen += [key["key_id"] for key in page["data"]]
        path = page["next_cursor"] and f"/v1/keys?limit=3&cursor={page['next_cursor']}"
    assert len(seen) == len(expected)
    assert set(seen) == expected


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/v1/keys/{key}", None),
    ("PATCH", "/v1/keys/{key}", {"name": "mine now"}),
    ("POST", "/v1/keys/{key}/rotate", {}),
    ("POST", "/v1/keys/{key}/revoke", {}),
    ("GET", "/v1/rate-limits/{limit}", None),
    ("DELETE", "/v1/rate-limits/{limit}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_strangers_ids_are_not_there(method: str, path: str, body: Any) -> None:
    mine, theirs = make_agency("Mine"), make_agency("Theirs")
    Api(theirs.live.text).ask("PUT", "/v1/rate-limits/partners", {"per_minute": 5})
    version = AuditEntry.objects.filter(agency=theirs.agency).count()
    answer = Api(mine.live.text).ask(method, path.format(key=theirs.live.row.public_id, limit="partners"), body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert AuditEntry.objects.filter(agency=theirs.agency).count() == version


def test_a_stranger_is_in_no_list() -> None:
    mine, theirs = make_agency("Mine"), make_agency("Theirs")
    api = Api(mine.live.text)
    assert {key["key_id"] for key in api.get("/v1/keys").json()["data"]} == {
        mine.live.row.public_id,
        mine.test.row.public_id,
    }
    objects = {entry["object_id"] for entry in api.get("/v1/audit").json()["data"]}
    assert theirs.live.row.public_id not in objects


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"name": "x"', 400, "malformed_json"),
        (b'{"name": NaN}', 400, "malformed_json"),
        (b'{"name": "\\ud800"}', 400, "malformed_json"),
        (b'{"name": "a\\u0000b"}', 422, "invalid"),
        (b"[" * 200 + b"]" * 200, 400, "malformed_json"),
        (b"[]", 422, "invalid"),
        (b'"' + b"x" * (256 * 1024) + b'"', 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body: bytes, status: int, code: str) -> None:
    answer = Api(make_agency().live.text).ask("POST", "/v1/keys", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_another_media_type_than_json_is_415() -> None:
    answer = Api(make_agency().live.text).ask("POST", "/v1/keys", b"name=x", content_type="text/plain")
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("member", "value"),
    [("name", 5), ("rate_limit_per_minute", "60"), ("expires_at", "2199-01-01T00:00:00"), ("expires_at", "2199-01-01")],
)
def test_a_key_takes_no_value_of_another_type(member: str, value: object) -> None:
    answer = Api(make_agency().live.text).post("/v1/keys", {"name": "x", "scopes": ["leads:read"], member: value})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [member])
