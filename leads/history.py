"""An agency's past is taken in, so that its scores start with its own experience: all rows or none, or all good ones.

Rows are told apart by the agency's own ids, so the same file again changes nothing, and a mended one mends. They never
become leads: nothing is routed, sold, counted or told of.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from accounts.models import Agency
from accounts.principals import Actor
from accounts.versions import record_audit
from buyers.models import Buyer
from core.errors import FieldError, FieldProblems
from leads import snapshot
from leads.outcomes import horizons
from leads.past import PastBuyer, Reader
from scoring.history import PastLead, known_past, record_past
from scoring.models import Target

MOST_SHOWN: Final = 500
"""Problems that are listed; all of them are counted."""
_BATCH: Final = 500

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row; rows count from 1, without a header."""

    row: int
    external_id: str
    error: FieldError

    def to_record(self) -> dict[str, Any]:
        """What outsiders are told of it."""
        error = self.error
        told = {"field": error.field, "code": error.code, "detail": error.detail}
        return {"row": self.row, "external_id": self.external_id, **told}


@dataclass(slots=True)
class Imported:
    """What an import did, or would do: rows that are new and that replace earlier ones, and outcomes by target."""

    dry_run: bool
    rows: int = 0
    imported: int = 0
    updated: int = 0
    invalid: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[RowProblem] = field(default_factory=list)

    def to_record(self) -> dict[str, Any]:
        """What outsiders are told of it."""
        return {
            "dry_run": self.dry_run,
            "rows": self.rows,
            "imported": self.imported,
            "updated": self.updated,
            "invalid": self.invalid,
            "outcomes": {target: self.outcomes[target] for target in Target.values},
            "problems": [problem.to_record() for problem in self.problems],
        }


def import_outcomes(
    *, actor: Actor, rows: Sequence[Row], now: datetime, dry_run: bool = False, skip_invalid: bool = False
) -> Imported:
    """Opens transactions. Take in the rows; a dry run says what would be and changes nothing.

    Raises FieldProblems naming rows and members at fault, where there are any, unless `skip_invalid` leaves those rows
    out. Rows are written 500 at a time: an import that was cut short is made again.
    """
    reader = _reader(actor.agency_id, now)
    found = _check(reader, rows, dry_run=dry_run)
    if found.invalid and not (dry_run or skip_invalid):
        raise FieldProblems(
            [_placed(problem) for problem in found.problems], f"{found.invalid} row(s) need correction."
        )
    if not dry_run:
        for batch in batched_leads(reader, rows):
            record_past(agency_id=actor.agency_id, leads=batch)
        counts = {name: [None, getattr(found, name)] for name in ("imported", "updated", "invalid")}
        record_audit(actor=actor, action="outcomes.import", object_id="outcomes", changes=counts)
    return found


def _reader(agency_id: UUID, now: datetime) -> Reader:
    """Everything that rows may name. A handful of statements."""
    agency = Agency.objects.get(pk=agency_id)
    known: dict[str, PastBuyer] = {}
    for buyer in Buyer.objects.filter(agency_id=agency_id).order_by("-created_at", "-id"):
        past = PastBuyer(buyer.pk, buyer.return_days)
        known |= {name: past for name in (buyer.external_id, buyer.public_id) if name}
    return Reader(
        view=snapshot.read(agency_id=agency_id, version=agency.version),
        currency=agency.currency,
        buyers=known,
        horizons={lead_type: days for (owner, lead_type), days in horizons().items() if owner == agency_id},
        now=now,
    )


def _check(reader: Reader, rows: Sequence[Row], *, dry_run: bool) -> Imported:
    """Read every row and keep nothing but what to say of it."""
    found = Imported(dry_run, rows=len(rows))
    for batch in batched_leads(reader, rows, found):
        refs = [lead.lead_ref for lead in batch]
        known = known_past(agency_id=reader.view.agency_id, lead_refs=refs)
        found.updated += len(known)
        found.imported += len(batch) - len(known)
        found.outcomes.update(str(fact.target) for lead in batch for fact in lead.observed)
    return found


def batched_leads(reader: Reader, rows: Sequence[Row], found: Imported | None = None) -> Iterator[list[PastLead]]:
    """The leads of all rows without problems, 500 at a time; `found` learns the problems of the others."""
    batch: list[PastLead] = []
    seen: set[UUID] = set()
    for number, row in enumerate(rows, start=1):
        try:
            lead = reader.read(row)
            if lead.lead_ref in seen:
                raise FieldProblems([FieldError("external_id", "duplicate", "stands in an earlier row too")])
        except FieldProblems as problems:
            if found is not None:
                _note(found, number, row, problems)
            continue
        seen.add(lead.lead_ref)
        batch.append(lead)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _note(found: Imported, number: int, row: Row, problems: FieldProblems) -> None:
    found.invalid += 1
    room = MOST_SHOWN - len(found.problems)
    named = str(row.get("external_id") or "")[:120]
    found.problems += [RowProblem(number, named, error) for error in problems.errors[:room]]


def _placed(problem: RowProblem) -> FieldError:
    where = f"rows.{problem.row}"
    error = problem.error
    return FieldError(f"{where}.{error.field}" if error.field else where, error.code, error.detail)
