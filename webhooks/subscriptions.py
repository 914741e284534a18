"""Who wants to be told, kept in the process under the agency's configuration version: no SELECT per lead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from webhooks.models import Endpoint
from webhooks.states import EndpointState, OwnerKind


@dataclass(frozen=True, slots=True)
class Subscription:
    """One endpoint as the outbox sees it. `full`: it belongs to a buyer, who may read the leads it owns.

    A buyer's endpoint hears only of events that name the buyer. `active` is False while it is paused or disabled:
    what happens meanwhile is kept for it as held messages.
    """

    endpoint_id: UUID
    events: frozenset[str]
    buyer_id: UUID | None
    campaign_id: UUID | None
    full: bool
    active: bool = True

    def wants(self, kind: str, buyer_ref: UUID | None, campaign_ref: UUID | None) -> bool:
        """Whether an event of this kind, about this buyer and campaign, is one for this endpoint."""
        return (
            kind in self.events
            and self.buyer_id in (None, buyer_ref)
            and (self.campaign_id is None or self.campaign_id == campaign_ref)
        )


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """All endpoints of an agency in one book: by id, immutable, safe to share between threads."""

    agency_id: UUID
    mode: str
    by_endpoint: Mapping[UUID, Subscription]
    by_kind: Mapping[str, Sequence[Subscription]] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the endpoints by what they want to hear of: most are a contract's delivery and want nothing else."""
        by_kind: dict[str, list[Subscription]] = {}
        for known in self.by_endpoint.values():
            for kind in known.events:
                by_kind.setdefault(kind, []).append(known)
        object.__setattr__(self, "by_kind", by_kind)

    def is_active(self, endpoint_id: UUID) -> bool:
        """Whether messages may go out to the endpoint; one that is newer than this snapshot is active."""
        known = self.by_endpoint.get(endpoint_id)
        return known is None or known.active

    def of(self, kind: str, buyer_ref: UUID | None, campaign_ref: UUID | None) -> Iterable[Subscription]:
        """The endpoints that are to be told of such an event, in the order of their ids."""
        return (known for known in self.by_kind.get(kind, ()) if known.wants(kind, buyer_ref, campaign_ref))

    def any_full(self, kind: str, buyer_ref: UUID | None, campaign_ref: UUID | None) -> bool:
        """Whether one of them may read the whole lead."""
        return any(known.full for known in self.of(kind, buyer_ref, campaign_ref))


_snapshots: dict[tuple[UUID, str], tuple[int, Subscriptions]] = {}


def load(*, agency_id: UUID, mode: str, version: int) -> Subscriptions:
    """The subscriptions under this configuration version; one SELECT when the version is new to the process.

    `version` is the one the caller decides by and checks again while settling, so a stale snapshot never commits.
    """
    known = _snapshots.get((agency_id, mode))
    if known is not None and known[0] == version:
        return known[1]
    fresh = read(agency_id=agency_id, mode=mode)
    _snapshots[agency_id, mode] = (version, fresh)
    return fresh


def read(*, agency_id: UUID, mode: str, besides: UUID | None = None) -> Subscriptions:
    """The subscriptions as the database has them now, but for the endpoint `besides`: one SELECT."""
    rows = (
        Endpoint.objects.filter(agency_id=agency_id, mode=mode, deleted_at=None)
        .order_by("id")
        .values_list("id", "events", "buyer_id", "campaign_id", "owner_kind", "state")
    )
    found = (
        Subscription(
            endpoint_id=endpoint_id,
            events=frozenset(events),
            buyer_id=buyer_id,
            campaign_id=campaign_id,
            full=owner_kind != OwnerKind.AGENCY,
            active=state == EndpointState.ACTIVE,
        )
        for endpoint_id, events, buyer_id, campaign_id, owner_kind, state in rows
    )
    return Subscriptions(agency_id, mode, {one.endpoint_id: one for one in found if one.endpoint_id != besides})
