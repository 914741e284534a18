"""The answer to a source while buyers are still being posted to: as it stands when all is over, or when its time is."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from accounts.idempotency import Repeat, Stored, replace_statement
from accounts.principals import Principal
from accounts.vault import Erased
from core import json
from core.gate import aside
from core.sql import run
from leads import snapshot
from leads.answers import answer
from leads.drafts import Draft, Fate, NewSale
from leads.models import Lead, Sale
from leads.pipeline import submit_lead
from leads.posting import due_posts, make_posts
from leads.recall import CampaignArchived, recall
from leads.sharing import ENDED
from leads.trip import Outcome, status_of
from leads.types import Submission

_LAST_WORD_MS: Final = 1_000  # after a deadline: to write down how it ended
_LOOKS_AGAIN: Final = 0.05  # seconds between two looks at a lead that another process works on


def take_lead(
    *,
    principal: Principal,
    submission: Submission,
    received_at: datetime,
    repeat: Repeat | None = None,
    wait_ms: int | None = None,
    bound: Callable[[Draft], Draft] | None = None,
) -> Outcome:
    """Opens transactions. As `leads.pipeline.submit_lead`, and the posts to buyers that answer in real time made.

    The answer comes within the campaign's time, or within `wait_ms` where the source asked for that; what is still
    open then goes on up to the campaign's deadline.
    """
    begun = time.monotonic()
    outcome = submit_lead(
        principal=principal, submission=submission, received_at=received_at, repeat=repeat, bound=bound
    )
    return answer_in_time(outcome, principal=principal, repeat=repeat, begun=begun, wait_ms=wait_ms)


def sell_on(outcome: Outcome, *, principal: Principal) -> Outcome:
    """Opens transactions. Make the posts that a lead which was decided again calls for, within its campaign's time."""
    return answer_in_time(outcome, principal=principal, repeat=None, begun=time.monotonic(), wait_ms=None)


def answer_in_time(
    outcome: Outcome, *, principal: Principal, repeat: Repeat | None, begun: float, wait_ms: int | None
) -> Outcome:
    """Opens transactions. Make the posts that the outcome calls for; the answer once they are over, or in time.

    `begun` is when the request came (of time.monotonic).
    """
    if outcome.stored is not None:
        return _resumed(outcome.stored, outcome, principal, repeat, begun, wait_ms) if outcome.stored.open else outcome
    if outcome.made is None or not any(sale.posted for sale in outcome.made.fate.sales):
        return outcome
    draft = outcome.made.draft
    due = due_posts(outcome, deadline=begun + draft.campaign.deadline_ms / 1000, repeat=repeat)
    until = begun + _patience_ms(draft, wait_ms) / 1000
    posted = make_posts(due, until=until, then=partial(stands, draft, repeat))
    if not posted.over:
        return outcome
    return posted.outcome or stands(draft, repeat)


def stands(draft: Draft, repeat: Repeat | None) -> Outcome:
    """Opens a transaction. The answer to the draft's source by what is on record now; kept for repeats once final."""
    lead = Lead.objects.get(pk=draft.id)
    sales = Sale.objects.filter(lead=lead).exclude(state__in=ENDED).order_by("sold_at", "id")
    fate = Fate(
        status=lead.status,
        routing_decision=lead.routing_decision,
        reason=lead.reason,
        duplicate_of=lead.duplicate_of,
        sales=tuple(_standing(sale) for sale in sales),
    )
    outcome = Outcome(status_of(fate), answer(draft, fate))
    if repeat is not None and fate.status != Lead.Status.PENDING:
        run([replace_statement(repeat, status=outcome.status, body=json.dumps(outcome.body))])
    return outcome


def _resumed(
    stored: Stored, outcome: Outcome, principal: Principal, repeat: Repeat | None, begun: float, wait_ms: int | None
) -> Outcome:
    """A repeat while the first request's posts are still open: wait for the lead as that did, and tell what is true.

    The first answer again, where nobody can tell that any more.
    """
    lead = Lead.objects.visible_to(principal).get(pk=cast(UUID, stored.lead_id))
    view = snapshot.read(agency_id=principal.agency_id, version=principal.version)
    try:
        draft = replace(recall(principal=principal, view=view, lead=lead), said=_said(stored))
    except (CampaignArchived, Erased):
        return outcome
    _wait(lambda: not _is_open(lead), until=begun + _patience_ms(draft, wait_ms) / 1000)
    return outcome if _is_open(lead) else stands(draft, repeat)


def _said(stored: Stored) -> dict[str, Any]:
    """What the first answer told of the ping that the lead came from."""
    body = json.loads(stored.body)
    return {name: body[name] for name in ("ping_id", "terms") if name in body}


def _patience_ms(draft: Draft, wait_ms: int | None) -> int:
    campaign = draft.campaign
    wanted = campaign.answer_within_ms if wait_ms is None else wait_ms
    return wanted if wanted < campaign.deadline_ms else campaign.deadline_ms + _LAST_WORD_MS


def _is_open(lead: Lead) -> bool:
    return Lead.objects.filter(pk=lead.pk, status=Lead.Status.PENDING).exists()


def _wait(condition: Callable[[], bool], *, until: float) -> None:
    while not condition() and time.monotonic() < until:
        with aside():
            time.sleep(_LOOKS_AGAIN)


def _standing(sale: Sale) -> NewSale:
    return NewSale(
        id=sale.pk,
        contract_id=sale.contract_id,
        buyer_id=sale.buyer_id,
        account_id=0,
        price=sale.price,
        payout=sale.payout,
        state=sale.state,
        exclusive=sale.exclusive,
        method="",
        endpoint_id=None,
        confirm_by=sale.confirm_by,
    )
