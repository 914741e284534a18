"""Keys are bound to sources and buyers of their own agency that are in use, and to nothing else."""

import pytest

from accounts.models import ApiKey, AuditEntry
from tests.buyers.making import House, a_buyer, a_house, made, read

pytestmark = pytest.mark.django_db
WANTED = {"name": "intake", "scopes": ["leads:write"]}


def subjects(house: House) -> tuple[tuple[str, str], tuple[str, str]]:
    """A source and a buyer of this house, each with the member of a key that names it."""
    source = made(house.api.post("/v1/sources", {"name": "Acme Ads"}))
    return ("source_id", source["source_id"]), ("buyer_id", a_buyer(house)["buyer_id"])


def test_a_key_is_bound_to_a_source_or_buyer_of_its_agency_and_the_trail_names_it() -> None:
    house = a_house()
    for member, public_id in subjects(house):
        key = made(house.api.post("/v1/keys", {**WANTED, member: public_id}))
        assert key[member] == public_id
        assert AuditEntry.objects.get(object_id=key["key_id"]).changes[member] == [None, public_id]


def test_a_stranger_an_archived_one_and_nobody_are_not_there() -> None:
    house = a_house()
    stranger = a_house("Stranger", "owner@stranger.example")
    archived = subjects(house)
    house.api.delete(f"/v1/sources/{archived[0][1]}")
    house.api.delete(f"/v1/buyers/{archived[1][1]}")
    nobody = (("source_id", "src_01jv3k5m8q0000000000000000"), ("buyer_id", "buyer_01jv3k5m8q0000000000000000"))
    keys = ApiKey.objects.count()
    for member, public_id in (*subjects(stranger), *archived, *nobody):
        answer = house.api.post("/v1/keys", {**WANTED, member: public_id})
        assert (answer.status_code, read(answer)["errors"][0]["field"]) == (404, member)
    assert ApiKey.objects.count() == keys
