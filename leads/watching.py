"""How buyers' answers speak for and against their endpoints."""

from typing import Final
from uuid import UUID

from buyers.exchange.answers import Answer, AnswerOutcome
from buyers.health_figures import Endpoint, Result, Seen, Stage

PING, POST = Stage.PING, Stage.POST
_RESULTS: Final = {
    AnswerOutcome.ACCEPTED: Result.ACCEPTED,
    AnswerOutcome.NO_BID: Result.REFUSED,
    AnswerOutcome.REFUSED: Result.REFUSED,
    AnswerOutcome.DUPLICATE: Result.REFUSED,
    AnswerOutcome.TIMEOUT: Result.TIMEOUT,
}


def endpoint_of(contract_id: UUID, stage: Stage, mode: str) -> Endpoint:
    """Where a contract's questions of this stage go."""
    return Endpoint(contract_id, stage, mode)


def seen_of(endpoint: Endpoint, answer: Answer, ms: float | None) -> Seen | None:
    """What one answer says of its endpoint; whatever could not be read speaks against it.

    None where we never asked, having too many questions open: that says nothing of the other side.
    """
    if answer.outcome is AnswerOutcome.UNREACHABLE and answer.reason == "crowded":
        return None
    return Seen(endpoint, _RESULTS.get(answer.outcome, Result.ERROR), ms)
