"""The proof of the books: every promise of the ledger, asked of the rows themselves.

Each question is one statement, hence one snapshot: leads may be sold while it runs. The answer to each is a list of
differences, and the books prove where every list is empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from billing.entries import Line, Refs, payload_hash
from billing.models import Transfer
from core.sql import Params, Statement, as_uuid, bind, run

STUCK_AFTER = timedelta(hours=1)
"""How long past its time a hold may be pending before it counts as stuck."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One promise that a row breaks: what `subject` should be and what it is."""

    check: str
    agency_id: UUID
    mode: str
    subject: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Total:
    """The size of one book: its transfers, and what they moved in minor units (as debits, and so as credits)."""

    agency_id: UUID
    mode: str
    currency: str
    transfers: int
    turnover: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What a check of the books found."""

    totals: tuple[Total, ...]
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        """Whether every promise was kept."""
        return not self.differences


def check_ledger(*, now: datetime, agency_id: UUID | None = None) -> Proof:
    """Needs no transaction. Prove the books of one agency or of all; reads everything, writes nothing."""
    differences = [found for name in _QUESTIONS for found in _ask(name, now, agency_id)]
    differences += _changed_payloads(agency_id)
    return Proof(tuple(_totals(agency_id)), tuple(differences))


# --- questions -----------------------------------------------------------------------------------------------------

# What each account gained: credits less debits. Two grouped reads, each along an index, beat a join with an OR.
_GAINS = """(
    SELECT account_id, SUM(amount) AS gained FROM (
        SELECT credit_id AS account_id, SUM(amount) AS amount FROM billing_transfer GROUP BY credit_id
        UNION ALL
        SELECT debit_id, -SUM(amount) FROM billing_transfer GROUP BY debit_id
    ) sides GROUP BY account_id
)"""

# Every question gives rows of (agency_id, mode, subject, expected, found).
_QUESTIONS = {
    "trial_balance": f"""
        SELECT a.agency_id, a.mode, a.currency, 0, SUM(g.gained)
        FROM {_GAINS} g JOIN billing_account a ON a.id = g.account_id
        GROUP BY a.agency_id, a.mode, a.currency HAVING SUM(g.gained) <> 0""",
    "transfer_accounts": """
        SELECT t.agency_id, j.mode, t.id, 'two accounts of the same agency, book and currency', 'another'
        FROM billing_transfer t JOIN billing_journal j ON j.id = t.journal_id
        LEFT JOIN billing_account d
            ON d.id = t.debit_id AND d.agency_id = t.agency_id AND d.mode = j.mode AND d.currency = t.currency
        LEFT JOIN billing_account c
            ON c.id = t.credit_id AND c.agency_id = t.agency_id AND c.mode = j.mode AND c.currency = t.currency
        WHERE d.id IS NULL OR c.id IS NULL OR j.agency_id <> t.agency_id""",
    "transfer_journal": """
        SELECT t.agency_id, j.mode, t.id, 'the time, lead and sale of its journal', 'another'
        FROM billing_transfer t JOIN billing_journal j ON j.id = t.journal_id
        WHERE t.posted_at <> j.posted_at OR t.posted_date <> j.posted_date
        OR t.lead_ref <> j.lead_ref OR (t.lead_ref IS NULL) <> (j.lead_ref IS NULL)
        OR t.sale_ref <> j.sale_ref OR (t.sale_ref IS NULL) <> (j.sale_ref IS NULL)""",
    "buyer_balance": f"""
        SELECT a.agency_id, a.mode, a.id, COALESCE(g.gained, 0), b.balance
        FROM billing_account a LEFT JOIN billing_buyerbalance b ON b.account_id = a.id
        LEFT JOIN {_GAINS} g ON g.account_id = a.id
        WHERE (a.code = 2010 AND (b.balance IS NULL OR b.balance <> COALESCE(g.gained, 0)))
        OR (a.code <> 2010 AND b.balance IS NOT NULL)""",
    "held": """
        SELECT a.agency_id, a.mode, a.id, COALESCE(h.amount, 0), b.held
        FROM billing_buyerbalance b JOIN billing_account a ON a.id = b.account_id
        LEFT JOIN (
            SELECT account_id, SUM(amount) AS amount FROM billing_hold WHERE state = 'pending' GROUP BY account_id
        ) h ON h.account_id = b.account_id
        WHERE b.held <> COALESCE(h.amount, 0)""",
    "stuck_hold": """
        SELECT a.agency_id, a.mode, h.sale_ref, 'settled', h.state
        FROM billing_hold h JOIN billing_account a ON a.id = h.account_id
        WHERE h.state = 'pending' AND h.expires_at < %s""",
    "captured_hold": """
        SELECT a.agency_id, a.mode, h.sale_ref, 'a charge', 'none'
        FROM billing_hold h JOIN billing_account a ON a.id = h.account_id
        WHERE h.state = 'captured' AND h.amount > 0 AND NOT EXISTS (
            SELECT 1 FROM billing_journal j WHERE j.sale_ref = h.sale_ref AND j.kind = 'charge')""",
    "empty_journal": """
        SELECT j.agency_id, j.mode, j.key, 'transfers', 'none'
        FROM billing_journal j WHERE NOT EXISTS (SELECT 1 FROM billing_transfer t WHERE t.journal_id = j.id)""",
    "given_back": """
        SELECT agency_id, mode, sale_ref, 'no more given back than taken', 'more'
        FROM (
            SELECT t.agency_id, d.mode, t.sale_ref,
                SUM(CASE WHEN c.code IN (4010, 4020) THEN t.amount
                    WHEN d.code IN (4010, 4020) THEN -t.amount ELSE 0 END) AS revenue,
                SUM(CASE WHEN d.code IN (5010, 5020) THEN t.amount
                    WHEN c.code IN (5010, 5020) THEN -t.amount ELSE 0 END) AS payout
            FROM billing_transfer t
            JOIN billing_account d ON d.id = t.debit_id JOIN billing_account c ON c.id = t.credit_id
            WHERE t.sale_ref IS NOT NULL GROUP BY t.agency_id, d.mode, t.sale_ref
        ) sales WHERE revenue < 0 OR payout < 0""",
}


def _ask(name: str, now: datetime, agency_id: UUID | None) -> Iterator[Difference]:
    params: Params = (bind(now - STUCK_AFTER),) if name == "stuck_hold" else ()
    for agency, mode, subject, expected, found in _rows(_QUESTIONS[name], params, agency_id):
        yield Difference(name, _id(agency), mode, str(subject), str(expected), str(found))


def _totals(agency_id: UUID | None) -> Iterator[Total]:
    sql = """
        SELECT t.agency_id, a.mode, t.currency, COUNT(*), SUM(t.amount)
        FROM billing_transfer t JOIN billing_account a ON a.id = t.debit_id
        GROUP BY t.agency_id, a.mode, t.currency"""
    rows = _rows(sql, (), agency_id)
    totals = [Total(_id(agency), mode, currency, int(n), int(sum_)) for agency, mode, currency, n, sum_ in rows]
    return iter(sorted(totals, key=lambda total: (total.agency_id, total.mode, total.currency)))


def _rows(sql: str, params: Params, agency_id: UUID | None) -> list[Params]:
    if agency_id is not None:
        sql, params = f"SELECT * FROM ({sql}) answer WHERE agency_id = %s", (*params, bind(agency_id))
    (result,) = run([Statement(sql, params)])
    return result.rows


def _id(value: Any) -> UUID:
    found = as_uuid(value)
    assert found is not None
    return found


# --- payloads ------------------------------------------------------------------------------------------------------

_COLUMNS = (
    "journal_id", "agency_id", "journal__mode", "journal__key", "journal__payload_hash", "journal__kind",
    "journal__reason", "journal__external_ref", "journal__reverses_id", "currency", "debit_id", "credit_id", "amount",
    "campaign_ref", "source_ref", "buyer_ref", "lead_ref", "sale_ref", "received_date",
)  # fmt: skip


def _changed_payloads(agency_id: UUID | None) -> Iterator[Difference]:
    """Journals whose transfers are not those they were posted with, streamed in the order of journals."""
    transfers = Transfer.objects.order_by("journal_id", "id")
    if agency_id is not None:
        transfers = transfers.filter(agency_id=agency_id)
    rows = transfers.values_list(*_COLUMNS).iterator(chunk_size=5000)
    for _, group in groupby(rows, key=itemgetter(0)):
        parts = list(group)
        agency, mode, key, stored = parts[0][1:5]
        actual = _payload_hash(parts)
        if actual != bytes(stored):
            yield Difference("payload", agency, mode, key, bytes(stored).hex(), actual.hex())


def _payload_hash(rows: list[tuple[Any, ...]]) -> bytes:
    kind, reason, external_ref, reverses_id, currency = rows[0][5:10]
    lines = [Line(*row[10:13]) for row in rows]
    odd = next((row for row in rows if (row[9], *row[13:19]) != (currency, *rows[0][13:19])), rows[0])
    return payload_hash((kind, odd[9], reason, external_ref), lines, Refs(*odd[13:19]), reverses_id)
