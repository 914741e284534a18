"""Every list of the API refuses a filter that it does not know: whoever misspells one is not shown everything."""

import json

import pytest
from django.urls import get_resolver

from tests.buyers.making import a_house
from tests.test_strangers import routes

pytestmark = pytest.mark.django_db
NO_LISTS = {"v1/keys/current", "v1/openapi.json"}


def test_a_filter_that_there_is_not_is_refused_by_name() -> None:
    house = a_house()
    walked = 0
    for path, pattern in routes(get_resolver(), with_ids=False):
        if path in NO_LISTS or not hasattr(getattr(pattern.callback, "cls", None), "get"):
            continue
        answer = house.api.get(f"/{path}?limit=1&colour=red")
        assert answer.status_code == 422, path
        (error,) = json.loads(answer.content)["errors"]
        assert (error["field"], error["code"], error["detail"]) == ("colour", "unknown", "There is no such filter.")
        walked += 1
    assert walked >= 14
