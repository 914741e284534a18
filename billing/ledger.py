"""The only writer of journals and transfers. What is posted stays; what was wrong is reversed by another journal."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing.balances import change_balance
from billing.chart import Code
from billing.entries import Entry, Line, Refs
from billing.models import Account, Journal, Transfer
from core.clock import local_date
from core.errors import DomainError, NotFound
from core.sql import Statement, bind, insert, lock, run


class KeyReused(DomainError):
    """The key was used before, for another payload."""

    code = "key_reused"


class AlreadyPosted(DomainError):
    """The key was used before."""

    code = "already_posted"


class AlreadyReversed(DomainError):
    """The journal has been reversed already."""

    code = "already_reversed"


class GivesBackTooMuch(DomainError):
    """More would be given back than the sale brought in, or clawed back than it paid out."""

    code = "gives_back_too_much"


@dataclass(frozen=True, slots=True)
class Posted:
    """The journal of an entry; `created` is false where an earlier call had posted it."""

    journal_id: UUID
    created: bool


# --- posting -------------------------------------------------------------------------------------------------------


def journal_statements(entry: Entry) -> list[Statement]:
    """Needs a transaction. The inserts of an entry for a batch; a key that exists refuses with AlreadyPosted.

    The accounts must be those of the entry's agency, book and currency, and the batch must end with the statements of
    `balances` that belong to the entry: nothing is read here. `check_ledger` proves both.
    """
    return [_insert_journal(entry, AlreadyPosted(f"{entry.key} has been posted.")), _insert_transfers(entry)]


def post_journal(entry: Entry) -> Posted:
    """Opens a transaction (or joins the one open). Post the entry once and move the buyers' counters, unguarded.

    The same key with the same payload gives the earlier journal. Raises KeyReused for another payload and
    GivesBackTooMuch where the entry's sale would end below zero; both change nothing. Buyers' rows are locked last, in
    ascending order. An account of another agency, book or currency is a bug: ValueError.
    """
    with transaction.atomic():
        buyer_accounts = _buyer_accounts(entry)
        sale_lock = lock(f"sale:{entry.refs.sale_ref}") if entry.refs.sale_ref else []
        *_, inserted = run([*sale_lock, _insert_journal(entry)])
        if not inserted.count:
            return _earlier(entry)
        changes = [(account, change) for account, change in entry.changes().items() if account in buyer_accounts]
        run([_insert_transfers(entry), *(change_balance(account, change) for account, change in changes if change)])
        if entry.refs.sale_ref:
            _require_sale_above_zero(entry.refs.sale_ref)
    return Posted(entry.journal_id, created=True)


def reverse_journal(*, journal_id: UUID, now: datetime, actor: str, reason: str) -> UUID:
    """Opens a transaction. Post the journal's transfers with sides swapped; gives the new journal's id.

    Every buyer's balance is as if the journal had not been. Raises AlreadyReversed for a second reversal,
    GivesBackTooMuch where the sale's money was given back by other journals, NotFound.
    """
    journal = Journal.objects.select_related("agency").filter(id=journal_id).first()
    if journal is None:
        raise NotFound
    transfers = list(journal.transfers.order_by("id"))
    entry = Entry(
        agency_id=journal.agency_id,
        mode=journal.mode,
        kind="reverse",
        key=f"reverse:{journal.id}",
        currency=transfers[0].currency,
        lines=tuple(Line(t.credit_id, t.debit_id, t.amount) for t in transfers),
        posted_at=now,
        posted_date=local_date(now, journal.agency.timezone),
        actor=actor,
        reason=reason,
        refs=refs_of(transfers[0]),
        reverses_id=journal.id,
    )
    posted = _post_reversal(entry)
    if not posted.created:
        raise AlreadyReversed
    return posted.journal_id


def _post_reversal(entry: Entry) -> Posted:
    try:
        return post_journal(entry)
    except KeyReused as other_reason:
        raise AlreadyReversed from other_reason


def refs_of(transfer: Transfer) -> Refs:
    """The references that a transfer carries."""
    return Refs(
        campaign_ref=transfer.campaign_ref,
        source_ref=transfer.source_ref,
        buyer_ref=transfer.buyer_ref,
        lead_ref=transfer.lead_ref,
        sale_ref=transfer.sale_ref,
        received_date=transfer.received_date,
    )


# --- rows ----------------------------------------------------------------------------------------------------------


def _insert_journal(entry: Entry, refusal: DomainError | None = None) -> Statement:
    row = {
        "id": entry.journal_id,
        "agency": entry.agency_id,
        "mode": entry.mode,
        "kind": entry.kind,
        "key": entry.key,
        "payload_hash": entry.payload_hash(),
        "posted_at": entry.posted_at,
        "posted_date": entry.posted_date,
        "actor": entry.actor,
        "reason": entry.reason,
        "lead_ref": entry.refs.lead_ref,
        "sale_ref": entry.refs.sale_ref,
        "reverses": entry.reverses_id,
        "external_ref": entry.external_ref,
    }
    return insert(Journal, [row], conflict="ON CONFLICT DO NOTHING", refusal=refusal)


def _insert_transfers(entry: Entry) -> Statement:
    shared = {
        "agency": entry.agency_id,
        "journal": entry.journal_id,
        "currency": entry.currency,
        "posted_at": entry.posted_at,
        "posted_date": entry.posted_date,
        **entry.refs._asdict(),
    }
    rows = [{"debit": line.debit_id, "credit": line.credit_id, "amount": line.amount, **shared} for line in entry.lines]
    return insert(Transfer, rows)


def _earlier(entry: Entry) -> Posted:
    journal = Journal.objects.get(agency_id=entry.agency_id, mode=entry.mode, key=entry.key)
    if bytes(journal.payload_hash) != entry.payload_hash():
        raise KeyReused(f"{entry.key} was used before, for another payload.")
    return Posted(journal.id, created=False)


def _buyer_accounts(entry: Entry) -> frozenset[int]:
    """Those of the entry's accounts that have a stored balance. ValueError where an account is not the entry's own."""
    ids = set(entry.changes())
    book = Account.objects.filter(agency_id=entry.agency_id, mode=entry.mode, currency=entry.currency)
    codes = dict(book.filter(id__in=ids).values_list("id", "code"))
    if len(codes) != len(ids):
        raise ValueError(f"{entry.key}: accounts {sorted(ids - set(codes))} are not of this agency, book and currency")
    return frozenset(account for account, code in codes.items() if code == Code.BUYER)


_SALE_TOTALS = """
SELECT a.code, SUM(CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END)
FROM billing_journal j
JOIN billing_transfer t ON t.journal_id = j.id
JOIN billing_account a ON a.id IN (t.debit_id, t.credit_id)
WHERE j.sale_ref = %s
GROUP BY a.code
"""


def _require_sale_above_zero(sale_ref: UUID) -> None:
    """Looked at after posting and under the sale's lock, so of two that would give back too much one sees the other."""
    (result,) = run([Statement(_SALE_TOTALS, (bind(sale_ref),))])
    gained = {code: int(total) for code, total in result.rows}
    revenue = gained.get(Code.LEAD_REVENUE, 0) + gained.get(Code.RETURNS, 0)
    payout = -gained.get(Code.SOURCE_PAYOUTS, 0) - gained.get(Code.CLAWBACKS, 0)
    if revenue < 0 or payout < 0:
        raise GivesBackTooMuch
