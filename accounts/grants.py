"""Nobody grants what they do not hold: the one rule about keys that make keys."""

from typing import Protocol
from uuid import UUID

from accounts.models import Mode, RateLimit
from accounts.principals import Actor, Principal
from core.errors import DomainError


class Grant(Protocol):
    """What a key allows, as far as it could be more than its maker holds."""

    @property
    def mode(self) -> str: ...
    @property
    def scopes(self) -> tuple[str, ...]: ...
    @property
    def source_id(self) -> UUID | None: ...
    @property
    def buyer_id(self) -> UUID | None: ...
    @property
    def rate_limit(self) -> RateLimit | None: ...
    @property
    def rate_limit_per_minute(self) -> int | None: ...


class TooWide(DomainError):
    """A key can only grant what it holds itself."""

    code = "grant_too_wide"
    status = 403


def refuse_wider(actor: Actor, grant: Grant) -> None:
    """Nothing, where the actor holds all that the grant allows; the system holds everything. Raises TooWide.

    A bound principal grants within its source or buyer and at the default rate. A test key grants test keys only.
    """
    if not isinstance(actor, Principal):
        return
    if missing := sorted(set(grant.scopes) - actor.scopes):
        raise TooWide(f"Your key lacks {', '.join(missing)}, so it cannot grant it.")
    if actor.mode == Mode.TEST and grant.mode != Mode.TEST:
        raise TooWide("A test key cannot grant a live key.")
    if not actor.bound:
        return
    if (grant.source_id, grant.buyer_id) != (actor.source_id, actor.buyer_id):
        raise TooWide("A key of a source or a buyer grants keys of the same source or buyer only.")
    if grant.rate_limit is not None or grant.rate_limit_per_minute is not None:
        raise TooWide("Rate limits are set by the agency.")
