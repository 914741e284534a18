"""The values that travel from the wire to a checked lead. Pure: every module of the intake speaks in these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Scalar = str | int | float | bool
"""A single value as JSON and forms carry it."""

Raw = Scalar | list[Scalar]
"""What a source may send in a field: one value, or a list of them."""


class FieldLike(Protocol):
    """What the intake needs to know of a field of a lead type: a specification or a row of its table will do."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def choices(self) -> Sequence[str]: ...
    @property
    def required(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Submission:
    """A posted lead as it was read: well formed, within the limits, but not yet checked against a lead type."""

    fields: dict[str, Raw]
    source: str | None
    campaign_id: str | None
    external_id: str | None
    metadata: dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class LeadData:
    """A valid lead: fields in their one normal form, plain JSON values only, and the doubts that are no refusal.

    A flag is a field's name and what is doubtful about it, such as `phone_invalid`: possible, but not assigned.
    """

    fields: Mapping[str, Raw]
    flags: frozenset[str]
