"""Delivery by http on contracts: taken, shown, sealed, kept, refused by path, exported, and ready in the snapshot."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings

from buyers.exchange.values import Values
from buyers.models import Contract, DeliveryMethod
from leads import snapshot
from tests.buyers.making import Api, House, a_campaign, a_contract, a_house, a_market, made, read

pytestmark = pytest.mark.django_db

PING = {"url": "https://buyer.example.com/ping", "headers": {"X-Key": {"secret": "the key of pings"}}}
POST = {"url": "https://buyer.example.com/post", "body": {"key": {"secret": "the key of posts"}}}
XML_ANSWER = {"answer": {"read": "xml", "success": {"at": "//ok"}}}
DELIVERY: dict[str, Any] = {"method": "http", "preset": "generic_json", "ping": PING, "post": POST}


@pytest.fixture
def house() -> House:
    return a_house()


def placed(house: House, delivery: dict[str, Any], **body: Any) -> dict[str, Any]:
    return a_contract(house, *a_market(house), delivery=delivery, **body)


def problems(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.content
    return {error["field"]: error["code"] for error in read(answer)["errors"]}


def exchange(house: House) -> Any:
    """The compiled method, as the hot path has it."""
    house.agency.refresh_from_db()
    view = snapshot.read(agency_id=house.agency.pk, version=house.agency.version)
    (contract,) = (contract for campaign in view.campaigns.values() for contract in campaign.contracts.values())
    return contract.exchange


def keys(house: House) -> tuple[str, str]:
    """The secrets that would be sent in a ping and in a post."""
    values, method = Values(lead={}), exchange(house)
    post = json.loads(method.post.request(values).body)
    return method.ping.request(values).headers["X-Key"], post["key"]


def change(house: House, contract: dict[str, Any], delivery: Any) -> Any:
    return house.api.patch(f"/v1/contracts/{contract['contract_id']}", {"delivery": delivery})


def test_a_method_is_shown_as_it_was_given_with_masks_for_its_secrets(house: House) -> None:
    contract = placed(house, DELIVERY)
    ping, post = contract["delivery"]["ping"], contract["delivery"]["post"]

    assert (contract["delivery"]["method"], contract["delivery"]["preset"]) == ("http", "generic_json")
    assert ping["url"] == PING["url"]
    assert ping["headers"]["X-Key"]["secret"].startswith("****")
    assert post["body"]["key"]["secret"].startswith("****")
    assert read(house.api.get(f"/v1/contracts/{contract['contract_id']}")) == contract
    assert keys(house) == ("the key of pings", "the key of posts")


def test_a_secret_is_nowhere_in_the_database_nor_in_any_answer(house: House) -> None:
    placed(house, DELIVERY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT config FROM buyers_deliverymethod")
        stored = str(cursor.fetchall())
    answers = [house.api.get(path).content.decode() for path in ("/v1/contracts", "/v1/contracts.csv")]

    assert "the key of" not in stored
    assert [answer for answer in answers if "the key of" in answer] == []


def test_a_mask_that_comes_back_keeps_its_secret(house: House) -> None:
    contract = placed(house, DELIVERY)
    shown = contract["delivery"]
    answer = change(house, contract, {**shown, "ping": {**shown["ping"], "timeout_ms": 250}})

    assert read(answer)["delivery"]["ping"]["timeout_ms"] == 250
    assert keys(house) == ("the key of pings", "the key of posts")


def test_a_new_secret_counts_for_the_next_lead_and_is_a_change_to_see(house: House) -> None:
    contract = placed(house, DELIVERY)
    assert keys(house)[0] == "the key of pings"
    shown = contract["delivery"]
    answer = change(house, contract, {**shown, "ping": {**PING, "headers": {"X-Key": {"secret": "another"}}}})

    assert read(answer)["delivery"] != shown
    assert keys(house) == ("another", "the key of posts")


def test_a_mask_without_a_secret_behind_it_is_refused(house: House) -> None:
    contract = placed(house, DELIVERY)
    moved = {**contract["delivery"], "ping": {**PING, "headers": {"X-Other": {"secret": "****"}}}}

    assert problems(change(house, contract, moved)) == {"delivery.ping.headers.X-Other.secret": "secret_not_kept"}
    assert keys(house)[0] == "the key of pings"


def test_a_kept_secret_does_not_go_to_another_host(house: House) -> None:
    contract = placed(house, DELIVERY)
    shown = contract["delivery"]
    elsewhere = {**shown, "ping": {**shown["ping"], "url": "https://thief.example.com/ping"}}
    nearby = {**shown, "ping": {**shown["ping"], "url": "https://buyer.example.com/v2/ping"}}

    assert problems(change(house, contract, elsewhere)) == {"delivery.ping.headers.X-Key.secret": "secret_not_kept"}
    assert change(house, contract, nearby).status_code == 200
    assert keys(house)[0] == "the key of pings"


def test_a_sealed_form_is_not_taken_from_outside(house: House) -> None:
    buyer, campaign = a_market(house)
    forged = {**PING, "headers": {"X-Key": {"secret": "x", "$sealed": "AAAA"}}}
    body = {**buyer, "campaign_id": campaign["campaign_id"], "delivery": {**DELIVERY, "ping": forged}, "price": 1}
    answer = house.api.post(
        "/v1/contracts", {name: body[name] for name in ("buyer_id", "campaign_id", "delivery", "price")}
    )

    assert problems(answer) == {"delivery.ping.headers.X-Key": "invalid"}


@pytest.mark.parametrize(
    ("delivery", "found"),
    [
        ({"method": "http"}, {"delivery.post": "required"}),
        ({**DELIVERY, "preset": "acme"}, {"delivery.preset": "invalid_choice"}),
        ({**DELIVERY, "ping": {**PING, "body": {"z": "{{lead.phone}}"}}}, {"delivery.ping.body.z": "not_pingable"}),
        ({**DELIVERY, "ping": {**PING, "body": {"z": "{{lead.color}}"}}}, {"delivery.ping.body.z": "unknown_field"}),
        ({**DELIVERY, "ping": {**PING, "body": {"h": "{{hash.phone_md5}}"}}}, {"delivery.ping.body.h": "not_allowed"}),
        ({**DELIVERY, "ping": {**PING, "url": "http://buyer.example.com/"}}, {"delivery.ping.url": "bad_url"}),
        ({**DELIVERY, "post": {**POST, "url": "https://169.254.169.254/"}}, {"delivery.post.url": "bad_url"}),
        ({**DELIVERY, "loss": {"url": "https://10.0.0.1/"}}, {"delivery.loss.url": "bad_url"}),
        (
            {**DELIVERY, "post": {**POST, "answer": {"price": {"unit": "euros"}}}},
            {"delivery.post.answer.price.unit": "invalid_choice"},
        ),
    ],
)
def test_what_is_wrong_is_refused_by_its_path_and_changes_nothing(
    house: House, delivery: dict[str, Any], found: dict[str, str]
) -> None:
    contract = placed(house, DELIVERY)

    assert problems(change(house, contract, delivery)) == found
    assert read(house.api.get(f"/v1/contracts/{contract['contract_id']}")) == contract


def test_a_ping_speaks_of_the_fields_that_the_lead_type_opens(house: House) -> None:
    placed(house, {**DELIVERY, "ping": {**PING, "body": {"s": "{{lead.severity}}"}}})
    request = exchange(house).ping.request(Values(lead={"severity": "minor", "phone": "+12025550142"}))

    assert json.loads(request.body) == {"type": "ping", "lead": {"severity": "minor"}, "s": "minor"}


def test_a_field_that_the_lead_type_closes_later_is_cut_from_pings(house: House) -> None:
    placed(house, {**DELIVERY, "ping": {**PING, "body": {"s": "{{lead.severity}}"}}})
    lead_type = read(house.api.get("/v1/lead-types"))["data"][0]
    fields = [{"name": "severity", "type": "choice", "choices": ["minor", "severe"], "personal": True}]
    assert house.api.patch(f"/v1/lead-types/{lead_type['lead_type_id']}", {"fields": fields}).status_code == 200

    request = exchange(house).ping.request(Values(lead={"severity": "minor", "zip": "75001"}))

    assert json.loads(request.body) == {"type": "ping", "lead": {"zip": "75001"}}


def test_members_are_sent_in_the_order_of_their_author(house: House) -> None:
    body = {"lead": {"zip": "1", "a": "2", "middle": "3", "b": "4"}}
    placed(house, {"method": "http", "post": {"url": POST["url"], "format": "xml", "body": body, **XML_ANSWER}})

    assert (
        exchange(house)
        .post.request(Values(lead={}))
        .body.endswith(b"<lead><zip>1</zip><a>2</a><middle>3</middle><b>4</b></lead>")
    )


def test_http_informs_nobody_beside_the_delivery(house: House) -> None:
    contract = placed(house, {"method": "portal"})
    answer = house.api.patch(f"/v1/contracts/{contract['contract_id']}", {"also": [DELIVERY]})

    assert problems(answer) == {"also.0.method": "invalid_choice"}


def test_a_contract_moves_from_webhook_to_http_and_back(house: House) -> None:
    webhook = {"method": "webhook", "url": "https://buyer.example.com/hook"}
    contract = placed(house, webhook)
    assert change(house, contract, DELIVERY).status_code == 200
    view = snapshot.contract_view(Contract.objects.get().pk)
    assert (view.method, view.endpoint_id, view.exchange is not None) == ("http", None, True)

    assert read(change(house, contract, webhook))["delivery"]["endpoint_id"] == contract["delivery"]["endpoint_id"]
    assert DeliveryMethod.objects.get().config == ""
    assert snapshot.contract_view(Contract.objects.get().pk).exchange is None


def test_what_is_exported_is_imported_without_a_change(house: House) -> None:
    placed(house, DELIVERY)
    text = house.api.get("/v1/contracts.csv").content.decode()
    headers = {"Authorization": f"Bearer {house.api.key}"}
    answer = Client().generic("POST", "/v1/contracts/import", text.encode(), "text/csv", headers=headers)

    assert read(answer)["unchanged"] == 1  # type: ignore[arg-type]
    assert keys(house) == ("the key of pings", "the key of posts")


def test_a_method_that_cannot_be_opened_closes_its_contract_and_not_the_market(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    placed(house, DELIVERY)
    method = DeliveryMethod.objects.get()
    stored = json.loads(method.config)
    stored["ping"]["headers"]["X-Key"]["$sealed"] = "AAAA"
    method.config = json.dumps(stored)
    method.save()

    assert exchange(house) is None
    assert "cannot be read" in caplog.text


# --- trying --------------------------------------------------------------------------------------------------------


def tried(api: Api, **body: Any) -> Any:
    return api.post("/v1/delivery-methods/try", {"delivery": DELIVERY, "stage": "ping", **body})


def test_a_pasted_answer_is_told_what_it_means(house: House) -> None:
    body = '{"accepted": true, "price": 42.50, "token": "x", "reason": null}'
    told = read(tried(house.api, answer={"status": 200, "body": body}))

    assert told.pop("request") == {
        "method": "POST",
        "url": "https://buyer.example.com/ping",
        "headers": {"Accept": "application/json", "X-Key": "********", "Content-Type": "application/json"},
        "body": '{"type":"ping","ping_id":"ping_sample",'
        '"lead":{"state":"TX","zip":"75001","case_type":"auto_accident"}}',
        "fields": ["case_type", "state", "zip"],
    }
    assert told == {
        "outcome": "accepted",
        "price": 42.5,
        "reason": None,
        "token": "x",
        "redirect": None,
        "unknown": False,
    }
    assert not Contract.objects.exists()


def test_an_answer_beyond_what_is_read_is_told_so(house: House) -> None:
    told = read(tried(house.api, stage="post", answer={"status": 200, "body": "x" * 70_000}))

    assert (told["outcome"], told["unknown"]) == ("too_large", True)


def test_without_an_answer_the_request_is_shown(house: House) -> None:
    told = read(tried(house.api, stage="post"))

    assert (told["outcome"], told["unknown"]) == (None, None)
    assert "the key of" not in json.dumps(told)
    assert json.loads(told["request"]["body"])["lead"]["phone"] == "+12025550142"


def test_a_campaign_brings_its_fields_to_the_trial(house: House) -> None:
    _, campaign = a_market(house)
    told = read(tried(house.api, campaign_id=campaign["slug"]))
    assert json.loads(told["request"]["body"])["lead"]["severity"] == "minor"

    odd = {**DELIVERY, "ping": {**PING, "body": {"x": "{{lead.phone}}"}}}
    assert problems(tried(house.api, campaign_id=campaign["slug"], delivery=odd)) == {
        "delivery.ping.body.x": "not_pingable"
    }


def test_a_trial_without_a_campaign_refuses_pings_that_are_personal_for_every_lead_type(house: House) -> None:
    def pinging(field: str) -> dict[str, Any]:
        return {**DELIVERY, "ping": {**PING, "body": {"x": f"{{{{lead.{field}}}}}"}}}

    assert problems(tried(house.api, delivery=pinging("first_name"))) == {"delivery.ping.body.x": "not_pingable"}
    assert tried(house.api, delivery=pinging("a_field_of_some_lead_type")).status_code == 200


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"stage": "loss"}, {"stage": "no_such_stage"}),
        ({"stage": "pong"}, {"stage": "invalid_choice"}),
        ({"delivery": {"method": "portal"}}, {"delivery.method": "invalid_choice"}),
        ({"delivery": {**DELIVERY, "odd": 1}}, {"delivery.odd": "unknown_member"}),
        ({"answer": {"status": 99}}, {"answer.status": "min_value"}),
        ({"answer": {"status": 200, "body": 7}}, {"answer.body": "invalid"}),
        ({"lead": {}}, {"lead": "unknown"}),
    ],
)
def test_what_is_wrong_with_a_trial_is_named(house: House, body: dict[str, Any], found: dict[str, str]) -> None:
    assert problems(tried(house.api, **body)) == found


def test_a_trial_takes_the_scope_to_read_and_a_key_of_the_agency(house: House) -> None:
    assert tried(house.key(scopes=["buyers:read"])).status_code == 200
    assert tried(house.key(scopes=["leads:read"])).status_code == 403


def test_a_trial_of_a_strangers_campaign_is_no_trial(house: House) -> None:
    a_market(house)
    other = a_house("Other", "other@other.example")
    made(other.api.post("/v1/lead-types", {"name": "solar", "fields": []}))
    stranger = a_campaign(other, lead_type="solar", slug="solar")

    assert tried(house.api, campaign_id=stranger["campaign_id"]).status_code == 404


@override_settings(EGRESS_ALLOW=["127.0.0.0/8"])
def test_the_operators_own_networks_may_be_called(house: House) -> None:
    local = {**DELIVERY, "ping": {"url": "http://127.0.0.1:9999/ping"}}

    assert placed(house, local)["delivery"]["ping"]["url"] == "http://127.0.0.1:9999/ping"
