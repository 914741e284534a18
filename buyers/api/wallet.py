"""/v1/buyers/{id}/wallet: what a buyer has, and what is paid in."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import StrictSerializer
from accounts.api.fields import PublicIdField, Text
from accounts.api.pages import PAGING, page_of
from accounts.models import Mode
from accounts.principals import Principal
from billing.deposits import deposit, deposit_id_of
from billing.models import Journal, Transfer
from billing.queries import deposits, wallet
from buyers.api.base import ResourceView, find, read_input
from buyers.api.buyers import visible_buyers
from buyers.inputs.fields import Money
from buyers.models import Buyer
from core.api.pagination import page, refuse_unknown
from core.clock import now
from core.ids import encode, new_id
from core.money import to_major

DEPOSIT = "dep"


class DepositInput(StrictSerializer):
    """Money paid in by wire or cheque."""

    amount = Money(positive=True)
    reference = Text(required=False, allow_blank=True)


@extend_schema_field({"type": "number", "format": "decimal", "example": 325.00})
class Balance(Money):
    """An amount that may be below zero: credit was used."""


_WORDS = {
    "balance": "What was paid in, less what was charged.",
    "held": "Set aside for sales that wait for the buyer's word.",
    "available": "What new sales may spend.",
    "credit_limit": "How far the balance may fall below zero.",
}
_WALLET = inline_serializer(
    "Wallet",
    {
        "currency": serializers.CharField(),
        **{name: Balance(help_text=words) for name, words in _WORDS.items()},
        "frozen": serializers.BooleanField(),
    },
)
_DEPOSIT = inline_serializer(
    "Deposit",
    {
        "deposit_id": PublicIdField(DEPOSIT),
        "journal_id": PublicIdField(Journal.prefix),
        "amount": Money(),
        "balance": Balance(),
    },
)


class ListedDepositRecord(serializers.Serializer[Any]):
    """A deposit on record."""

    deposit_id = PublicIdField(DEPOSIT)
    journal_id = PublicIdField(Journal.prefix)
    amount = Money()
    currency = serializers.CharField()
    reference = serializers.CharField(allow_blank=True)
    posted_at = serializers.DateTimeField()


_EXAMPLE = OpenApiExample("A wire", {"amount": 500.00, "reference": "wire 12"}, request_only=True)


class WalletView(ResourceView):
    """A buyer's wallet in the book of the key: live or test."""

    read_scope = "billing:read"
    write_scope = "billing:write"

    @extend_schema(responses=_WALLET)
    def get(self, request: Request, buyer_id: str) -> Response:
        """Read a buyer's wallet."""
        return Response(_record(account_of(self.principal, buyer_id)))


class DepositsView(ResourceView):
    """Money paid into a buyer's wallet by hand."""

    read_scope = "billing:read"
    write_scope = "billing:write"

    @extend_schema(parameters=PAGING, responses=page_of(ListedDepositRecord))
    def get(self, request: Request, buyer_id: str) -> Response:
        """List a buyer's deposits, newest first. They are never changed or deleted."""
        account_id = account_of(self.principal, buyer_id)
        refuse_unknown(request)
        found, cursor = page(request, deposits(account_id), by="posted_at")
        return Response({"data": [_deposit_record(transfer) for transfer in found], "next_cursor": cursor})

    @extend_schema(request=DepositInput, responses={201: _DEPOSIT}, examples=[_EXAMPLE])
    def post(self, request: Request, buyer_id: str) -> Response:
        """Pay in. Send an Idempotency-Key, so that the same wire is never booked twice."""
        account_id = account_of(self.principal, buyer_id)
        values = read_input(DepositInput, request.data, self.principal)
        paid = deposit(account_id=account_id, deposit_id=new_id(), now=now(), actor=self.principal.actor, **values)
        answer = {
            "deposit_id": encode(DEPOSIT, paid.id),
            "journal_id": encode(Journal.prefix, paid.journal_id),
            "amount": to_major(paid.amount, paid.currency),
            "balance": to_major(paid.balance, paid.currency),
        }
        return Response(answer, status=201)


def account_of(principal: Principal, buyer_id: str) -> int:
    """The buyer's account in the principal's book. Raises NotFound."""
    buyer = find(visible_buyers(principal), Buyer.prefix, buyer_id)
    return buyer.account_id if principal.mode == Mode.LIVE else buyer.test_account_id


def _deposit_record(transfer: Transfer) -> dict[str, Any]:
    return {
        "deposit_id": encode(DEPOSIT, deposit_id_of(transfer.journal)),
        "journal_id": encode(Journal.prefix, transfer.journal_id),
        "amount": to_major(transfer.amount, transfer.currency),
        "currency": transfer.currency,
        "reference": transfer.journal.external_ref,
        "posted_at": transfer.posted_at,
    }


def _record(account_id: int) -> dict[str, Any]:
    found = wallet(account_id)
    amounts = ("balance", "held", "available", "credit_limit")
    return {
        "currency": found.currency,
        **{name: to_major(getattr(found, name), found.currency) for name in amounts},
        "frozen": found.frozen,
    }
