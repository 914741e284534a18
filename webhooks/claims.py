"""Taking what is due: fair between endpoints, exact between processes, safe against dying in the middle.

A claim holds the rows of the endpoints it serves for the few milliseconds that it takes, so that an endpoint never has
more in flight than it bears. Workers that meet a held endpoint pass it by. The database's clock decides, since two
hosts with clocks of their own would take each other's work away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Q

from core import sql
from core.clock import now as clock
from core.http.outcomes import Outcome
from core.ids import new_id
from webhooks.hints import hint
from webhooks.models import Attempt, Endpoint, Message
from webhooks.states import EndpointState, MessageState

GRACE: Final = timedelta(seconds=20)
"""How much longer than the longest possible exchange a claim is leased."""

# The endpoints with open rows, found by leaping from one to the next in the partial index: a million rows waiting for
# one dead endpoint cost one leap. Then those that have something due and room for it, the longest waiting first.
_WAITING: Final = """
WITH RECURSIVE waiting(endpoint_id) AS (
    SELECT * FROM (
        SELECT endpoint_id FROM webhooks_message WHERE state IN ('due', 'sending') ORDER BY endpoint_id LIMIT 1
    ) AS lowest
    UNION ALL
    SELECT (SELECT m.endpoint_id FROM webhooks_message m
            WHERE m.state IN ('due', 'sending') AND m.endpoint_id > waiting.endpoint_id
            ORDER BY m.endpoint_id LIMIT 1)
    FROM waiting WHERE waiting.endpoint_id IS NOT NULL
), oldest AS (
    SELECT waiting.endpoint_id AS id, e.max_in_flight,
        (SELECT m.due_at FROM webhooks_message m
         WHERE m.endpoint_id = waiting.endpoint_id AND m.state IN ('due', 'sending')
         ORDER BY m.due_at, m.id LIMIT 1) AS due_at,
        (SELECT count(*) FROM webhooks_message r
         WHERE r.endpoint_id = waiting.endpoint_id AND r.state = 'sending' AND r.lease_until > %s) AS running
    FROM waiting JOIN webhooks_endpoint e ON e.id = waiting.endpoint_id
)
SELECT id FROM oldest WHERE due_at <= %s AND running < max_in_flight ORDER BY due_at, id LIMIT %s
"""
_SHARE: Final = """SELECT id FROM (
    SELECT id FROM webhooks_message WHERE endpoint_id = %s AND state IN ('due', 'sending') AND due_at <= %s
    ORDER BY due_at, id LIMIT %s{lock}) AS share_{number}"""
# Materialized, or PostgreSQL may run the choice once per row of the update and choose others each time.
_CLAIM: Final = """
WITH chosen AS MATERIALIZED ({shares})
UPDATE webhooks_message SET state = 'sending', claim_token = %s, lease_until = %s, due_at = %s,
    attempts = attempts + 1, first_attempt_at = COALESCE(first_attempt_at, %s),
    last_outcome = CASE WHEN state = 'sending' THEN 'lease_lost' ELSE last_outcome END
WHERE id IN (SELECT id FROM chosen) AND state IN ('due', 'sending') AND due_at <= %s
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class _Room:
    """How many more messages one endpoint takes."""

    endpoint_id: UUID
    free: int
    timeout_ms: int


def database_now() -> datetime:
    """The database's clock; on SQLite, which lives in this machine, the machine's."""
    if not sql.is_postgres():
        return clock()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def is_anything_due() -> bool:
    """Whether a message waits for a worker. One look into an index."""
    due = Message.objects.filter(state__in=["due", "sending"], due_at__lte=database_now())
    return due.order_by("due_at", "id").exists()


def claim_due(limit: int) -> list[Message]:
    """Up to `limit` due messages, leased to the caller under one fresh token, with event, endpoint and secrets loaded.

    The attempt is counted here: a message that kills its worker runs out of tries. What a dead worker left is claimed
    again, and the try whose end nobody saw is written down as `lease_lost`. Messages of endpoints that are not active
    are set aside as `held`. One transaction, in which nothing waits for a lock.
    """
    with transaction.atomic():
        now = database_now()
        rooms = _rooms(now, limit)
        shares = _share_out(rooms, limit)
        if not shares:
            return []
        lease = now + GRACE + timedelta(milliseconds=max(room.timeout_ms for room in rooms))
        claimed = sql.run([_claim_statement(shares, now, lease)])[0].rows
        messages = list(
            Message.objects.filter(pk__in=[row[0] for row in claimed])
            .select_related("event", "endpoint")
            .prefetch_related("endpoint__secrets")
            .order_by("due_at", "id")
        )
        _write_down_lost(messages, now)
        return messages


def _rooms(now: datetime, limit: int) -> list[_Room]:
    moment = sql.bind(now)
    waiting = [UUID(str(row[0])) for row in sql.run([sql.Statement(_WAITING, (moment, moment, limit))])[0].rows]
    if not waiting:
        return []
    locked = Endpoint.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in=waiting)
    endpoints = {endpoint.id: endpoint for endpoint in locked}
    idle = [endpoint.id for endpoint in endpoints.values() if endpoint.state != EndpointState.ACTIVE]
    if idle:
        hold_messages(idle, now)
    running = dict(
        Message.objects.filter(endpoint_id__in=endpoints, state=MessageState.SENDING, lease_until__gt=now)
        .values_list("endpoint_id")
        .annotate(Count("id"))
    )
    return [
        _Room(endpoint.id, endpoint.max_in_flight - running.get(endpoint.id, 0), endpoint.timeout_ms)
        for endpoint_id in waiting
        if (endpoint := endpoints.get(endpoint_id)) and endpoint.state == EndpointState.ACTIVE
    ]


def hold_messages(endpoint_ids: Sequence[UUID], now: datetime) -> int:
    """Set the open messages of these endpoints aside until they are resumed; how many. Those in flight may land."""
    waiting = Q(state=MessageState.DUE) | Q(state=MessageState.SENDING, lease_until__lte=now)
    return Message.objects.filter(waiting, endpoint_id__in=endpoint_ids).update(state=MessageState.HELD)


def release_messages(endpoint_id: UUID) -> int:
    """Make what was held for the endpoint due now; how many. Needs an open transaction; hints after its commit."""
    held = Message.objects.filter(endpoint_id=endpoint_id, state=MessageState.HELD)
    transaction.on_commit(hint)
    return held.update(state=MessageState.DUE, due_at=database_now())


def release_strays() -> int:
    """Make due what is held for endpoints that are at work; how many. Opens a transaction.

    Such a message was set aside by a process that died before it stopped the endpoint, or while somebody resumed it.
    """
    working = Endpoint.objects.filter(state=EndpointState.ACTIVE, deleted_at=None)
    with transaction.atomic():
        strays = Message.objects.filter(state=MessageState.HELD, endpoint_id__in=working.values("pk"))
        return strays.update(state=MessageState.DUE, due_at=database_now())


def _share_out(rooms: Sequence[_Room], limit: int) -> dict[UUID, int]:
    """How many each endpoint is served: one each in turn, until the limit or everybody's room is used up."""
    shares = {room.endpoint_id: 0 for room in rooms if room.free > 0}
    free = {room.endpoint_id: room.free for room in rooms}
    left = limit
    while left and any(shares[one] < free[one] for one in shares):
        for one in shares:
            if left and shares[one] < free[one]:
                shares[one] += 1
                left -= 1
    return {one: share for one, share in shares.items() if share}


def _claim_statement(shares: dict[UUID, int], now: datetime, lease: datetime) -> sql.Statement:
    lock = " FOR UPDATE SKIP LOCKED" if sql.is_postgres() else ""
    parts = [_SHARE.format(lock=lock, number=number) for number in range(len(shares))]
    chosen = [sql.bind(value) for endpoint_id, share in shares.items() for value in (endpoint_id, now, share)]
    moment, until, token = sql.bind(now), sql.bind(lease), sql.bind(new_id())
    return sql.Statement(
        _CLAIM.format(shares=" UNION ALL ".join(parts)), (*chosen, token, until, until, moment, moment)
    )


def _write_down_lost(messages: Sequence[Message], now: datetime) -> None:
    lost = [message for message in messages if message.last_outcome == Outcome.LEASE_LOST]
    Attempt.objects.bulk_create(
        [
            Attempt(
                message=message,
                number=message.attempts - 1,
                started_at=now,
                outcome=Outcome.LEASE_LOST,
                detail="the worker died; nobody saw the end",
                trigger=message.trigger,
            )
            for message in lost
        ],
        ignore_conflicts=True,
    )
