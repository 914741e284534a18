"""What a buyer's answer came to: one closed list, whatever words, statuses and formats the buyer uses."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.http.outcomes import NOTHING_SENT, REFUSED_BY_US, Outcome, Response


class AnswerOutcome(StrEnum):
    """The meaning of one answer to a ping or a post.

    Of a ping `accepted` is a bid and `no_bid` a refusal; of a post `accepted` is a sale and `refused` none.
    """

    ACCEPTED = "accepted"
    NO_BID = "no_bid"
    REFUSED = "refused"
    DUPLICATE = "duplicate"  # the buyer owns this person already
    ERROR = "error"  # the buyer reports a fault, or answers with an HTTP status that is not read
    BAD_BID = "bad_bid"  # a bid whose price is none: negative, huge, not a number
    UNREADABLE = "unreadable"  # the body is not what the method says it is
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    BROKEN = "broken"  # the connection broke after something was sent
    UNREACHABLE = "unreachable"  # nothing was sent
    BLOCKED = "blocked"  # an address that is never called


UNSENT: Final = frozenset((AnswerOutcome.UNREACHABLE, AnswerOutcome.BLOCKED))
"""Ends of a question of which nothing left: the other party was told nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, normalised. Text in it is the buyer's: bounded and without control characters, but not trusted.

    `price` is in minor units, above zero and bounded; None where the answer names none. `reason` is the buyer's own
    words, or a code of ours for what could not be read (docs/glossary.md). `token` names the bid in the post.
    `unknown` says that the buyer may have acted on the request although its answer does not tell: of a post, it may
    own the lead. Where it is false and the outcome is not `accepted`, somebody else can have the lead.
    """

    outcome: AnswerOutcome
    price: int | None = None
    reason: str = ""
    token: str = ""
    redirect: str = ""
    unknown: bool = False

    @property
    def accepted(self) -> bool:
        """Whether it is a bid, or a sale."""
        return self.outcome is AnswerOutcome.ACCEPTED


_TRANSPORT: Final = {
    Outcome.TIMEOUT: AnswerOutcome.TIMEOUT,
    Outcome.LEASE_LOST: AnswerOutcome.TIMEOUT,
    Outcome.SEND_ERROR: AnswerOutcome.BROKEN,
    Outcome.RESET_AFTER_SEND: AnswerOutcome.BROKEN,
    Outcome.TRUNCATED: AnswerOutcome.BROKEN,
    Outcome.TOO_LARGE: AnswerOutcome.TOO_LARGE,
    Outcome.BAD_ENCODING: AnswerOutcome.UNREADABLE,
}


def failed_answer(response: Response) -> Answer | None:
    """The answer where none came whole: the network's trouble, or a body beyond what is read; else None.

    The reason is the outcome's code of core.http. Only where not one byte had left is nothing left open.
    """
    failed = response.defect or response.outcome
    if failed in REFUSED_BY_US:
        return Answer(AnswerOutcome.BLOCKED, reason=failed.value)
    if failed in NOTHING_SENT:
        return Answer(AnswerOutcome.UNREACHABLE, reason=failed.value)
    if failed in _TRANSPORT:
        return Answer(_TRANSPORT[failed], reason=failed.value, unknown=True)
    return None
