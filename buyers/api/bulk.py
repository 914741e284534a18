"""/v1/contracts/bulk and /v1/buyers/bulk: one setting for many, or a change of its own for each."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import StrictSerializer
from accounts.api.fields import Flag, Text
from buyers.api.base import ResourceView, find, read_input
from buyers.api.buyers import visible_buyers
from buyers.api.contracts import visible_contracts
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
    """`ids` with `set`, and `items` each with its `id` and what it changes; either or both, 500 in all."""

    ids = serializers.ListField(child=Text(), required=False, max_length=AT_MOST)
    set = serializers.DictField(required=False)
    items = serializers.ListField(child=serializers.DictField(), required=False, max_length=AT_MOST)
    dry_run = Flag(required=False, default=False)


class BulkView(ResourceView):
    """All or nothing: where one change is refused, none is made, and each refusal is named by its item."""

    def change(self, public_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Change one and say whether that changed anything."""
        raise NotImplementedError

    @extend_schema(request=BulkInput, responses=_ANSWER, examples=[_EXAMPLE])
    def post(self, request: Request) -> Response:
        """Change many at once."""
        body = read_input(BulkInput, request.data, self.principal)
        batch = run_batch(self._steps(body), dry_run=body["dry_run"])
        refuse_problems(batch)
        changed = sum(outcome["outcome"] == "update" for outcome in batch.outcomes)
        return Response({"dry_run": body["dry_run"], "changed": changed, "results": batch.outcomes})

    def _steps(self, body: Mapping[str, Any]) -> list[Step]:
        if ("ids" in body) != ("set" in body):
            raise FieldProblems([FieldError("set" if "ids" in body else "ids", "required", "ids and set go together")])
        steps = [*self._same_for_all(body), *self._one_by_one(body)]
        if not 1 <= len(steps) <= AT_MOST:
            raise FieldProblems([FieldError("items", "invalid", f"names 1 to {AT_MOST} changes")])
        return steps

    def _same_for_all(self, body: Mapping[str, Any]) -> Iterator[Step]:
        for position, public_id in enumerate(body.get("ids", ())):
            yield Step(f"ids.{position}", partial(self.change, public_id, body["set"]))

    def _one_by_one(self, body: Mapping[str, Any]) -> Iterator[Step]:
        for position, item in enumerate(body.get("items", ())):
            change = {name: value for name, value in item.items() if name != "id"}
            yield Step(f"items.{position}", partial(self.change, str(item.get("id")), change))


class ContractsBulkView(BulkView):
    """Change many contracts."""

    def change(self, public_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """As PATCH /v1/contracts/{id}."""
        contract = find(visible_contracts(self.principal), Contract.prefix, public_id, member="id")
        before = contract_record(contract)
        values = read_input(ContractChange, body, self.principal, partial=True)
        after = change_contract(actor=self.principal, contract=contract, values=values).record()
        return outcome(public_id, before, after)


class BuyersBulkView(BulkView):
    """Change many buyers."""

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
