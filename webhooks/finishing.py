"""Writing down how tries ended: only by whoever still holds the claim, many in one transaction, once."""

import logging
import random
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from core import sql
from core.http.outcomes import Outcome
from webhooks.announcements import announce_dead_letter
from webhooks.claims import database_now
from webhooks.health import note_health, stop_endpoint
from webhooks.models import Attempt, Message
from webhooks.sending import Tried
from webhooks.signals import delivery_settled
from webhooks.states import MessageState, Trigger
from webhooks.verdicts import History, Verdict, judge

_HEAD = 4096  # bytes of an answer that are kept
_FINISH = """
UPDATE webhooks_message SET state = %s, due_at = COALESCE(%s, due_at), last_outcome = %s, finished_at = %s,
    trigger = 'auto', claim_token = NULL, lease_until = NULL
WHERE id = %s AND claim_token = %s AND state = 'sending'
"""

log = logging.getLogger(__name__)
_dice = random.SystemRandom()
Judged = tuple[Tried, Verdict]


def record(tries: Sequence[Tried]) -> None:
    """Write the ends of these tries: attempts, states, health, what follows from them. Opens its own transactions.

    Where something in a batch fails (a listener of `delivery_settled`, say), each is written alone, so that one does
    not hold up the others; the failing one is sent again when its lease ends.
    """
    try:
        _record_together(tries)
    except Exception:
        if len(tries) == 1:
            log.exception("the end of message %s could not be written", tries[0].message.public_id)
            return
        for tried in tries:
            record([tried])


def conclude_lost(messages: Iterable[Message], now: datetime) -> None:
    """End messages whose last try was lost together with its worker and that have no time left for another."""
    for message in messages:
        state = MessageState.CANCELLED if message.trigger == Trigger.TEST else MessageState.EXHAUSTED
        with transaction.atomic():
            mine = Message.objects.filter(pk=message.pk, claim_token=message.claim_token)
            mine.update(attempts=F("attempts") - 1)  # this claim tries nothing
            finish = _finish_statement(message, Verdict(state), Outcome.LEASE_LOST, now)
            if sql.run([finish])[0].count:
                _settle(message, state, Outcome.LEASE_LOST)


def _record_together(tries: Sequence[Tried]) -> None:
    with transaction.atomic():
        now = database_now()
        judged = [(tried, _judge(tried, now)) for tried in tries]
        statements = [
            _finish_statement(tried.message, verdict, tried.response.outcome, now) for tried, verdict in judged
        ]
        ours = [pair for pair, result in zip(judged, sql.run(statements), strict=True) if result.count]
        _keep_attempts(tries)
        note_health([(tried.message.endpoint, tried.response.outcome == Outcome.OK) for tried, _ in ours], now=now)
        for tried, verdict in sorted(ours, key=lambda pair: str(pair[0].message.event.lead_ref)):
            if tried.message.trigger != Trigger.TEST:
                _settle(tried.message, verdict.state, tried.response.outcome)
    for tried, verdict in ours:
        if verdict.endpoint_state:
            stop_endpoint(tried.message.endpoint, state=verdict.endpoint_state, reason=verdict.reason)


def _judge(tried: Tried, now: datetime) -> Verdict:
    message = tried.message
    history = History(
        message.trigger, message.attempts - message.earlier_attempts, message.first_attempt_at or tried.started_at
    )
    return judge(history, tried.response, now=now, jitter=_dice.random())


def _finish_statement(message: Message, verdict: Verdict, outcome: str, now: datetime) -> sql.Statement:
    finished = now if verdict.state not in {MessageState.DUE, MessageState.HELD} else None
    values = (verdict.state.value, verdict.due_at, str(outcome), finished, message.id, message.claim_token)
    return sql.Statement(_FINISH, tuple(sql.bind(value) for value in values))


def _keep_attempts(tries: Sequence[Tried]) -> None:
    """Keep every try, also one that ended after its lease: it replaces the note that nobody saw its end."""
    Attempt.objects.bulk_create(
        [
            Attempt(
                message=tried.message,
                number=tried.message.attempts,
                started_at=tried.started_at,
                duration_ms=tried.response.duration_ms,
                outcome=tried.response.outcome,
                http_status=tried.response.status,
                response_head=_as_text(tried.response.body_head),
                address=tried.response.address,
                detail=tried.response.detail[:200],
                trigger=tried.message.trigger,
            )
            for tried in tries
        ],
        update_conflicts=True,
        unique_fields=["message", "number"],
        update_fields=["started_at", "duration_ms", "outcome", "http_status", "response_head", "address", "detail"],
    )


def _as_text(head: bytes) -> str:
    return head[:_HEAD].decode("utf-8", "replace").replace("\x00", "\ufffd")


def _settle(message: Message, state: MessageState, outcome: str) -> None:
    """Tell those above, inside the transaction, that a message came to its end."""
    if state not in {MessageState.DONE, MessageState.EXHAUSTED}:
        return
    if state == MessageState.EXHAUSTED:
        announce_dead_letter(message, outcome)
    delivery_settled.send(
        sender=Message, message_id=message.id, event=message.event, endpoint=message.endpoint, state=state.value
    )
