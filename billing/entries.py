"""What is to be posted, as plain values: an entry, its lines and its references. Pure; `ledger` writes it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from core.ids import new_id
from core.json import canonical


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer to be: `amount` minor units (above zero) out of the debit account into the credit account."""

    debit_id: int
    credit_id: int
    amount: int

    def __post_init__(self) -> None:
        """A line that the database would refuse is a bug in the caller."""
        if self.amount <= 0 or self.debit_id == self.credit_id:
            raise ValueError(f"not a transfer: {self}")


class Refs(NamedTuple):
    """What the money was about, in ids of apps above: the dimensions that reports group by."""

    campaign_ref: UUID | None = None
    source_ref: UUID | None = None
    buyer_ref: UUID | None = None
    lead_ref: UUID | None = None
    sale_ref: UUID | None = None
    received_date: date | None = None


NO_REFS = Refs()


def payload_hash(
    meaning: tuple[str, str, str, str], lines: Iterable[Line], refs: Refs, reverses_id: UUID | None
) -> bytes:
    """The digest of (kind, currency, reason, external reference), lines in any order, references, what is reversed.

    Everything in it is stored, so the nightly proof can take it again.
    """
    payload = [
        *meaning,
        sorted((line.debit_id, line.credit_id, line.amount) for line in lines),
        [None if ref is None else str(ref) for ref in (*refs, reverses_id)],
    ]
    return sha256(canonical(payload)).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One money event in one currency of one book. `key` makes it once-only; `posted_date` is the agency's day."""

    agency_id: UUID
    mode: str
    kind: str
    key: str
    currency: str
    lines: tuple[Line, ...]
    posted_at: datetime
    posted_date: date
    actor: str
    reason: str = ""
    external_ref: str = ""
    refs: Refs = NO_REFS
    reverses_id: UUID | None = None
    journal_id: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        """A journal without a transfer says nothing and is a bug in the caller."""
        if not self.lines:
            raise ValueError(f"journal {self.key} has no transfers")

    def payload_hash(self) -> bytes:
        """The digest of what the event means. Who sent it and when are no part: a retry comes later, from elsewhere."""
        meaning = (self.kind, self.currency, self.reason, self.external_ref)
        return payload_hash(meaning, self.lines, self.refs, self.reverses_id)

    def changes(self) -> dict[int, int]:
        """How much each account gains on its credit side (negative: on its debit side), accounts in ascending order."""
        totals: dict[int, int] = {}
        for line in self.lines:
            totals[line.debit_id] = totals.get(line.debit_id, 0) - line.amount
            totals[line.credit_id] = totals.get(line.credit_id, 0) + line.amount
        return dict(sorted(totals.items()))
