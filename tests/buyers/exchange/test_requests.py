"""What is sent: bodies in three formats, URLs, headers, and formats of values."""

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from buyers.exchange.formats import FORMATS
from core import json
from tests.buyers.exchange.making import LEAD, POST, VALUES, compiled, posting


def sent(body: Any, lead: dict[str, Any] | None = None, **stage: Any) -> Any:
    values = VALUES if lead is None else replace(VALUES, lead=lead)
    return json.loads(posting(body=body, **stage).post.request(values).body)


@pytest.mark.parametrize(
    ("template", "lead", "value"),
    [
        ("{{lead.age}}", {"age": 42}, 42),
        ("{{lead.rate}}", {"rate": 1.5}, 1.5),
        ("{{ lead.insured }}", {"insured": False}, False),
        ("{{lead.parts}}", {"parts": ["neck", "back"]}, ["neck", "back"]),
        ("age {{lead.age}}, {{lead.insured}}", {"age": 42, "insured": True}, "age 42, true"),
        ("a {{lead.none}} b", {}, "a  b"),
        ("{{ping.price}}", {}, 31.5),
        ("at {{ping.price}}", {}, "at 31.50"),
        ({"from": "severity", "map": {"minor": 1}, "default": 0}, {"severity": "minor"}, 1),
        ({"from": "severity", "map": {"minor": 1}, "default": 0}, {"severity": "odd"}, 0),
        ({"from": "severity", "map": {"minor": 1}, "default": 0}, {}, 0),
        ({"from": "insured", "map": {"true": "J", "false": "N"}}, {"insured": True}, "J"),
        ({"from": "phone", "format": "digits10"}, {"phone": "+15125550143"}, "5125550143"),
        ({"from": "phone", "format": ["digits10", "number"]}, {"phone": "+15125550143"}, 5125550143),
        ({"from": "ping.token"}, {}, "T-1"),
        ({"from": "x", "default": None}, {}, None),
        ({"constant": "{{lead.zip}}"}, {}, "{{lead.zip}}"),
        ({"constant": {"from": "zip"}}, {}, {"from": "zip"}),
        ({"secret": "s3"}, {}, "s3"),
        ({"secret": "s3", "needed": 1}, {}, {"secret": "s3", "needed": 1}),
        (True, {}, True),
        (17, {}, 17),
        (None, {}, None),
        ({"name": {"last": "{{lead.last_name}}"}}, {"last_name": "Rivers"}, {"name": {"last": "Rivers"}}),
        (["{{lead.none}}", "{{lead.zip}}"], {"zip": "75001"}, ["75001"]),
    ],
)
def test_a_template_gives(template: Any, lead: dict[str, Any], value: Any) -> None:
    assert sent({"it": template}, lead) == {"it": value}


def test_what_is_missing_or_not_in_the_table_is_left_out() -> None:
    assert sent({"a": "{{lead.none}}", "b": {"from": "zip", "map": {"1": 2}}, "c": 1}, {"zip": "75001"}) == {"c": 1}


@pytest.mark.parametrize(
    ("name", "value", "formed"),
    [
        ("digits10", "+15125550143", "5125550143"),
        ("digits", "+15125550143", "15125550143"),
        ("e164", "+15125550143", "+15125550143"),
        ("dashed", "+15125550143", "512-555-0143"),
        ("national", "+15125550143", "(512) 555-0143"),
        ("national", "+442071838750", "020 7183 8750"),
        ("digits10", "+442071838750", "442071838750"),
        ("us_date", "1985-07-04", "07/04/1985"),
        ("eu_date", "1985-07-04", "04/07/1985"),
        ("compact_date", "1985-07-04", "19850704"),
        ("iso_date", "2026-05-12T23:30:00-05:00", "2026-05-13"),
        ("sql_datetime", "2026-05-12T14:30:00.250Z", "2026-05-12 14:30:00"),
        ("unix", "2026-05-12T14:30:00Z", 1778596200),
        ("us_date", "soon", "soon"),
        ("upper", "tx", "TX"),
        ("lower", "TX", "tx"),
        ("title", "new york", "New York"),
        ("ascii", "Zoë Müller", "Zoe Muller"),
        ("yes_no", True, "yes"),
        ("yes_no", "No", "no"),
        ("y_n", False, "N"),
        ("one_zero", True, 1),
        ("true_false", False, "false"),
        ("yes_no", "maybe", "maybe"),
        ("text", 7, "7"),
        ("text", 1e21, "1000000000000000000000"),
        ("number", "1200.50", 1200.5),
        ("number", "42", 42),
        ("number", "1e400", "1e400"),
        ("number", "NaN", "NaN"),
        ("md5", "+15125550143", hashlib.md5(b"5125550143", usedforsecurity=False).hexdigest()),
        ("sha1", " Maria@Example.com ", hashlib.sha1(b"maria@example.com", usedforsecurity=False).hexdigest()),
    ],
)
def test_a_format_gives(name: str, value: Any, formed: Any) -> None:
    assert FORMATS[name](value) == formed


def test_no_format_fails_on_any_value() -> None:
    odd: list[Any] = ["", "x", "\x00", "9" * 5000, "0001-01-01T00:00:00+14:00", 0, -1.5, 2**70, True, [], [1, None], {}]
    for value in (*odd, None):
        for apply in FORMATS.values():
            apply(value)


def test_a_form_has_one_level_and_repeats_lists() -> None:
    body = {"zip": "{{lead.zip}}", "injury": ["neck", "{{lead.state}}"], "ok": True, "note": "a&b ü"}

    request = posting(format="form", body=body).post.request(VALUES)

    assert request.body == b"zip=20001&injury=neck&injury=DC&ok=true&note=a%26b+%C3%BC"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_xml_has_attributes_lists_and_escapes() -> None:
    body = {
        "lead": {
            "@id": "{{sale.lead_id}}",
            "name": "{{lead.last_name}}",
            "phone": {"@kind": "ho<me", "#text": "{{lead.phone|digits10}}"},
            "tag": ["a", "b"],
            "empty": "",
            "gone": "{{lead.none}}",
        }
    }

    request = posting(format="xml", body=body).post.request(replace(VALUES, lead={**LEAD, "last_name": "O'<b>&\x01ü"}))

    assert request.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><lead id="ld_1"><name>O\'&lt;b&gt;&amp;ü</name>'
        '<phone kind="ho&lt;me">2025550142</phone><tag>a</tag><tag>b</tag><empty></empty></lead>'
    )
    assert request.headers["Content-Type"] == "application/xml; charset=utf-8"


def test_a_get_carries_its_body_as_query() -> None:
    request = posting(verb="GET", url="https://buyer.example.com/p?v=1", body={"zip": "{{lead.zip}}"}).post.request(
        VALUES
    )

    assert (request.method, request.url, request.body) == ("GET", "https://buyer.example.com/p?v=1&zip=20001", b"")


def test_a_value_in_a_url_stays_in_its_place() -> None:
    url = "https://buyer.example.com/{{lead.city}}/post?t={{ping.token}}"
    values = replace(VALUES, lead={**LEAD, "city": "../a?b&c#d @x"})

    assert posting(url=url).post.request(values).url == (
        "https://buyer.example.com/..%2Fa%3Fb%26c%23d%20%40x/post?t=T-1"
    )


def test_headers_stay_on_their_line() -> None:
    headers = {
        "X-Key": {"secret": "k"},
        "Authorization": {"secret": "u:p", "scheme": "basic"},
        "X-City": "{{lead.city}}",
    }
    values = replace(VALUES, lead={**LEAD, "city": "a\r\nX-Evil: 1 ü"})

    found = posting(headers=headers).post.request(values).headers

    assert found == {
        "Accept": "application/json",
        "X-Key": "k",
        "Authorization": "Basic dTpw",
        "X-City": "a??X-Evil: 1 ?",
    }


def test_time_and_limits_are_the_callers() -> None:
    body = {"time": "{{request.time}}", "unix": "{{request.unix}}", "tmax": "{{request.timeout_ms}}"}
    values = replace(VALUES, now=datetime(2026, 5, 12, 14, 30, tzinfo=UTC), timeout_ms=250)

    request = posting(body=body, timeout_ms=8000).post.request(values)

    assert json.loads(request.body) == {"time": "2026-05-12T14:30:00.000Z", "unix": 1778596200, "tmax": 250}
    assert request.timeout == 0.25


def test_money_has_the_decimals_of_its_currency() -> None:
    body = {"price": "{{sale.price}}", "text": "{{sale.price}} JPY"}
    method = compiled(currency="JPY", post={**POST, "body": body})

    assert json.loads(method.post.request(VALUES).body) == {"price": 3150, "text": "3150 JPY"}
    assert posting(body=body).post.request(VALUES).body == b'{"price":31.50,"text":"31.50 JPY"}'


def test_the_fields_that_are_sent_are_named() -> None:
    body = {"a": "{{lead.zip}} {{lead.none}}", "b": {"from": "phone"}, "h": "{{hash.email_md5}}"}
    method = posting(body=body, url="https://b.example.com/{{lead.state}}")
    values = replace(VALUES, hash={"email_md5": "x"})

    assert method.post.fields(values) == ("email_md5", "phone", "state", "zip")
    assert compiled(preset="generic_json", ping={"url": POST["url"]}, post=POST).post.fields(VALUES) == tuple(
        sorted(LEAD)
    )


def test_hashes_are_of_the_trades_normal_forms_and_keyed_on_wish() -> None:
    key = "a key of both sides"
    plain = compiled(hashes=["phone_sha256", "email_md5"], post=POST)
    keyed = compiled(hashes=["phone_sha256"], hash_key={"secret": key}, post=POST)

    assert plain.hashes({"phone": "+12025550142", "email": "Dana@Example.com"}) == {
        "phone_sha256": hashlib.sha256(b"2025550142").hexdigest(),
        "email_md5": hashlib.md5(b"dana@example.com", usedforsecurity=False).hexdigest(),
    }
    assert keyed.hashes(LEAD) == {"phone_sha256": hmac.new(key.encode(), b"2025550142", "sha256").hexdigest()}
    assert plain.hashes({}) == {}


def test_secrets_do_not_show_in_what_is_logged() -> None:
    method = compiled(
        hash_key={"secret": "a-long-secret-key"}, post={**POST, "headers": {"X": {"secret": "s3cr3t"}}}, hashes=[]
    )

    assert "s3cr3t" not in repr(method)
    assert "a-long-secret-key" not in repr(method)


def test_decimals_of_numbers_survive() -> None:
    assert posting(body={"x": {"constant": Decimal("1.10")}}).post.request(VALUES).body == b'{"x":1.10}'
