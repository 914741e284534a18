"""What was refused at the door is kept for a while, sealed, so that its source can see what it sent and why not."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import ApiKey, DataKey
from accounts.principals import Principal
from accounts.vault import new_data_key, open_data_key
from accounts.versions import record_audit
from core.clock import rfc3339
from core.errors import NotFound
from core.ids import BadId, decode, encode, new_id
from core.sql import insert, run
from leads.models import Source, Submission

KEPT_FOR = timedelta(days=7)


def record_refusal(
    *, principal: Principal, body: bytes, answer: dict[str, Any], now: datetime, named: str | None = None
) -> None:
    """Opens a transaction. Keep a refused submission: the body sealed under a key of its own, the answer in clear.

    `named` is the source that it names, where it could be read so far: what an agency sends in the name of one of its
    sources is that source's to see.
    """
    submission_id = new_id()
    key_statement, sealer = new_data_key(submission_id)
    row = {
        "id": submission_id,
        "agency": principal.agency_id,
        "mode": principal.mode,
        "source": principal.source_id or _source_named(principal, named),
        "key_id": principal.key_id,
        "request_id": principal.request_id,
        "status": answer["status"],
        "code": answer["code"],
        "answer": answer,
        "sealed": sealer.seal(body, _context(submission_id)),
        "created_at": now,
    }
    with transaction.atomic():
        run([key_statement, insert(Submission, [row])])


def prune_refusals(*, now: datetime) -> int:
    """Opens a transaction. Forget submissions older than KEPT_FOR, and the keys that sealed them; how many."""
    with transaction.atomic():
        old = Submission.objects.filter(created_at__lt=now - KEPT_FOR)
        DataKey.objects.filter(subject_id__in=old.values("pk")).delete()
        return old.delete()[0]


# --- reading -----------------------------------------------------------------------------------------------------


def refusals(principal: Principal, wanted: Mapping[str, Any]) -> QuerySet[Submission]:
    """The refused submissions that the principal may see, by ORM lookups. Lazy; page it by (created_at, id)."""
    return Submission.objects.visible_to(principal).filter(**wanted).defer("sealed")


def refusal(principal: Principal, submission_id: str) -> Submission:
    """One of them, with its source. Raises NotFound."""
    try:
        wanted = decode(Submission.prefix, submission_id)
    except BadId as error:
        raise NotFound from error
    found = Submission.objects.visible_to(principal).select_related("source").filter(pk=wanted).first()
    if found is None:
        raise NotFound
    return found


def refusal_record(submission: Submission) -> dict[str, Any]:
    """A refused submission as outsiders see it, all but what was sent."""
    return {
        "submission_id": submission.public_id,
        "source_id": _public(Source.prefix, submission.source_id),
        "key_id": _public(ApiKey.prefix, submission.key_id),
        "request_id": submission.request_id or None,
        "status": submission.status,
        "code": submission.code,
        "reason": submission.answer["detail"],
        "answer": submission.answer,
        "test": submission.mode == "test",
        "created_at": rfc3339(submission.created_at),
        "kept_until": rfc3339(submission.created_at + KEPT_FOR),
    }


def sent_body(submission: Submission) -> str:
    """What was sent, as text. Only for whom sent it, or after `reveal_refusal`. Raises accounts.vault.Erased."""
    sealer = open_data_key(submission.pk)
    return sealer.open(bytes(submission.sealed), _context(submission.pk)).decode(errors="replace")


def reveal_refusal(principal: Principal, submission_id: str) -> str:
    """Opens a transaction. What was sent; that a person looked is on record. Raises NotFound, Erased."""
    with transaction.atomic():
        found = refusal(principal, submission_id)
        record_audit(actor=principal, action="submission.reveal", object_id=found.public_id)
    return sent_body(found)


def _source_named(principal: Principal, named: str | None) -> UUID | None:
    if not named:
        return None
    sources = Source.objects.filter(agency_id=principal.agency_id)
    try:
        found = sources.filter(pk=decode(Source.prefix, named))
    except BadId:
        found = sources.filter(slug=named[:80])
    return found.values_list("pk", flat=True).first()


def _public(prefix: str, value: UUID | None) -> str | None:
    return None if value is None else encode(prefix, value)


def _context(submission_id: UUID) -> str:
    return f"leads.submission.sealed/{submission_id}"
