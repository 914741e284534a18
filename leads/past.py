"""One row of an agency's history as scoring learns from it: a lead as it was posted, with what became of it.

The row's fields pass the product's own reading and become features by the product's own code; nothing else of them is
kept. What steers the row has the names of OUTCOME; every other member is what it would be in `POST /v1/leads`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from core.clock import read_instant
from core.errors import DomainError, FieldError, FieldProblems
from core.money import BadAmount, to_minor
from leads.intake.shape import submission_of
from leads.outcomes import USUAL_HORIZON
from leads.preparation import campaign_of, lead_features, source_named
from leads.snapshot import CampaignView, Snapshot, SourceView
from scoring.history import PastLead
from scoring.models import Outcome, Target
from scoring.outcomes import Observed
from scoring.tables import BadTable, read_flag

OUTCOME: Final = ("received_at", "buyer_id", "accepted", "returned", "converted", "value", "at")
USUAL_RETURN_DAYS: Final = 7
"""How long a buyer may give a lead back, where the row names no buyer."""


@dataclass(frozen=True, slots=True)
class PastBuyer:
    """A buyer that rows may name, and for how long it may give leads back."""

    id: UUID
    return_days: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads rows of one agency, all at one instant. `buyers` by public and by external id, `horizons` by lead type."""

    view: Snapshot
    currency: str
    buyers: Mapping[str, PastBuyer]
    horizons: Mapping[str, timedelta]
    now: datetime

    def read(self, row: Mapping[str, Any]) -> PastLead:
        """The lead of this row. Raises FieldProblems with everything that is wrong with it."""
        told = _Told(self, {name: row[name] for name in OUTCOME if not _is_blank(row.get(name))})
        lead = {name: value for name, value in row.items() if name not in OUTCOME}
        problems: list[FieldError] = []
        try:
            submission = submission_of(lead)
            source, source_text = source_named(self.view, submission.source or "")
            campaign = campaign_of(self.view, source, submission)
            received_at = told.received_at or self.now
            data = campaign.validator.check(submission.fields, received_at=received_at, partial=True)
        except DomainError as refused:
            problems += refused.errors or [FieldError("campaign_id", refused.code, refused.detail)]
        else:
            if submission.external_id is None:
                detail = "Name the row by an id of your own: the same id again replaces it."
                problems.append(FieldError("external_id", "required", detail))
        if problems or told.problems:
            raise FieldProblems([*told.problems, *problems])
        lead_ref = uuid5(self.view.agency_id, f"history:{submission.external_id}")
        return PastLead(
            lead_ref=lead_ref,
            received_at=received_at,
            features=lead_features(campaign, source, source_text, data, received_at),
            observed=tuple(told.facts(lead_ref, campaign, source)),
        )


class _Told:
    """What a row says of the lead's fate; `problems` are those of its members."""

    def __init__(self, reader: Reader, members: Mapping[str, Any]) -> None:
        self._reader, self._members = reader, members
        self.problems: list[FieldError] = []
        self.received_at = self._moment("received_at")
        self.at = self._moment("at")
        self.accepted, self.returned, self.converted = map(self._flag, ("accepted", "returned", "converted"))
        self.value = self._amount()
        self.buyer = self._buyer()
        if self.accepted is None and (self.returned is not None or self.converted):
            self.accepted = True
        self._check()

    def facts(self, lead_ref: UUID, campaign: CampaignView, source: SourceView) -> Iterator[Observed]:
        """Every fact that follows, each with the instant from which nothing can turn it."""
        assert self.received_at is not None
        fact = partial(
            Observed,
            agency_id=self._reader.view.agency_id,
            lead_ref=lead_ref,
            lead_type=campaign.lead_type,
            received_at=self.received_at,
            source_ref=source.id,
            campaign_ref=campaign.id,
            origin=Outcome.Origin.IMPORTED,
        )
        buyer_ref = self.buyer.id if self.buyer else None
        certain = self.received_at + timedelta(days=self.buyer.return_days if self.buyer else USUAL_RETURN_DAYS)
        if self.accepted is not None:
            yield fact(target=Target.ACCEPTED, label=self.accepted, matured_at=certain, buyer_ref=buyer_ref)
        if self.accepted and self.returned is not None:
            yield fact(target=Target.RETURNED, label=self.returned, matured_at=certain, buyer_ref=buyer_ref)
        if self.accepted is False or self.returned is not None:
            yield fact(target=Target.STUCK, label=bool(self.accepted) and not self.returned, matured_at=certain)
        if self.accepted and self.converted is not None:
            until = self.received_at + self._reader.horizons.get(campaign.lead_type, USUAL_HORIZON)
            in_time = self.converted and (self.at is None or self.at <= until)
            yield fact(target=Target.CONVERTED, label=in_time, matured_at=until, value=self.value)

    def _check(self) -> None:
        """What goes with what."""
        if "received_at" not in self._members:
            self._add("received_at", "required", "Say when the lead came.")
        if {"accepted", "returned", "converted"}.isdisjoint(self._members):
            self._add("accepted", "required", "Say what became of the lead: accepted, returned or converted.")
        if self.accepted is False and (self.returned or self.converted):
            self._add("accepted", "invalid", "A lead that nobody accepted was neither returned nor converted.")
        if self.value is not None and not self.converted:
            self._add("value", "invalid", "Only a converted lead has a value.")
        if self.at and self.received_at and self.at < self.received_at:
            self._add("at", "invalid", "cannot lie before received_at")

    def _add(self, name: str, code: str, detail: str) -> None:
        self.problems.append(FieldError(name, code, detail))

    def _moment(self, name: str) -> datetime | None:
        value = self._members.get(name)
        moment = None if value is None else read_moment(value, self._reader.view.timezone)
        if value is not None and moment is None:
            self._add(name, "invalid_datetime", "must be a time such as 2026-05-12T14:30:00Z, or a day: 2026-05-12")
        elif moment is not None and moment > self._reader.now:
            self._add(name, "in_future", "cannot lie in the future")
        return moment

    def _flag(self, name: str) -> bool | None:
        value = self._members.get(name)
        try:
            return value if value is None or isinstance(value, bool) else read_flag(str(value))
        except BadTable:
            self._add(name, "invalid_boolean", "must be true or false, yes or no, 1 or 0")
            return None

    def _amount(self) -> int | None:
        value = self._members.get("value")
        try:
            if isinstance(value, bool) or not isinstance(value, str | int | float | None):
                raise BadAmount("must be a number")
            amount = None if value is None else to_minor(value, self._reader.currency)
            if amount is not None and amount < 0:
                raise BadAmount("must not be negative")
        except BadAmount as problem:
            self._add("value", "invalid_amount", str(problem))
            return None
        return amount

    def _buyer(self) -> PastBuyer | None:
        named = self._members.get("buyer_id")
        found = self._reader.buyers.get(named) if isinstance(named, str) else None
        if named is not None and found is None:
            self._add("buyer_id", "not_found", "must be the id or the external id of a buyer of yours")
        return found


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def read_moment(value: object, zone: str) -> datetime | None:
    """An instant in UTC; what names no zone, as spreadsheets do, is meant in the agency's. None for anything else."""
    if (instant := read_instant(value)) is not None or not isinstance(value, str):
        return instant
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC) if 1900 <= moment.year <= 2999 else None
