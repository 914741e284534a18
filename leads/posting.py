"""The post to a buyer that answers in real time, after its sale was settled with a hold: made once, whoever dies.

A sale that is to be posted is `due`; whoever claims it writes `sent` before the first byte leaves, so that a process
that dies leaves behind whether its buyer may have the lead. What the buyer answers captures the hold, or frees it and
sells the lead again; what nobody can tell stays pending, unless the buyer's method says otherwise. Nothing here waits
inside a transaction, and no thread waits for a buyer once the source has its answer.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from accounts.idempotency import Repeat
from accounts.vault import Erased
from buyers.exchange.answers import Answer, AnswerOutcome
from buyers.exchange.stages import Stage
from buyers.health import may_ask, observe
from core.clock import now as clock
from core.clock import rfc3339
from core.gate import aside
from core.http import loop
from core.http.fan_out import ask_all
from core.sql import Statement, bind, run
from leads import later
from leads.asking import Heard, post_question, post_values
from leads.capture import capture_at_once
from leads.confirmation import Answered, NotPending, accept_sale, close_sale
from leads.drafts import Draft
from leads.models import Sale
from leads.recall import CampaignArchived
from leads.settlement import Settlement
from leads.snapshot import ContractView, contract_view
from leads.trip import Outcome
from leads.watching import POST, endpoint_of, seen_of
from webhooks.outbox import hint

log = logging.getLogger(__name__)

GRACE: Final = timedelta(seconds=10)
"""How long after a post's time limit its claim lasts: until its answer is written down."""
_CLAIM: Final = f"""UPDATE "{Sale._meta.db_table}" SET "post" = %s, "post_lease" = %s
WHERE "id" = %s AND "state" = %s AND "post" = %s"""
_REFUSALS: Final = frozenset((AnswerOutcome.REFUSED, AnswerOutcome.NO_BID, AnswerOutcome.DUPLICATE))


@dataclass(frozen=True, slots=True)
class Due:
    """A settled sale whose buyer is to be posted to; `deadline` (of time.monotonic) is when work on the lead ends.

    `made` is its settlement, where this process made it; `repeat` the request that is to be answered by its end.
    """

    draft: Draft
    sale_id: UUID
    contract_id: UUID
    price: int
    deadline: float
    made: Settlement | None = None
    repeat: Repeat | None = None

    @property
    def contract(self) -> ContractView:
        """The contract as it was sold to."""
        return self.draft.campaign.contracts.get(self.contract_id) or contract_view(self.contract_id)

    @property
    def left_ms(self) -> int:
        """The time that is left for the lead."""
        return max(0, round((self.deadline - time.monotonic()) * 1000))


@dataclass(frozen=True, slots=True)
class _Sent:
    """A post on its way."""

    due: Due
    stage: Stage


class Posted(NamedTuple):
    """What became of posts: whether all is over, and the lead's outcome where that is known without looking."""

    over: bool
    outcome: Outcome | None = None


class Ended(NamedTuple):
    """What one answer came to: the posts that follow, or the lead's outcome where that is known without looking."""

    following: Sequence[Due] = ()
    outcome: Outcome | None = None


def due_posts(outcome: Outcome, *, deadline: float, repeat: Repeat | None = None) -> list[Due]:
    """The posts that what was settled calls for."""
    made = outcome.made
    if made is None or made.written is not None:
        return []
    posted = (sale for sale in made.fate.sales if sale.posted)
    return [Due(made.draft, sale.id, sale.contract_id, sale.price, deadline, made, repeat) for sale in posted]


def make_posts(due: Iterable[Due], *, until: float, then: Callable[[], object] = lambda: None) -> Posted:
    """Opens transactions, one after the other. Post to the buyers, and to the next ones where they refuse.

    Where not all is over by `until` (of time.monotonic) it goes on without the caller, and calls `then` whenever a
    buyer has answered; so it does where an answer cannot be written down now, and that is raised. No transaction may
    be open.
    """
    sent, outcome = _send_all(due), None
    try:
        while sent:
            with aside():
                done, _ = wait(sent, timeout=max(0.0, until - time.monotonic()), return_when=FIRST_COMPLETED)
            if not done:
                _go_on_without_us(sent, then)
                return Posted(over=False)
            for future in done:
                ended = _conclude(sent[future], future.result()[0])
                del sent[future]
                sent |= _send_all(ended.following)
                outcome = ended.outcome
    except Exception:
        _go_on_without_us(sent, then)  # what buyers said is not to be lost with the request
        raise
    return Posted(True, outcome)


def _send_all(due: Iterable[Due]) -> dict[Future[list[Heard]], _Sent]:
    waiting, started = list(due), {}
    while waiting:
        one = waiting.pop()
        exchange = one.contract.exchange
        if exchange is None:
            waiting += _close(one, Answer(AnswerOutcome.BLOCKED, reason="method_unreadable"), {})
        elif (hindered := _hindered(one)) is not None:
            waiting += _close(one, hindered, {})
        elif _claim(one, exchange.post):
            future, post = _send(one, exchange.post)
            started[future] = post
    return started


def _hindered(due: Due) -> Answer | None:
    """Why the buyer is not posted to now, if so: the lead's time is over, or the buyer's system failed of late."""
    if not due.left_ms:
        return Answer(AnswerOutcome.UNREACHABLE, reason="deadline")
    if not may_ask(endpoint_of(due.contract_id, POST, due.draft.mode), now=clock()):
        return Answer(AnswerOutcome.UNREACHABLE, reason="breaker_open")
    return None


def _claim(due: Due, stage: Stage) -> bool:
    """Whether the post is ours to make. From here on its buyer may have the lead."""
    lease = clock() + timedelta(milliseconds=_within_ms(due, stage)) + GRACE
    values = (Sale.Post.SENT.value, bind(lease), bind(due.sale_id), Sale.State.PENDING.value, Sale.Post.DUE.value)
    (claimed,) = run([Statement(_CLAIM, values)])
    return bool(claimed.count)


def _within_ms(due: Due, stage: Stage) -> int:
    return min(due.left_ms, stage.timeout_ms or due.left_ms)


def _send(due: Due, stage: Stage) -> tuple[Future[list[Heard]], _Sent]:
    within_ms = _within_ms(due, stage)
    values = post_values(due.draft, due.contract, sale_id=due.sale_id, price=due.price, within_ms=within_ms)
    question = post_question(due.draft, due.contract, stage, values)
    future = loop.submit(ask_all([question], deadline=time.monotonic() + within_ms / 1000))
    return future, _Sent(due, stage)


# --- what the buyer said -----------------------------------------------------------------------------------------


def _conclude(sent: _Sent, heard: Heard) -> Ended:
    """Write down what became of a post."""
    answer, spent = heard.answer, heard.spent_ms
    endpoint = endpoint_of(sent.due.contract_id, POST, sent.due.draft.mode)
    if (seen := seen_of(endpoint, answer, spent)) is not None:
        observe([seen], now=clock())
    facts = {"ms": None if spent is None else round(spent), "fields": list(heard.fields)}
    return conclude(sent.due, sent.stage, answer, facts)


def conclude(due: Due, stage: Stage, answer: Answer, facts: Answered) -> Ended:
    """Opens transactions. What the buyer's answer means for the sale is written down."""
    note: Answered = {
        "outcome": answer.outcome.value,
        "reason": answer.reason,
        "price": answer.price,
        "redirect": answer.redirect,
        "at": rfc3339(clock()),
        **facts,
    }
    if answer.accepted:
        return Ended(outcome=_accept(due, note))
    if answer.unknown and stage.on_timeout == "stop":
        _leave_open(due, note)
        return Ended()
    return Ended(_close(due, answer, note))


def _accept(due: Due, note: Answered) -> Outcome | None:
    if due.made is not None and (outcome := capture_at_once(due.made, post=note, repeat=due.repeat)) is not None:
        hint()
        return outcome
    try:
        accept_sale(principal=due.draft.principal, sale=_sale(due), post=note)
    except NotPending:  # somebody answered for the buyer meanwhile
        pass
    except (CampaignArchived, Erased):  # the buyer has it, and nobody can take its money: a person must see to it
        log.exception("a buyer took sale %s of a lead that nobody can sell any more", due.sale_id)
        _leave_open(due, note)
    return None


def _leave_open(due: Due, note: Answered) -> None:
    pending = Sale.objects.filter(pk=due.sale_id, state=Sale.State.PENDING)
    pending.update(post=Sale.Post.UNKNOWN, post_lease=None, post_answer=note)


def _close(due: Due, answer: Answer, note: Answered) -> list[Due]:
    state = Sale.State.REFUSED if answer.outcome in _REFUSALS else Sale.State.EXPIRED
    note = {"outcome": answer.outcome.value, "reason": answer.reason, **note}
    reason = answer.reason or answer.outcome.value
    principal, again = due.draft.principal, due.left_ms > 0
    try:
        outcome = close_sale(principal=principal, sale=_sale(due), state=state, reason=reason, post=note, again=again)
    except NotPending:
        return []
    following = due_posts(outcome, deadline=due.deadline, repeat=due.repeat)
    return [_as_answered(one, due.draft) for one in following]


def _as_answered(due: Due, before: Draft) -> Due:
    """The post as of the draft before it: who sent that in is told no more than they may see, and all they are told."""
    draft = replace(due.draft, principal=before.principal, said=before.said)
    return replace(due, draft=draft, made=due.made and replace(due.made, draft=draft))


def _sale(due: Due) -> Sale:
    return Sale.objects.get(pk=due.sale_id)


# --- after the source has its answer -----------------------------------------------------------------------------


def _go_on_without_us(sent: Mapping[Future[list[Heard]], _Sent], then: Callable[[], object]) -> None:
    for future, post in sent.items():
        future.add_done_callback(partial(_go_on, post, then))


def _go_on(sent: _Sent, then: Callable[[], object], future: Future[list[Heard]]) -> None:
    if not future.cancelled():
        later.submit(partial(_conclude_later, sent, then, future))


def _conclude_later(sent: _Sent, then: Callable[[], object], future: Future[list[Heard]]) -> None:
    following = _conclude(sent, future.result()[0]).following
    then()
    make_posts(following, until=time.monotonic(), then=then)
