"""What an answer means for its message: done, tried again, given up, or set aside with its endpoint. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.http.outcomes import REFUSED_BY_US, Outcome, Response
from webhooks.backoff import next_attempt, read_retry_after
from webhooks.states import EndpointState, MessageState, Trigger

_SLOW: Final = frozenset({429, 502, 503, 504})
"""Statuses that ask for time."""


@dataclass(frozen=True, slots=True)
class History:
    """What came before: why this try was made, how many this run has had with it, and when its first one was."""

    trigger: str
    tries: int
    first_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """The message's next state; `due_at` for a further try; what becomes of the endpoint, and why."""

    state: MessageState
    due_at: datetime | None = None
    endpoint_state: EndpointState | None = None
    reason: str = ""


def judge(history: History, response: Response, *, now: datetime, jitter: float) -> Verdict:
    """The verdict on one try. A test is never repeated, never a dead letter, and stops no endpoint."""
    if response.outcome == Outcome.OK:
        return Verdict(MessageState.DONE)
    if history.trigger == Trigger.TEST:
        return Verdict(MessageState.CANCELLED)
    if response.outcome == Outcome.HTTP_410:
        return Verdict(MessageState.HELD, None, EndpointState.DISABLED, "The receiver answered 410 Gone.")
    if response.outcome in REFUSED_BY_US:
        return Verdict(MessageState.HELD, None, EndpointState.PAUSED, response.detail)
    due_at = next_attempt(
        tries=history.tries,
        first_attempt_at=history.first_attempt_at,
        now=now,
        jitter=jitter,
        retry_after=read_retry_after(response.headers.get("retry-after", ""), now=now) if _may_wish(response) else None,
        slow_down=response.status in _SLOW or response.outcome == Outcome.TIMEOUT,
    )
    return Verdict(MessageState.DUE, due_at) if due_at else Verdict(MessageState.EXHAUSTED)


def _may_wish(response: Response) -> bool:
    """Whether a Retry-After counts: with 429, 3xx and 5xx; with other 4xx it has no meaning."""
    return response.status == 429 or response.outcome in {Outcome.HTTP_3XX, Outcome.HTTP_5XX}
