"""Every preset on recorded samples of its system: what is sent, and what each kind of answer means."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from buyers.exchange.methods import HttpMethod
from buyers.exchange.presets import PRESETS, beginning, preset
from core import json
from tests.buyers.exchange.making import VALUES, compiled, refused, response, said

SAMPLES = json.loads(Path(__file__).with_name("samples.json").read_bytes())
"""Answers as the systems' manuals show them, and what each means."""

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


@pytest.mark.parametrize("sample", SAMPLES, ids=[f"{sample['preset']}-{sample['stage']}" for sample in SAMPLES])
def test_a_recorded_answer_means(sample: Mapping[str, Any]) -> None:
    found = getattr(method(sample["preset"]), sample["stage"])

    assert list(said(found.read(response(sample["body"], sample["status"])))) == sample["means"]


def test_every_preset_is_tried_on_an_acceptance_and_a_refusal() -> None:
    tried = {(sample["preset"], sample["means"][0] == "accepted") for sample in SAMPLES}

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


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("boberdoo", "Mode=post&Lead_ID=T-1&Primary_Phone=2025550142"),
        ("leadspedia", "lp_ping_id=T-1&lp_response=JSON&phone_home=2025550142"),
        ("leadbyte", "campid=ROOF-US&sid=55&returnjson=yes&firstname=Dana&phone1=2025550142&postcode=20001"),
        ("phonexa", "apiId=demo&apiPassword=demo&productId=201&price=10.00&zip=20001&firstName=Dana"),
        ("leadexec", "vid=1001&lid=44&aid=7&orderid=T-1&response_type=json&Phone=2025550142"),
    ],
)
def test_a_form_is_posted_as_its_manual_shows(name: str, sample: str) -> None:
    assert dict(parse_qsl(sample)).items() <= form(name, "post").items()


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


def test_an_openrtb_bidder_is_told_which_price_the_winner_pays() -> None:
    ping = method("openrtb").ping
    assert ping is not None
    second = replace(VALUES, campaign={**VALUES.campaign, "auction_price": "second"})

    assert json.loads(ping.request(second).body)["at"] == 2


def test_a_ping_of_ones_own_stands_beside_a_preset_that_only_posts() -> None:
    answer = {
        "read": "json",
        "success": {"at": "$.ok", "in": [True]},
        "price": {"at": "$.bid"},
        "token": {"at": "$.id"},
    }
    both = method("leadexec", ping={"url": URL, "body": {"Zip": "{{lead.zip}}"}, "answer": answer})
    assert both.ping is not None
    token = both.ping.read(response({"ok": True, "bid": 12.5, "id": "ping-ex-01"})).token

    posted = both.post.request(replace(VALUES, ping={"token": token}))

    assert dict(parse_qsl(posted.body.decode()))["orderid"] == "ping-ex-01"


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


def test_who_tells_success_anew_tells_refusals_anew_too() -> None:
    answer: dict[str, Any] = {"success": {"at": "$.result", "in": ["ok"]}}
    post = compiled(preset="generic_json", ping=None, post={"url": URL, "answer": answer}).post
    assert post.read(response({"result": "no"})).outcome == "refused"
    answer["refusal"] = {"at": "$.result", "in": ["no"]}
    post = compiled(preset="generic_json", ping=None, post={"url": URL, "answer": answer}).post
    assert [post.read(response({"result": word})).outcome for word in ("ok", "no", "wait")] == [
        *("accepted", "refused", "unreadable"),
    ]


@pytest.mark.parametrize("word", ["yes", 1, "queued", {"status": "queued"}, [True], None])
def test_a_generic_answer_says_true_or_false_and_anything_else_is_none(word: Any) -> None:
    told = compiled(preset="generic_json", ping=None, post={"url": URL}).post.read(response({"accepted": word}))
    assert (told.outcome, told.unknown) == ("unreadable", True)


def test_a_stage_of_a_preset_can_be_left_out() -> None:
    assert compiled(preset="generic_json", ping=None, post={"url": URL}).ping is None


def test_a_preset_stays_as_it_is() -> None:
    before = json.dumps(preset("boberdoo"))
    method("boberdoo")

    assert json.dumps(preset("boberdoo")) == before
