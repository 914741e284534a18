"""The lead to a ping: sold on the promised terms where it is the lead that was asked about, else decided anew."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from accounts.idempotency import Repeat
from accounts.principals import Principal
from buyers.exchange.hashes import digest
from core.errors import DomainError, FieldError, FieldProblems, NotFound
from core.ids import BadId, decode, encode
from core.sql import Statement, bind
from leads.answering import take_lead
from leads.bids import Bidding, Promise, bidding_of
from leads.drafts import Draft
from leads.inward import BID, Leg, promise_of
from leads.models import Ping, Source
from leads.preparation import keyed_hash, plain_contact
from leads.trip import Outcome
from leads.types import Submission
from routing.models import Campaign

PROMISED: Final = "promised"
REDECIDED: Final = "redecided"


class PingExpired(DomainError):
    """The promise to this ping is over. Ping again."""

    code = "ping_expired"


class PingUsed(DomainError):
    """This ping has become a lead already. Ping again for another lead."""

    code = "ping_used"


def post_lead(
    *,
    principal: Principal,
    submission: Submission,
    received_at: datetime,
    repeat: Repeat | None = None,
    wait_ms: int | None = None,
) -> Outcome:
    """Opens transactions. As `leads.answering.take_lead`, for the lead that a ping was about: once per ping.

    Raises NotFound for a ping that is a stranger's or none, FieldProblems, PingExpired, PingUsed; nothing is recorded
    then.
    """
    ping, chosen, rest = _read(principal, submission)

    def bound(draft: Draft) -> Draft:
        if draft.campaign.id != ping.campaign_id:
            detail = "The ping was about another campaign: leave this out."
            raise FieldProblems([FieldError("campaign_id", "other_campaign", detail)])
        return _bound(draft, ping, chosen, received_at)

    return take_lead(
        principal=principal, submission=rest, received_at=received_at, repeat=repeat, wait_ms=wait_ms, bound=bound
    )


def _read(principal: Principal, submission: Submission) -> tuple[Ping, tuple[Leg, ...], Submission]:
    """The ping that is named, the legs of its promise that are taken, and the lead itself."""
    fields = dict(submission.fields)
    ping = _ping(principal, fields.pop("ping_id", None))
    legs = tuple(Leg.from_record(record) for record in ping.terms["legs"])
    chosen = _chosen(legs, fields.pop("bid_ids", None))
    rest = replace(
        submission,
        fields=fields,
        campaign_id=submission.campaign_id or encode(Campaign.prefix, ping.campaign_id),
        source=submission.source or ping.source_text or encode(Source.prefix, ping.source_id),
    )
    return ping, chosen, rest


def _ping(principal: Principal, named: object) -> Ping:
    if named in (None, ""):
        raise FieldProblems([FieldError("ping_id", "required", "Name the ping that POST /v1/ping answered.")])
    try:
        ping_id = decode(Ping.prefix, str(named))
    except BadId as error:
        raise NotFound from error
    ping = Ping.objects.visible_to(principal).filter(pk=ping_id).first()
    if ping is None:
        raise NotFound
    return ping


def _chosen(legs: Sequence[Leg], named: object) -> tuple[Leg, ...]:
    """All legs of the promise, or those that are named."""
    if named in (None, ""):
        return tuple(legs)
    wanted = [part.strip() for part in named.split(",")] if isinstance(named, str) else named
    known = {encode(BID, leg.bid_id): leg for leg in legs}
    if not isinstance(wanted, list) or not wanted or any(str(one) not in known for one in wanted):
        detail = "Name bids of this ping, or leave this out to take all."
        raise FieldProblems([FieldError("bid_ids", "unknown_bid", detail)])
    return tuple(known[name] for name in dict.fromkeys(str(one) for one in wanted))


# --- the promise -------------------------------------------------------------------------------------------------


def _bound(draft: Draft, ping: Ping, chosen: Sequence[Leg], now: datetime) -> Draft:
    """The draft bound to the ping's promise, or only to its id where it is another lead than was asked about."""
    over = ping.used_at is not None or ping.expires_at <= now
    claimed = (*draft.beside, _claim(draft, ping, now))
    keeps = over or (bool(chosen) and _same_lead(draft, ping) and _same_payout(draft, ping))
    said = {"ping_id": ping.public_id, "terms": PROMISED if keeps else REDECIDED}
    if not keeps:
        return replace(draft, beside=claimed, said=said)
    promise = _promise(ping, chosen)
    bidding, kept = _bidding(draft, ping, promise)
    return replace(draft, bidding=bidding, promise=promise, beside=(*claimed, kept), said=said)


def _claim(draft: Draft, ping: Ping, now: datetime) -> Statement:
    """The UPDATE that makes the ping this lead's, in the lead's own transaction: of two leads one gets it."""
    sql = (
        f'UPDATE "{Ping._meta.db_table}" SET "used_at" = %s, "lead_id" = %s '
        'WHERE "id" = %s AND "used_at" IS NULL AND "expires_at" > %s'
    )
    expired = ping.used_at is None and ping.expires_at <= now
    params = (bind(now), bind(draft.id), bind(ping.pk), bind(now))
    return Statement(sql, params, expect=1, refusal=PingExpired() if expired else PingUsed())


def _promise(ping: Ping, chosen: Sequence[Leg]) -> Promise:
    """What the chosen legs promise, to be kept by their contracts alone where there are others."""
    takers = frozenset(leg.contract_id for leg in chosen)
    some = len(chosen) < len(ping.terms["legs"])
    return Promise(promise_of(chosen, of=ping.terms["promises"]), takers if some else None)


def _bidding(draft: Draft, ping: Ping, promise: Promise) -> tuple[Bidding, Statement]:
    """The ping's auction with the promise, and the statement that makes it the lead's: also where nobody was asked."""
    row = ping.auctions.first()
    if row is None:
        bidding = Bidding(started_at=ping.created_at, window_ms=0, pinged=(), promise=promise, ping_id=ping.pk)
        return bidding, bidding.insertion(lead_id=draft.id)
    bidding = replace(bidding_of(row), promise=promise)
    return bidding, bidding.adoption(lead_id=draft.id)


def _same_lead(draft: Draft, ping: Ping) -> bool:
    """Whether the lead says what the ping said of it."""
    fields = draft.data.fields
    said: dict[str, Any] = ping.fields
    if ping.source_id != draft.source.id or any(fields.get(name) != value for name, value in said.items()):
        return False
    agency_id = draft.snapshot.agency_id
    told: dict[str, Any] = {"phone": ping.phone_hash, "email": ping.email_hash}
    return all(mark is None or bytes(mark) in _marks(kind, agency_id, fields.get(kind)) for kind, mark in told.items())


def _marks(kind: str, agency_id: UUID, value: object) -> set[bytes]:
    """The keyed hashes under which a source may have named this contact: as the trade writes it, or as E.164."""
    text = str(value or "")
    forms = {plain_contact(text), text, text.removeprefix("+")}
    return {keyed_hash(kind, agency_id, digest(form, "sha256")) for form in forms if form}


def _same_payout(draft: Draft, ping: Ping) -> bool:
    source = draft.source.terms
    return bool(ping.terms["payout"] == [source.payout_kind, source.payout_value])
