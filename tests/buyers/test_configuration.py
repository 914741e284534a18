"""The configuration through the API: what is created is read back, refused by name, written down, and archived."""

import pytest

from accounts.models import Agency, AuditEntry
from buyers.models import Contract
from buyers.terms import campaign_terms
from core.ids import decode
from routing.models import Campaign
from tests.buyers.making import House, a_buyer, a_campaign, a_contract, a_house, a_lead_type, a_market, made, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return a_house()


def problems(answer: object) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in read(answer)["errors"]]  # type: ignore[arg-type]


def test_a_buyer_starts_with_an_empty_live_wallet_and_a_full_test_wallet(house: House) -> None:
    buyer = a_buyer(house, credit_limit=250.5)
    path = f"/v1/buyers/{buyer['buyer_id']}/wallet"
    assert house.api.get(path).content == (
        b'{"currency":"USD","balance":0.00,"held":0.00,"available":250.50,"credit_limit":250.50,"frozen":false}'
    )
    assert read(house.test_api.get(path))["balance"] == 1_000_000.00


def test_a_deposit_is_paid_in_once_per_idempotency_key(house: House) -> None:
    path = f"/v1/buyers/{a_buyer(house)['buyer_id']}/wallet"
    body = {"amount": 500.00, "reference": "wire 12"}
    first = house.api.post(f"{path}/deposits", body, **{"Idempotency-Key": "wire-12"})
    again = house.api.post(f"{path}/deposits", body, **{"Idempotency-Key": "wire-12"})
    assert made(first)["balance"] == 500.00
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert read(house.api.get(path))["balance"] == 500.00


def test_deposits_are_listed_newest_first_to_the_agency_and_to_their_buyer(house: House) -> None:
    buyer, other = a_buyer(house), a_buyer(house, name="Other")
    path = f"/v1/buyers/{buyer['buyer_id']}/wallet/deposits"
    paid = [made(house.api.post(path, {"amount": amount, "reference": f"wire {amount}"})) for amount in (500, 20.5)]
    first = read(house.api.get(f"{path}?limit=1"))
    second = read(house.api.get(f"{path}?limit=1&cursor={first['next_cursor']}"))
    found = first["data"] + second["data"]
    assert [(row["deposit_id"], row["journal_id"]) for row in found] == [
        (row["deposit_id"], row["journal_id"]) for row in paid[::-1]
    ]
    assert [(row["amount"], row["currency"], row["reference"]) for row in found] == [
        (20.5, "USD", "wire 20.5"),
        (500.0, "USD", "wire 500"),
    ]
    assert second["next_cursor"] is None
    own = house.key(buyer_id=decode("buyer", buyer["buyer_id"]))
    assert read(own.get(path))["data"] == found
    assert own.get(f"/v1/buyers/{other['buyer_id']}/wallet/deposits").status_code == 404
    assert read(house.test_api.get(path))["data"] == []


def test_a_contract_is_answered_with_its_defaults_and_a_secret_shown_once(house: House) -> None:
    buyer, campaign = a_market(house)
    contract = a_contract(house, buyer, campaign, delivery={"method": "webhook", "url": "https://b.example.com/x"})
    secret = contract["delivery"].pop("secret")
    assert secret.startswith("whsec_")
    assert contract["timezone"] == "America/Chicago"
    assert contract["price"] == 175.00
    assert (contract["priority"], contract["weight"], contract["dedupe_days"]) == (1, 50, 30)
    assert read(house.api.get(f"/v1/contracts/{contract['contract_id']}")) == contract


def test_money_inside_documents_is_stored_in_minor_units_and_shown_in_major_ones(house: House) -> None:
    buyer, campaign = a_market(house)
    caps = [{"window": "day", "unit": "money", "limit": 500.5, "weekdays": {"sat": 0.25}}]
    rules = [{"when": {"all": [{"field": "state", "op": "eq", "value": "TX"}]}, "price": 210.1}]
    contract = a_contract(house, buyer, campaign, caps=caps, price_rules=rules, mock={"bid": 42.5})
    row = Contract.objects.get()
    assert row.caps[0]["limit"] == 50050
    assert row.price_rules[0]["price"] == 21010
    assert row.mock == {"bid": 4250}
    assert (contract["caps"], contract["price_rules"], contract["mock"]) == (caps, rules, {"bid": 42.5})


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"price": 1.005}, ("price", "invalid_amount")),
        ({"price": "175"}, ("price", "invalid")),
        ({"price": True}, ("price", "invalid")),
        ({"price": -1}, ("price", "min_value")),
        ({"priority": "1"}, ("priority", "invalid")),
        ({"colour": "red"}, ("colour", "unknown")),
        ({"timezone": "Mars/Base"}, ("timezone", "invalid_zone")),
        (
            {"filters": {"all": [{"field": "state", "op": "like", "value": "T"}]}},
            ("filters.all.0.op", "unknown_operator"),
        ),
        ({"caps": [{"window": "year", "unit": "leads", "limit": 1}]}, ("caps.0.window", "unknown_choice")),
        ({"schedule": [{"days": ["moon"]}]}, ("schedule.0.days.0", "unknown_day")),
        ({"delivery": {"method": "email", "to": ["a@b.example"]}}, ("delivery.method", "not_available")),
        ({"delivery": {"method": "webhook"}}, ("delivery.url", "invalid")),
        ({"delivery": {"method": "webhook", "url": "http://b.example.com/x"}}, ("delivery.url", "invalid")),
        ({"delivery": {"method": "webhook", "url": "https://10.0.0.1/x"}}, ("delivery.url", "invalid")),
        ({"delivery": {"method": "webhook", "url": "https://169.254.169.254/x"}}, ("delivery.url", "invalid")),
        ({"delivery": {"method": "webhook", "url": "https://me:secret@b.example.com/"}}, ("delivery.url", "invalid")),
    ],
)
def test_what_is_wrong_with_a_contract_is_named_by_its_path(
    house: House, body: dict[str, object], problem: tuple[str, str]
) -> None:
    buyer, campaign = a_market(house)
    base = {"buyer_id": buyer["buyer_id"], "campaign_id": campaign["campaign_id"], "price": 175.00}
    answer = house.api.post("/v1/contracts", {**base, **body})
    assert (answer.status_code, problems(answer)) == (422, [problem])
    assert not Contract.objects.exists()


def test_an_unknown_member_inside_a_list_is_named_by_its_path(house: House) -> None:
    fields = [{"name": "age", "type": "integer"}, {"name": "color", "type": "hue", "shade": 1}]
    answer = house.api.post("/v1/lead-types", {"name": "paint", "fields": fields, "glossy": True})
    assert sorted(problems(answer)) == [
        ("fields.1.shade", "unknown"),
        ("fields.1.type", "invalid_choice"),
        ("glossy", "unknown"),
    ]


def test_a_change_is_one_version_and_one_audit_entry_with_old_and_new(house: House) -> None:
    buyer, campaign = a_market(house)
    contract = a_contract(house, buyer, campaign)
    before = Agency.objects.get().version
    house.api.patch(f"/v1/contracts/{contract['contract_id']}", {"price": 180, "priority": 2})
    entry = AuditEntry.objects.get(action="contract.update")
    assert entry.changes == {"price": [175.0, 180.0], "priority": [1, 2]}
    assert (entry.object_id, entry.version) == (contract["contract_id"], before + 1)
    assert Agency.objects.get().version == before + 1


def test_a_change_that_changes_nothing_is_no_version(house: House) -> None:
    buyer, campaign = a_market(house)
    contract = a_contract(house, buyer, campaign)
    before = Agency.objects.get().version
    assert house.api.patch(f"/v1/contracts/{contract['contract_id']}", {"price": 175}).status_code == 200
    assert Agency.objects.get().version == before


def test_the_next_terms_hold_what_was_changed(house: House) -> None:
    buyer, campaign = a_market(house)
    contract = a_contract(house, buyer, campaign)
    row = Campaign.objects.get()
    old = campaign_terms(row.pk)
    house.api.patch(f"/v1/contracts/{contract['contract_id']}", {"price": 180})
    new = campaign_terms(row.pk)
    assert [terms.market.contracts[0].price for terms in (old, new)] == [17500, 18000]
    assert old.digest != new.digest


def test_a_stale_if_match_is_refused_and_a_fresh_one_is_not(house: House) -> None:
    path = f"/v1/buyers/{a_buyer(house)['buyer_id']}"
    tag = house.api.get(path)["ETag"]
    assert house.api.patch(path, {"return_days": 9}, **{"If-Match": tag}).status_code == 200
    refused = house.api.patch(path, {"return_days": 3}, **{"If-Match": tag})
    assert (refused.status_code, read(refused)["code"]) == (412, "changed_meanwhile")
    assert read(house.api.get(path))["return_days"] == 9


def test_what_is_archived_leaves_the_lists_unless_asked_for(house: House) -> None:
    buyer, campaign = a_market(house)
    a_contract(house, buyer, campaign)
    assert house.api.delete(f"/v1/buyers/{buyer['buyer_id']}").status_code == 204
    for path in ("/v1/buyers", "/v1/contracts"):
        assert read(house.api.get(path))["data"] == []
        assert len(read(house.api.get(f"{path}?status=archived"))["data"]) == 1


def test_lists_are_filtered_and_paged(house: House) -> None:
    names = [a_buyer(house, name=name)["name"] for name in ("One", "Two", "Three")]
    first = read(house.api.get("/v1/buyers?limit=2"))
    second = read(house.api.get(f"/v1/buyers?limit=2&cursor={first['next_cursor']}"))
    assert [buyer["name"] for buyer in (*first["data"], *second["data"])] == names[::-1]
    assert [buyer["name"] for buyer in read(house.api.get("/v1/buyers?name=thr"))["data"]] == ["Three"]
    assert problems(house.api.get("/v1/buyers?colour=red")) == [("colour", "unknown")]


@pytest.mark.parametrize("slug", ["solar", "camp_spring"])
def test_a_campaign_is_named_by_its_id_or_its_slug(house: House, slug: str) -> None:
    buyer, auto = a_market(house)
    solar = a_campaign(house, name="Solar", slug=slug)
    contract = made(house.api.post("/v1/contracts", {"buyer_id": buyer["buyer_id"], "campaign_id": slug, "price": 1}))
    a_contract(house, buyer, auto)
    for named in (solar["campaign_id"], slug):
        assert read(house.api.get(f"/v1/campaigns/{named}")) == solar
        found = read(house.api.get(f"/v1/contracts?campaign_id={named}"))["data"]
        assert [row["contract_id"] for row in found] == [contract["contract_id"]]
        table = house.api.get(f"/v1/contracts.csv?campaign_id={named}").content.decode()
        assert [line.split(",")[0] for line in table.splitlines()[1:]] == [f'"{contract["contract_id"]}"']
        body = {"filter": {"campaign_id": named}, "set": {"price": 2}, "dry_run": True}
        results = [{"id": contract["contract_id"], "outcome": "update"}]
        assert read(house.api.post("/v1/contracts/bulk", body))["results"] == results


def test_contracts_of_a_campaign_that_there_is_not_are_none(house: House) -> None:
    a_contract(house, *a_market(house))
    stranger = a_house("Other", "owner@other.example")
    a_lead_type(stranger)
    theirs = a_campaign(stranger, slug="theirs")
    for named in ("nowhere", "theirs", theirs["campaign_id"]):
        assert read(house.api.get(f"/v1/contracts?campaign_id={named}"))["data"] == []


def test_a_used_field_keeps_its_type_and_a_filtered_one_stays(house: House) -> None:
    lead_type = a_lead_type(house)
    condition = {"all": [{"field": "severity", "op": "eq", "value": "severe"}]}
    a_contract(house, a_buyer(house), a_campaign(house), filters=condition)
    path = f"/v1/lead-types/{lead_type['lead_type_id']}"
    retyped = house.api.patch(path, {"fields": [{"name": "severity", "type": "text"}]})
    assert problems(retyped) == [("fields.0.type", "in_use")]
    assert problems(house.api.patch(path, {"fields": []})) == [("fields", "in_use")]
    assert read(house.api.get(path)) == lead_type
    assert read(house.api.delete(path))["code"] == "in_use"


def test_a_key_of_a_buyer_reads_its_own_and_changes_nothing(house: House) -> None:
    buyer, campaign = a_market(house)
    a_contract(house, a_buyer(house, name="Other"), campaign)
    own = a_contract(house, buyer, campaign)
    uuid = Contract.objects.get(buyer__name="Lone Star Law").buyer_id
    theirs = house.key(buyer_id=uuid)
    assert [row["contract_id"] for row in read(theirs.get("/v1/contracts"))["data"]] == [own["contract_id"]]
    assert "floor_price" not in read(theirs.get("/v1/campaigns/auto"))
    refused = theirs.patch(f"/v1/buyers/{buyer['buyer_id']}", {"credit_limit": 1000})
    assert (refused.status_code, read(refused)["code"]) == (403, "agency_only")


def test_a_cap_is_no_larger_than_what_can_be_counted(house: House) -> None:
    buyer, campaign = a_market(house)
    body = {"buyer_id": buyer["buyer_id"], "campaign_id": campaign["campaign_id"], "price": 1}
    cap = {"window": "day", "unit": "leads", "limit": 2**63}
    assert problems(house.api.post("/v1/contracts", {**body, "caps": [cap]})) == [("caps.0.limit", "bad_number")]


def test_an_endpoint_that_changed_meanwhile_is_not_deleted(house: House) -> None:
    endpoint = made(
        house.api.post("/v1/webhook-endpoints", {"url": "https://crm.example.com/x", "events": ["lead.accepted"]})
    )
    path = f"/v1/webhook-endpoints/{endpoint['endpoint_id']}"
    seen = house.api.get(path).headers["ETag"]
    assert house.api.patch(path, {"description": "Ours"}).status_code == 200
    assert house.api.delete(path, **{"If-Match": seen}).status_code == 412
    assert house.api.delete(path, **{"If-Match": house.api.get(path).headers["ETag"]}).status_code == 204


@pytest.mark.parametrize("number", [1e26, -(2**53), 2**63])
def test_a_number_that_cannot_be_read_back_is_no_metadata(house: House, number: float) -> None:
    body = {"name": "Acme", "email": "a@acme.example", "metadata": {"big": number}}
    assert problems(house.api.post("/v1/buyers", body)) == [("metadata.big", "invalid")]


def test_a_number_that_cannot_be_read_back_is_no_condition(house: House) -> None:
    buyer, campaign = a_market(house)
    body = {"buyer_id": buyer["buyer_id"], "campaign_id": campaign["campaign_id"], "price": 1}
    condition = {"all": [{"field": "age", "op": "lt", "value": 1e26}]}
    answer = house.api.post("/v1/contracts", {**body, "filters": condition})
    assert problems(answer) == [("filters.all.0.value", "not_a_value")]


def test_an_empty_state_is_no_state_of_a_message(house: House) -> None:
    body = {"url": "https://crm.example.com/x", "events": ["lead.accepted"]}
    endpoint = made(house.api.post("/v1/webhook-endpoints", body))
    answer = house.api.get(f"/v1/webhook-endpoints/{endpoint['endpoint_id']}/messages?state=")
    assert problems(answer) == [("state", "invalid_choice")]


# --- what scoring says -------------------------------------------------------------------------------------------


def test_a_campaign_ranks_by_expected_value_where_contracts_do_not_take_turns(house: House) -> None:
    a_lead_type(house)
    assert a_campaign(house)["rank_by"] == "method"
    ranked = a_campaign(house, slug="ranked", rank_by="expected_value")
    path = f"/v1/campaigns/{ranked['campaign_id']}"

    assert campaign_terms(decode("camp", ranked["campaign_id"])).market.by_value
    assert problems(house.api.patch(path, {"method": "weighted"})) == [("rank_by", "invalid_choice")]
    changed = house.api.patch(path, {"method": "weighted", "rank_by": "method"})
    assert read(changed)["rank_by"] == "method"
    body = {"name": "Turns", "lead_type": "auto_accident", "method": "round_robin", "rank_by": "expected_value"}
    assert problems(house.api.post("/v1/campaigns", body)) == [("rank_by", "invalid_choice")]


def test_a_margin_is_asked_where_expected_value_is_reckoned_and_nowhere_else(house: House) -> None:
    a_lead_type(house)
    plain, ranked = a_campaign(house), a_campaign(house, slug="ranked", rank_by="expected_value", min_margin=5.5)
    assert (plain["min_margin"], ranked["min_margin"]) == (None, 5.5)
    path = f"/v1/campaigns/{ranked['campaign_id']}"
    assert campaign_terms(decode("camp", ranked["campaign_id"])).market.min_margin == 550
    assert problems(house.api.patch(path, {"rank_by": "method"})) == [("min_margin", "invalid")]
    assert read(house.api.patch(path, {"rank_by": "method", "min_margin": None}))["min_margin"] is None
    assert problems(house.api.patch(path, {"rank_by": "expected_value", "min_margin": -1}))[0][0] == "min_margin"


def test_a_contract_asks_for_score_percentile_and_chance_of_return_by_number(house: House) -> None:
    buyer, campaign = a_market(house)
    wanted = {
        "min_percentile": 80,
        "filters": {"field": "return_probability", "op": "lte", "value": 0.1},
        "price_rules": [{"when": {"field": "percentile", "op": "gte", "value": 95}, "price": 210.00}],
    }
    contract = a_contract(house, buyer, campaign, **wanted)

    assert {name: contract[name] for name in wanted} == wanted
    path = f"/v1/contracts/{contract['contract_id']}"
    assert problems(house.api.patch(path, {"min_percentile": 100})) == [("min_percentile", "max_value")]
    vague = {"field": "score", "op": "gte", "value": "high"}
    assert problems(house.api.patch(path, {"filters": vague})) == [("filters.value", "no_order")]


def test_a_lead_type_cannot_declare_what_scoring_says(house: House) -> None:
    body = {"name": "scored", "fields": [{"name": "percentile", "type": "integer"}]}

    assert problems(house.api.post("/v1/lead-types", body)) == [("fields.0.name", "built_in")]
