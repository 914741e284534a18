"""Every preset on recorded samples of its system: what is sent, and what each kind of answer means."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest

from buyers.exchange.methods import HttpMethod
from buyers.exchange.presets import PRESETS, beginning, preset
from core import json
from tests.buyers.exchange.making import VALUES, compiled, refused, response, said

URL = "https://buyer.example.com/api"
SECRET = {"secret": "demo"}
FILLED: Mapping[str, Any] = {
    "boberdoo": {
        "ping": {"url": URL, "body": {"Key": SECRET, "TYPE": 21, "SRC": "OurNet"}},
        "post": {"url": URL, "body": {"Key": SECRET, "TYPE": 21, "SRC": "OurNet"}},
    },
    "leadspedia": {
        "ping": {"url": URL, "body": {"lp_campaign_id": "7", "lp_campaign_key": SECRET}},
        "post": {"url": URL, "body": {"lp_campaign_id": "7", "lp_campaign_key": SECRET}},
    },
    "leadprosper": {
        "ping": {"body": {"lp_campaign_id": 1, "lp_supplier_id": 2, "lp_key": SECRET}},
        "post": {"body": {"lp_campaign_id": 1, "lp_supplier_id": 2, "lp_key": SECRET}},
    },
    "phonexa": {"post": {"url": URL, "body": {"apiId": "demo", "apiPassword": SECRET, "productId": 201}}},
    "leadconduit": {"ping": {"url": URL}, "post": {"url": URL}},
    "leadexec": {"post": {"url": URL, "body": {"vid": 1001, "lid": 44, "aid": 7, "password": SECRET}}},
    "leadbyte": {"post": {"url": URL, "body": {"campid": "ROOF-US", "sid": 55}}},
    "generic_json": {"ping": {"url": URL}, "post": {"url": URL}},
    "openrtb": {"ping": {"url": URL}, "post": {"url": URL}},
}


def method(name: str, **change: Any) -> HttpMethod:
    return compiled(preset=name, **{**FILLED[name], **change})


SAMPLES: list[tuple[str, str, int, Any, tuple[Any, ...]]] = [
    (
        "boberdoo",
        "ping",
        200,
        {"response": {"status": "Matched", "lead_id": "AB12CD34", "price": "31.50"}},
        ("accepted", 3150, "", "AB12CD34"),
    ),
    ("boberdoo", "ping", 200, {"response": {"status": "Unmatched"}}, ("no_bid", None, "", "")),
    (
        "boberdoo",
        "ping",
        200,
        {"response": {"status": "Error", "error": "Invalid Zip"}},
        ("error", None, "Invalid Zip", ""),
    ),
    (
        "boberdoo",
        "post",
        200,
        {"response": {"status": "Matched", "lead_id": "AB12CD34", "price": "31.50"}},
        ("accepted", 3150, "", "AB12CD34"),
    ),
    ("boberdoo", "post", 200, {"response": {"status": "Unmatched"}}, ("refused", None, "", "")),
    (
        "boberdoo",
        "ping",
        200,
        {"response": {"status": "Unmatched", "process_information": {"unmatched_reason": "Cap", "total_bids": 0}}},
        ("no_bid", None, "Cap", ""),
    ),
    (
        "leadspedia",
        "ping",
        200,
        {"result": "success", "ping_id": "p-1001-example", "price": "24.00", "msg": "Ping Accepted"},
        ("accepted", 2400, "", "p-1001-example"),
    ),
    (
        "leadspedia",
        "ping",
        200,
        {"result": "failed", "msg": "Ping Rejected", "errors": [{"error": "No coverage"}]},
        ("no_bid", None, "No coverage", ""),
    ),
    (
        "leadspedia",
        "post",
        200,
        {
            "result": "success",
            "lead_id": "L-1001-example",
            "price": "24.00",
            "msg": "Lead Accepted",
            "redirect_url": "",
        },
        ("accepted", 2400, "", ""),
    ),
    (
        "leadspedia",
        "post",
        200,
        {"result": "failed", "lead_id": "L-1002-example", "price": "0.00", "errors": [{"error": "Duplicate lead"}]},
        ("duplicate", None, "Duplicate lead", ""),
    ),
    (
        "leadspedia",
        "post",
        200,
        {"result": "failed", "price": "0.00", "msg": "Lead Rejected"},
        ("refused", None, "Lead Rejected", ""),
    ),
    (
        "leadprosper",
        "ping",
        200,
        {"status": "ACCEPTED", "ping_id": "png_ex_01", "payout": 18.75},
        ("accepted", 1875, "", "png_ex_01"),
    ),
    (
        "leadprosper",
        "ping",
        200,
        {
            "status": "ACCEPTED",
            "ping_id": "png_ex_02",
            "bids": [{"bid_id": "b1", "payout": 9.0}, {"bid_id": "b2", "payout": 7.5}],
        },
        ("accepted", 900, "", "png_ex_02"),
    ),
    (
        "leadprosper",
        "post",
        200,
        {"status": "ACCEPTED", "lead_id": "ld_ex_01", "payout": 18.75},
        ("accepted", 1875, "", ""),
    ),
    (
        "leadprosper",
        "post",
        200,
        {"status": "DUPLICATED", "code": 1008, "message": "duplicate", "lead_id": "ld_ex_02"},
        ("duplicate", None, "duplicate", ""),
    ),
    (
        "leadprosper",
        "post",
        400,
        {"status": "ERROR", "code": 1001, "message": "missing zip_code", "lead_id": "ld_ex_03"},
        ("error", None, "missing zip_code", ""),
    ),
    (
        "phonexa",
        "post",
        200,
        {"status": "sold", "id": "PX1", "price": 12.5, "redirectUrl": "https://thanks.example.com"},
        ("accepted", 1250, "", "PX1"),
    ),
    ("phonexa", "post", 200, {"status": "reject", "reason": "No buyer"}, ("refused", None, "No buyer", "")),
    ("leadconduit", "ping", 200, {"outcome": "success", "price": 12.5}, ("accepted", 1250, "", "")),
    (
        "leadconduit",
        "ping",
        200,
        {"outcome": "failure", "reason": "no bid", "price": 0},
        ("no_bid", None, "no bid", ""),
    ),
    ("leadconduit", "ping", 200, {"outcome": "success", "price": 0}, ("no_bid", None, "price_zero", "")),
    (
        "leadconduit",
        "post",
        201,
        {"outcome": "success", "lead": {"id": "lc1"}, "price": 0},
        ("accepted", None, "", "lc1"),
    ),
    (
        "leadconduit",
        "post",
        201,
        {"outcome": "failure", "reason": "Duplicate lead", "lead": {"id": "lc2"}},
        ("duplicate", None, "Duplicate lead", ""),
    ),
    (
        "leadconduit",
        "post",
        201,
        {"outcome": "error", "reason": "timeout of a step"},
        ("error", None, "timeout of a step", ""),
    ),
    (
        "leadexec",
        "post",
        200,
        {
            "PostID": "00000000-0000-4000-8000-000000000001",
            "isValidPost": True,
            "ResponseType": "No_Error",
            "ResponseDetail": "",
            "LeadIdentifier": 1001,
        },
        ("accepted", None, "", "00000000-0000-4000-8000-000000000001"),
    ),
    (
        "leadexec",
        "post",
        200,
        {"isValidPost": False, "ResponseType": 6, "ResponseDetail": ""},
        ("duplicate", None, "Duplicate_Lead", ""),
    ),
    (
        "leadexec",
        "post",
        200,
        {"isValidPost": False, "ResponseType": "Duplicate_Lead", "ResponseDetail": "seen"},
        ("duplicate", None, "seen", ""),
    ),
    (
        "leadexec",
        "post",
        200,
        {"isValidPost": False, "ResponseType": 5, "ResponseDetail": ""},
        ("refused", None, "Outside_Criteria", ""),
    ),
    (
        "leadexec",
        "post",
        200,
        {"isValidPost": False, "ResponseType": 9, "ResponseDetail": ""},
        ("error", None, "Data_Errors", ""),
    ),
    (
        "leadbyte",
        "post",
        200,
        {"code": 1, "response": "OK", "info": "...", "leadId": 1001, "processTime": 0.2},
        ("accepted", None, "", "1001"),
    ),
    ("leadbyte", "post", 200, {"code": -2, "response": "Duplicate"}, ("duplicate", None, "duplicate", "")),
    ("leadbyte", "post", 200, {"code": -4, "response": "Cap"}, ("refused", None, "cap reached", "")),
    ("leadbyte", "post", 200, {"code": -100}, ("error", None, "internal", "")),
    (
        "generic_json",
        "ping",
        200,
        {"accepted": True, "price": 42.50, "token": "x", "reason": None},
        ("accepted", 4250, "", "x"),
    ),
    ("generic_json", "ping", 200, {"accepted": False, "reason": "full"}, ("no_bid", None, "full", "")),
    ("generic_json", "post", 200, {"accepted": True, "reason": None}, ("accepted", None, "", "")),
    ("generic_json", "post", 200, {"accepted": False, "reason": "bad number"}, ("refused", None, "bad number", "")),
    (
        "openrtb",
        "ping",
        200,
        {"id": "ping_1", "seatbid": [{"bid": [{"id": "b1", "impid": "1", "price": 40}]}]},
        ("accepted", 4000, "", "b1"),
    ),
    ("openrtb", "ping", 204, "", ("no_bid", None, "no_content", "")),
    ("openrtb", "ping", 200, {}, ("no_bid", None, "", "")),
    ("openrtb", "ping", 200, {"id": "ping_1", "seatbid": []}, ("no_bid", None, "", "")),
    ("openrtb", "ping", 200, {"id": "ping_1", "nbr": 9}, ("no_bid", None, "daily cap", "")),
    ("openrtb", "ping", 400, "bad request", ("error", None, "http_400", "")),
    ("openrtb", "post", 200, {"accepted": True}, ("accepted", None, "", "")),
    ("openrtb", "post", 200, {"accepted": False, "reason": "late"}, ("refused", None, "late", "")),
]


@pytest.mark.parametrize(("name", "stage", "status", "body", "meaning"), SAMPLES)
def test_a_recorded_answer_means(name: str, stage: str, status: int, body: Any, meaning: tuple[Any, ...]) -> None:
    found = getattr(method(name), stage)

    assert said(found.read(response(body, status))) == meaning


def test_every_preset_is_tried_on_an_acceptance_and_a_refusal() -> None:
    tried = {(name, meaning[0] == "accepted") for name, _, _, _, meaning in SAMPLES}

    assert tried == {(name, accepted) for name in PRESETS for accepted in (True, False)}


def form(name: str, stage: str) -> dict[str, str]:
    return dict(parse_qsl(getattr(method(name), stage).request(VALUES).body.decode(), strict_parsing=True))


def test_boberdoo_is_pinged_with_what_its_manual_shows() -> None:
    assert form("boberdoo", "ping") == {
        "Key": "demo",
        "API_Action": "pingPostLead",
        "Format": "JSON",
        "Mode": "ping",
        "TYPE": "21",
        "SRC": "OurNet",
        "Return_Best_Price": "1",
        "Zip": "20001",
        "State": "DC",
    }


def test_boberdoo_is_posted_to_under_the_id_of_its_ping() -> None:
    sent = form("boberdoo", "post")

    assert (sent["Mode"], sent["Lead_ID"], sent["Primary_Phone"]) == ("post", "T-1", "2025550142")


def test_leadspedia_is_posted_to_under_the_id_of_its_ping() -> None:
    sent = form("leadspedia", "post")

    assert (sent["lp_ping_id"], sent["lp_response"], sent["phone_home"]) == ("T-1", "JSON", "2025550142")


def test_leadbyte_gets_its_sample_request() -> None:
    sent = form("leadbyte", "post")

    assert {name: sent[name] for name in ("campid", "sid", "returnjson", "firstname", "phone1", "postcode")} == {
        "campid": "ROOF-US",
        "sid": "55",
        "returnjson": "yes",
        "firstname": "Dana",
        "phone1": "2025550142",
        "postcode": "20001",
    }


def test_phonexa_gets_its_sample_request() -> None:
    sent = form("phonexa", "post")

    assert {name: sent[name] for name in ("apiId", "apiPassword", "productId", "price", "zip", "firstName")} == {
        "apiId": "demo",
        "apiPassword": "demo",
        "productId": "201",
        "price": "10.00",
        "zip": "20001",
        "firstName": "Dana",
    }


def test_leadexec_gets_its_sample_request() -> None:
    sent = form("leadexec", "post")

    assert {name: sent[name] for name in ("vid", "lid", "aid", "orderid", "response_type", "Phone")} == {
        "vid": "1001",
        "lid": "44",
        "aid": "7",
        "orderid": "T-1",
        "response_type": "json",
        "Phone": "2025550142",
    }


def test_generic_json_is_what_the_documentation_says() -> None:
    found = method("generic_json")
    assert found.ping is not None

    assert json.loads(found.ping.request(VALUES).body) == {
        "type": "ping",
        "ping_id": "ping_1",
        "lead": {"state": "DC", "zip": "20001"},
    }
    assert json.loads(found.post.request(VALUES).body) == {
        "type": "post",
        "ping_id": "ping_1",
        "token": "T-1",
        "lead": VALUES.lead,
    }


def test_openrtb_is_a_bid_request() -> None:
    ping = method("openrtb").ping
    assert ping is not None
    sent = ping.request(VALUES)

    assert sent.headers["x-openrtb-version"] == "2.6"
    assert json.loads(sent.body) == {
        "id": "ping_1",
        "at": 1,
        "tmax": 10000,
        "cur": ["USD"],
        "test": 0,
        "imp": [{"id": "1", "bidfloor": 10.0, "bidfloorcur": "USD"}],
        "ext": {"lead": {"state": "DC", "zip": "20001"}},
    }


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_names_what_it_still_needs(name: str) -> None:
    needed = {path for path, code in refused(preset=name).items() if code == "required"}

    assert needed
    assert all(path.startswith(("delivery.ping.", "delivery.post.")) for path in needed)


@pytest.mark.parametrize("name", PRESETS)
def test_the_beginning_of_a_preset_is_all_that_it_needs(name: str) -> None:
    begun = beginning(name)

    assert begun["preset"] == name
    assert refused(**{member: value for member, value in begun.items() if member != "method"}) == {}


def test_boberdoo_answers_in_xml_where_its_account_does() -> None:
    places = {"read": "xml", "success": {"at": "/response/status"}, "error": {"at": "/response/status"}}
    answer = {**places, "reason": {"at": "/response/error"}, "price": None, "token": None, "redirect": None}
    ping = method("boberdoo", ping={**FILLED["boberdoo"]["ping"], "answer": answer}).ping
    assert ping is not None

    assert said(ping.read(response("<response><status>Unmatched</status></response>"))) == ("no_bid", None, "", "")
    fault = "<response><status>Error</status><error>Invalid Zip</error></response>"
    assert said(ping.read(response(fault))) == ("error", None, "Invalid Zip", "")


def test_a_member_is_overridden_and_null_takes_it_away() -> None:
    post = {"url": URL, "body": {"campid": "A", "sid": 1, "county": None, "firstname": "{{lead.first_name|upper}}"}}
    sent = dict(parse_qsl(compiled(preset="leadbyte", post=post).post.request(VALUES).body.decode()))

    assert sent["firstname"] == "DANA"
    assert "county" not in sent
    assert sent["postcode"] == "20001"


def test_another_operator_takes_the_place_of_the_presets() -> None:
    answer = {"success": {"above": 0}}
    post = {"url": URL, "body": {"campid": "A", "sid": 1}, "answer": answer}

    assert compiled(preset="leadbyte", post=post).post.read(response({"code": 7})).accepted


def test_a_stage_of_a_preset_can_be_left_out() -> None:
    assert compiled(preset="generic_json", ping=None, post={"url": URL}).ping is None


def test_a_preset_stays_as_it_is() -> None:
    before = json.dumps(preset("boberdoo"))
    method("boberdoo")

    assert json.dumps(preset("boberdoo")) == before
