"""/v1/journals: every money event of the agency's book, with its debits and credits by account number."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import PublicIdField
from accounts.api.pages import PAGING, page_of
from billing.models import Journal, Transfer
from billing.queries import journals
from buyers.api.base import ResourceView, find
from buyers.inputs.fields import Money
from core.api.pagination import page, refuse_unknown
from core.ids import encode
from core.money import to_major


class TransferShape(serializers.Serializer[Any]):
    """An amount that leaves one account and enters another."""

    debit = serializers.IntegerField(help_text="The number of the account debited, such as 2010.")
    credit = serializers.IntegerField()
    amount = Money()
    currency = serializers.CharField()


class JournalShape(serializers.Serializer[Any]):
    """One money event."""

    journal_id = PublicIdField(Journal.prefix)
    kind = serializers.CharField()
    posted_at = serializers.DateTimeField()
    actor = serializers.CharField()
    reason = serializers.CharField()
    reference = serializers.CharField()
    lead_id = PublicIdField("ld", allow_null=True)
    sale_id = PublicIdField("sale", allow_null=True)
    transfers = TransferShape(many=True)


class JournalsView(ResourceView):
    """The journals of the key's book."""

    read_scope = "billing:read"
    write_scope = "billing:write"

    @extend_schema(parameters=PAGING, responses=page_of(JournalShape))
    def get(self, request: Request) -> Response:
        """List journals, newest first."""
        refuse_unknown(request)
        found, cursor = page(request, journals(self.principal), by="posted_at")
        return Response({"data": [journal_record(journal) for journal in found], "next_cursor": cursor})


class JournalView(ResourceView):
    """One journal."""

    read_scope = "billing:read"
    write_scope = "billing:write"

    @extend_schema(responses=JournalShape)
    def get(self, request: Request, journal_id: str) -> Response:
        """Read a journal."""
        return Response(journal_record(find(journals(self.principal), Journal.prefix, journal_id)))


def journal_record(journal: Journal) -> dict[str, Any]:
    """A journal as outsiders see it. Reads its transfers and their accounts: prefetch them."""
    return {
        "journal_id": journal.public_id,
        "kind": journal.kind,
        "posted_at": journal.posted_at,
        "actor": journal.actor,
        "reason": journal.reason,
        "reference": journal.external_ref,
        "lead_id": _reference("ld", journal.lead_ref),
        "sale_id": _reference("sale", journal.sale_ref),
        "transfers": [_transfer_record(transfer) for transfer in journal.transfers.all()],
    }


def _transfer_record(transfer: Transfer) -> dict[str, Any]:
    return {
        "debit": transfer.debit.code,
        "credit": transfer.credit.code,
        "amount": to_major(transfer.amount, transfer.currency),
        "currency": transfer.currency,
    }


def _reference(prefix: str, value: UUID | None) -> str | None:
    return None if value is None else encode(prefix, value)
