"""The fast path: leads about which nobody else is asked, from the request to the answer, many of them in one thread.

A step that the processor has just done costs it a quarter of what it costs afresh. So requests that wait for one
another are not only settled together (`leads.convoy`) but read, checked, scored and decided one right after the other.

Only what goes as usual is here. Whatever does not has changed nothing and is left to the view, which begins anew and
has the words for it.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from django.conf import settings
from structlog.contextvars import bound_contextvars

from accounts.authentication import PRINCIPAL, authenticate_key
from accounts.idempotency import repeat_of
from accounts.principals import Principal
from core.clock import now
from core.errors import DomainError
from leads import snapshot
from leads.intake.json_post import read_json
from leads.market import Rider, ask
from leads.pipeline import marks_of
from leads.preparation import campaign_of, prepare, source_of
from leads.trip import Outcome, Overtaken, route_each
from webhooks.outbox import hint

PATH: Final = "/v1/leads"

log = logging.getLogger(__name__)


class Posted(NamedTuple):
    """A request that posts a lead as JSON: its environ, its body, and when it came (of time.perf_counter)."""

    meta: dict[str, Any]
    body: bytes
    began: float


def carry(posted: Sequence[Posted]) -> list[Outcome | Exception | None]:
    """Opens transactions. What became of each lead, all of one agency and book; each recorded exactly once.

    None: nothing, the view is to begin anew. An exception: the trip broke off, and it is not known how far it came.
    Each environ says from here on who sends it, or why that is refused (`accounts.authentication.PRINCIPAL`).
    """
    riders = list(_apart(map(_rider, posted)))
    travelling = [rider for rider in riders if rider is not None]
    ends = iter(route_each(travelling) if travelling else ())
    hint()
    return [None if rider is None else _plain(next(ends)) for rider in riders]


def _rider(posted: Posted) -> Rider | None:
    try:
        return _prepared(posted)
    except DomainError:
        return None  # the view says it
    except Exception:  # a mistake of ours: whoever stumbles over it must not stop the others
        with bound_contextvars(request_id=posted.meta.get("HTTP_X_REQUEST_ID")):
            log.exception("a lead left the fast path")
        return None


def _prepared(posted: Posted) -> Rider | None:
    """The request before the market. Raises, like the view, what is to be told to whoever sent it."""
    meta, body, _ = posted
    if settings.PRODUCTION and meta["wsgi.url_scheme"] != "https":
        return None
    principal = _sender(meta)
    principal.require("leads:write")
    view = snapshot.read(agency_id=principal.agency_id, version=principal.version)
    submission = read_json(body)
    source, _ = source_of(principal, view, submission)
    if view.version != principal.version or not campaign_of(view, source, submission).asks_nobody:
        return None
    received_at = now()
    draft = prepare(principal=principal, view=view, submission=submission, received_at=received_at)
    key = meta.get("HTTP_IDEMPOTENCY_KEY")
    repeat = None if key is None else repeat_of(principal, key, method="POST", path=PATH, body=body)
    return Rider(draft, ask(draft, received_at), repeat)


def _sender(meta: dict[str, Any]) -> Principal:
    """Who sends it, or why not: kept, since asking again would count again."""
    try:
        meta[PRINCIPAL] = principal = authenticate_key(meta, lots=True)
    except Exception as reason:
        meta[PRINCIPAL] = reason
        raise
    return principal


def _apart(riders: Iterable[Rider | None]) -> Iterator[Rider | None]:
    """Without those who share a person or an Idempotency-Key with one before: they must see what becomes of it."""
    met: set[str] = set()
    for rider in riders:
        marks = marks_of(rider) if rider else frozenset()
        yield rider if met.isdisjoint(marks) else None
        met |= marks


def _plain(end: Outcome | Exception) -> Outcome | Exception | None:
    """None for what wrote nothing and is to be tried again, refused, or waited for."""
    if isinstance(end, Outcome):
        return None if end.stored is not None and end.stored.open else end
    return None if isinstance(end, DomainError | Overtaken) else end
