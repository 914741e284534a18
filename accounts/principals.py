"""Who is asking. Everything that reads or writes for somebody takes a Principal and trusts nothing else."""

from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from accounts.limits import Verdict
from core.errors import DomainError


class MissingScope(DomainError):
    """This key lacks the scope that the request needs."""

    code = "missing_scope"
    status = 403


class Actor(Protocol):
    """Who is answerable for a change, as the audit trail writes it down. A Principal is one."""

    @property
    def agency_id(self) -> UUID:
        """The agency whose configuration is changed."""

    @property
    def actor(self) -> str:
        """`key:key_...`, `user:someone@example.com` or `system:...`."""

    @property
    def address(self) -> str:
        """The client's address; empty where there is none."""

    @property
    def request_id(self) -> str:
        """The X-Request-Id; empty outside a request."""


@dataclass(frozen=True, slots=True)
class SystemActor:
    """The product itself, or the operator at the command line, acting on an agency: `system:create_agency`."""

    agency_id: UUID
    actor: str
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class AgencyFacts:
    """What requests need to know of their agency."""

    id: UUID
    currency: str
    timezone: str
    status: str


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated key or user and all that bounds what it may see and do.

    `version` is the agency's configuration version under which the principal was read. `rate` is what the rate
    limiter said of this request (None for users).
    """

    kind: Literal["key", "user"]
    agency: AgencyFacts
    mode: str
    scopes: frozenset[str]
    actor: str
    version: int
    source_id: UUID | None = None
    buyer_id: UUID | None = None
    key_id: UUID | None = None
    user_id: UUID | None = None
    address: str = ""
    request_id: str = ""
    rate: Verdict | None = field(default=None, compare=False)

    @property
    def agency_id(self) -> UUID:
        """The agency whose rows these are."""
        return self.agency.id

    @property
    def bound(self) -> bool:
        """Whether this is one source or one buyer rather than the agency."""
        return self.source_id is not None or self.buyer_id is not None

    @property
    def owner(self) -> UUID:
        """The source, buyer or agency behind the principal: what outlives a rotation of its key."""
        return self.source_id or self.buyer_id or self.agency_id

    @property
    def sees_money(self) -> bool:
        """Whether buyers, their prices and margins may be shown: never to a source."""
        return self.source_id is None

    def require(self, scope: str) -> None:
        """Nothing, where the principal has the scope. Raises MissingScope (403)."""
        if scope not in self.scopes:
            raise MissingScope(f"This needs a key with the scope {scope}.")
