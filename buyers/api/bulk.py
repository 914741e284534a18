"""/v1/contracts/bulk and /v1/buyers/bulk: one setting for many, listed or found, or a change of its own for each."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import StrictSerializer
from accounts.api.fields import Flag, Text
from buyers.api.base import ResourceView, find, read_input
from buyers.api.buyers import FILTERS as BUYER_FILTERS
from buyers.api.buyers import visible_buyers
from buyers.api.contracts import FILTERS as CONTRACT_FILTERS
from buyers.api.contracts import visible_contracts
from buyers.api.filters import narrowed
from buyers.bulk import AT_MOST, Step, refuse_problems, run_batch
from buyers.buyers import change_buyer
from buyers.contracts import change_contract
from buyers.inputs.resources import BuyerInput, ContractChange
from buyers.models import Buyer, Contract
from buyers.records import buyer_record, contract_record
from core.errors import FieldError, FieldProblems

_EXAMPLE = OpenApiExample(
    "Pause two",
    {"ids": ["ctr_01jv3k8m2xq4r5s6t7v8w9x0yz"], "set": {"status": "paused"}, "dry_run": True},
    request_only=True,
)
_BY_FILTER = OpenApiExample(
    "Raise all of a campaign",
    {"filter": {"campaign_id": "camp_01jv3k8m2xq4r5s6t7v8w9x0yz", "status": "active"}, "set": {"price": 180.00}},
    request_only=True,
)
_DONE = OpenApiExample(
    "One changed, one was so already",
    {
        "dry_run": False,
        "changed": 1,
        "results": [
            {"id": "ctr_01jv3k8m2xq4r5s6t7v8w9x0yz", "outcome": "update"},
            {"id": "ctr_01jv3k9b7yq4r5s6t7v8w9x0yz", "outcome": "unchanged"},
        ],
    },
    response_only=True,
)
_ANSWER = inline_serializer(
    "BulkAnswer",
    {
        "dry_run": serializers.BooleanField(),
        "changed": serializers.IntegerField(),
        "results": inline_serializer(
            "BulkResult",
            {"id": serializers.CharField(), "outcome": serializers.ChoiceField(["update", "unchanged"])},
            many=True,
        ),
    },
)


class BulkInput(StrictSerializer):
    """`set` with `ids` or with a `filter` of the list's parameters, and `items` each with its `id`; 500 in all."""

    ids = serializers.ListField(child=Text(), required=False, max_length=AT_MOST)
    filter = serializers.DictField(
        child=Text(),
        required=False,
        allow_empty=False,
        help_text="As the parameters of the list; archived only if asked.",
    )
    set = serializers.DictField(required=False)
    items = serializers.ListField(child=serializers.DictField(), required=False, max_length=AT_MOST)
    dry_run = Flag(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What `set` sets it sets for some, by one way of naming them."""
        if "ids" in attrs and "filter" in attrs:
            raise serializers.ValidationError({"filter": "name ids or a filter, not both"}, code="invalid")
        if ("ids" in attrs or "filter" in attrs) != ("set" in attrs):
            missing = "ids" if "set" in attrs else "set"
            raise serializers.ValidationError({missing: "set goes with ids or a filter"}, code="required")
        return attrs


class BulkView(ResourceView, ABC):
    """All or nothing: where one change is refused, none is made, and each refusal is named by its item."""

    lookups: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def rows(self) -> QuerySet[Any]:
        """What the caller may see, for a filter to find among."""

    @abstractmethod
    def change(self, public_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change one and say whether that changed anything."""

    @extend_schema(request=BulkInput, responses=_ANSWER, examples=[_EXAMPLE, _BY_FILTER, _DONE])
    def post(self, request: Request) -> Response:
        """Change many at once: all of them, or none where one is refused. A dry run says what would change."""
        body = read_input(BulkInput, request.data, self.principal)
        batch = run_batch(self._steps(body), dry_run=body["dry_run"])
        refuse_problems(batch)
        changed = sum(outcome["outcome"] == "update" for outcome in batch.outcomes)
        return Response({"dry_run": body["dry_run"], "changed": changed, "results": batch.outcomes})

    def _steps(self, body: Mapping[str, Any]) -> list[Step]:
        steps = [*self._same_for_all(body), *self._same_for_found(body), *self._one_by_one(body)]
        if len(steps) > AT_MOST or not (steps or "filter" in body):
            raise FieldProblems([FieldError("items", "invalid", f"names 1 to {AT_MOST} changes")])
        return steps

    def _same_for_found(self, body: Mapping[str, Any]) -> Iterator[Step]:
        if "filter" not in body:
            return
        found = self._found(body["filter"])
        if len(found) > AT_MOST:
            detail = f"matches {self._matching(body['filter']).count()}; at most {AT_MOST} may be changed at once"
            raise FieldProblems([FieldError("filter", "too_many", detail)])
        for public_id in found:
            yield Step(f"filter.{public_id}", partial(self.change, public_id, body["set"]))

    def _found(self, wanted: Mapping[str, str]) -> list[str]:
        """Their public ids, oldest first; one more than may be changed shows that there are too many."""
        return [row.public_id for row in self._matching(wanted).order_by("created_at", "pk")[: AT_MOST + 1]]

    def _matching(self, wanted: Mapping[str, str]) -> QuerySet[Any]:
        try:
            return narrowed(wanted, self.rows(), self.lookups)
        except FieldProblems as problems:
            errors = [FieldError(f"filter.{error.field}", error.code, error.detail) for error in problems.errors]
            raise FieldProblems(errors) from problems

    def _same_for_all(self, body: Mapping[str, Any]) -> Iterator[Step]:
        for position, public_id in enumerate(body.get("ids", ())):
            yield Step(f"ids.{position}", partial(self.change, public_id, body["set"]))

    def _one_by_one(self, body: Mapping[str, Any]) -> Iterator[Step]:
        for position, item in enumerate(body.get("items", ())):
            change = {name: value for name, value in item.items() if name != "id"}
            yield Step(f"items.{position}", partial(self.change, str(item.get("id")), change))


class ContractsBulkView(BulkView):
    """Change many contracts."""

    lookups = CONTRACT_FILTERS

    def rows(self) -> QuerySet[Contract]:
        """Contracts."""
        return Contract.objects.visible_to(self.principal)

    def change(self, public_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """As PATCH /v1/contracts/{id}."""
        contract = find(visible_contracts(self.principal), Contract.prefix, public_id, member="id")
        before = contract_record(contract)
        values = read_input(ContractChange, body, self.principal, partial=True)
        after = change_contract(actor=self.principal, contract=contract, values=values).record()
        return outcome(public_id, before, after)


class BuyersBulkView(BulkView):
    """Change many buyers."""

    lookups = BUYER_FILTERS

    def rows(self) -> QuerySet[Buyer]:
        """Buyers."""
        return Buyer.objects.visible_to(self.principal)

    def change(self, public_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """As PATCH /v1/buyers/{id}."""
        buyer = find(visible_buyers(self.principal), Buyer.prefix, public_id, member="id")
        before = buyer_record(buyer)
        values = read_input(BuyerInput, body, self.principal, partial=True)
        return outcome(public_id, before, buyer_record(change_buyer(actor=self.principal, buyer=buyer, values=values)))


def outcome(public_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What became of one: update where its record differs, else unchanged."""
    told = {name for name in after if name != "updated_at"}
    changed = any(before.get(name) != after[name] for name in told)
    return {"id": public_id, "outcome": "update" if changed else "unchanged"}
