"""Bulk changes and CSV: all or none, the same checks as one by one, and out and in again without loss."""

import csv
import io
import json

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Agency
from buyers.csv_cells import from_cell, guard, to_cell, unguard
from buyers.models import Buyer, Contract
from tests.buyers.making import House, a_buyer, a_contract, a_house, a_market, read


@pytest.fixture
def house() -> House:
    return a_house()


def send_csv(house: House, path: str, text: str, **more: str) -> HttpResponse:
    headers = {"Authorization": f"Bearer {house.api.key}", **more}
    return Client().generic("POST", path, text.encode(), "text/csv", headers=headers)  # type: ignore[return-value]


@pytest.mark.django_db
def test_one_setting_changes_many_contracts(house: House) -> None:
    buyer, campaign = a_market(house)
    ids = [a_contract(house, buyer, campaign)["contract_id"] for _ in range(2)]
    answer = read(house.api.post("/v1/contracts/bulk", {"ids": ids, "set": {"price": 99.5}}))
    assert answer == {
        "dry_run": False,
        "changed": 2,
        "results": [{"id": public_id, "outcome": "update"} for public_id in ids],
    }
    assert set(Contract.objects.values_list("price", flat=True)) == {9950}


@pytest.mark.django_db
def test_where_one_item_is_refused_none_is_changed_and_the_item_is_named(house: House) -> None:
    buyer, campaign = a_market(house)
    ids = [a_contract(house, buyer, campaign)["contract_id"] for _ in range(2)]
    items = [{"id": ids[0], "price": 1}, {"id": ids[1], "price": -1}, {"id": "ctr_nobody", "price": 1}]
    answer = house.api.post("/v1/contracts/bulk", {"items": items})
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in read(answer)["errors"]] == [
        ("items.1.price", "min_value"),
        ("items.2.id", "not_found"),
    ]
    assert set(Contract.objects.values_list("price", flat=True)) == {17500}


@pytest.mark.django_db
def test_a_dry_run_says_what_would_change_and_changes_nothing(house: House) -> None:
    buyer = a_buyer(house)
    version = Agency.objects.get().version
    body = {"ids": [buyer["buyer_id"]], "set": {"status": "paused"}, "dry_run": True}
    assert read(house.api.post("/v1/buyers/bulk", body))["changed"] == 1
    assert (Buyer.objects.get().status, Agency.objects.get().version) == ("active", version)


@pytest.mark.django_db
def test_one_setting_changes_all_that_match_a_filter_and_no_other(house: House) -> None:
    buyer, campaign = a_market(house)
    other = a_buyer(house, name="Other Law")
    ids = [a_contract(house, buyer, campaign)["contract_id"] for _ in range(2)]
    a_contract(house, other, campaign)
    archived = a_contract(house, buyer, campaign)["contract_id"]
    house.api.delete(f"/v1/contracts/{archived}")
    body = {"filter": {"buyer_id": buyer["buyer_id"]}, "set": {"price": 99}}
    would = read(house.api.post("/v1/contracts/bulk", {**body, "dry_run": True}))
    assert (would["dry_run"], would["changed"]) == (True, 2)
    assert set(Contract.objects.values_list("price", flat=True)) == {17500}
    answer = read(house.api.post("/v1/contracts/bulk", body))
    assert answer["results"] == [{"id": public_id, "outcome": "update"} for public_id in ids]
    assert Contract.objects.filter(price=9900).count() == 2
    assert read(house.api.post("/v1/contracts/bulk", body))["changed"] == 0


@pytest.mark.django_db
def test_buyers_are_changed_by_a_filter_too(house: House) -> None:
    a_buyer(house, external_id="a")
    second = a_buyer(house, name="Second")
    answer = read(house.api.post("/v1/buyers/bulk", {"filter": {"name": "second"}, "set": {"status": "paused"}}))
    assert [row["id"] for row in answer["results"]] == [second["buyer_id"]]
    assert list(Buyer.objects.filter(status="paused").values_list("name", flat=True)) == ["Second"]
    none = read(house.api.post("/v1/buyers/bulk", {"filter": {"external_id": "b"}, "set": {"status": "paused"}}))
    assert (none["changed"], none["results"]) == (0, [])


@pytest.mark.django_db
def test_a_refusal_names_the_row_that_a_filter_found_and_nothing_changes(house: House) -> None:
    buyer, campaign = a_market(house)
    contract_id = a_contract(house, buyer, campaign)["contract_id"]
    body = {"filter": {"status": "active"}, "set": {"price": -1}}
    answer = house.api.post("/v1/contracts/bulk", body)
    assert (answer.status_code, read(answer)["errors"][0]["field"]) == (422, f"filter.{contract_id}.price")
    assert Contract.objects.get().price == 17500


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filter": {}, "set": {"status": "paused"}}, "filter"),
        ({"filter": {"colour": "red"}, "set": {"status": "paused"}}, "filter.colour"),
        ({"filter": {"status": "asleep"}, "set": {"status": "paused"}}, "filter.status"),
        ({"filter": {"buyer_id": "ctr_x"}, "set": {"status": "paused"}}, "filter.buyer_id"),
        ({"filter": {"status": "active"}}, "set"),
        ({"set": {"status": "paused"}}, "ids"),
        ({"filter": {"status": "active"}, "ids": [], "set": {"status": "paused"}}, "filter"),
        ({}, "items"),
    ],
)
def test_a_filter_that_is_none_is_refused_by_name(house: House, body: dict[str, object], field: str) -> None:
    answer = house.api.post("/v1/contracts/bulk", body)
    assert (answer.status_code, read(answer)["errors"][0]["field"]) == (422, field)


@pytest.mark.django_db
def test_a_filter_that_finds_too_many_is_refused(house: House) -> None:
    buyer, campaign = a_market(house)
    a_contract(house, buyer, campaign)
    known = Contract.objects.values("agency_id", "buyer_id", "campaign_id", "name", "price").get()
    Contract.objects.bulk_create(Contract(**known) for _ in range(500))
    answer = house.api.post("/v1/contracts/bulk", {"filter": {"status": "active"}, "set": {"status": "paused"}})
    (error,) = read(answer)["errors"]
    assert (error["field"], error["detail"]) == ("filter", "matches 501; at most 500 may be changed at once")
    assert Contract.objects.filter(status="paused").count() == 0


@pytest.mark.django_db
def test_an_export_imported_again_changes_nothing(house: House) -> None:
    buyer, campaign = a_market(house)
    a_contract(
        house,
        buyer,
        campaign,
        name="=HYPERLINK(1)",
        caps=[{"window": "day", "unit": "money", "limit": 10.5}],
        filters={"all": [{"field": "state", "op": "in", "value": ["TX", "CA"]}]},
        delivery={"method": "webhook", "url": "https://b.example.com/x"},
        metadata={"note": "+1, -1\n@x"},
    )
    version = Agency.objects.get().version
    for name in ("buyers", "contracts"):
        text = house.api.get(f"/v1/{name}.csv").content.decode()
        answer = read(send_csv(house, f"/v1/{name}/import", text))
        assert (answer["unchanged"], answer["updated"], answer["created"], answer["errors"]) == (1, 0, 0, 0)
    assert Agency.objects.get().version == version


@pytest.mark.django_db
def test_an_import_is_no_repeat_of_its_dry_run(house: House) -> None:
    text, key = "name,email\r\nNew,new@new.example\r\n", {"Idempotency-Key": "import-1"}
    assert send_csv(house, "/v1/buyers/import?dry_run=true", text, **key).status_code == 200
    answer = send_csv(house, "/v1/buyers/import", text, **key)
    assert (answer.status_code, read(answer)["code"]) == (422, "idempotency_key_reused")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("dry_run=1", "dry_run"),
        ("dry_run=false&dry_run=true", "dry_run"),
        ("dry_run=", "dry_run"),
        ("dryrun=true", "dryrun"),
    ],
)
def test_a_dry_run_that_is_not_understood_imports_nothing(house: House, query: str, field: str) -> None:
    answer = send_csv(house, f"/v1/buyers/import?{query}", "name,email\r\nA,a@example.com\r\n")
    assert (answer.status_code, read(answer)["errors"][0]["field"]) == (422, field)
    assert Buyer.objects.count() == 0


@pytest.mark.django_db
def test_a_dry_import_reports_each_row(house: House) -> None:
    known = a_buyer(house)["buyer_id"]
    text = (
        "buyer_id,name,email,credit_limit\r\n"
        f"{known},Renamed,leads@lonestar.example,\r\n"
        ",New,new@new.example,10.50\r\n"
        ",Bad,no-mail,ten\r\n"
    )
    answer = read(send_csv(house, "/v1/buyers/import?dry_run=true", text))
    assert [row["outcome"] for row in answer["rows"]] == ["update", "create", "error"]
    assert {error["field"] for error in answer["rows"][2]["errors"]} == {"email", "credit_limit"}
    refused = send_csv(house, "/v1/buyers/import", text)
    assert refused.status_code == 422
    assert {error["field"] for error in json.loads(refused.content)["errors"]} == {
        "rows.3.email",
        "rows.3.credit_limit",
    }
    assert Buyer.objects.get().name == "Lone Star Law"


@pytest.mark.django_db
def test_an_unknown_column_is_refused_by_name(house: House) -> None:
    answer = send_csv(house, "/v1/buyers/import", "name,colour\r\nA,red\r\n")
    assert (answer.status_code, read(answer)["errors"][0]["field"]) == (422, "colour")


TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"))
RISKY = st.text(st.sampled_from("=+-@\t\r\n,;|'ab"))


@given(TEXTS | RISKY)
def test_any_text_comes_back_and_no_cell_begins_a_formula(text: str) -> None:
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([to_cell(text)])
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert from_cell(row[0], "text") == text


@given(st.recursive(RISKY | st.integers(-99, 99) | st.booleans() | st.none(), lambda inner: st.lists(inner)))
def test_any_document_comes_back(document: object) -> None:
    if isinstance(document, list):
        assert from_cell(to_cell(document), "document") == document
