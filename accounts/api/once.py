"""Answers a management request once per Idempotency-Key: what comes again gets the first answer, byte for byte."""

from collections.abc import Callable
from contextlib import suppress

from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from accounts.idempotency import Raced, Repeat, Stored, find_answer, find_statement, insert_statement, lock_name, stored
from core import sql
from core.clock import now
from core.json import dumps


def answer_once(repeat: Repeat, respond: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The stored answer to this request, or the one that `respond` gives, stored in the same transaction.

    Needs an open transaction. The same key in flight elsewhere is waited for: its answer is found when it commits, and
    the way is free when it rolls back. Only 2xx is stored. Raises KeyReused where the key stood for another request.
    """
    found = sql.run([*sql.lock(lock_name(repeat)), find_statement(repeat)])[-1]
    if found.rows:
        return _replay(stored(repeat, found.rows[0]))
    response = respond()
    _store(repeat, response)
    return response


def answer_once_outside(repeat: Repeat | None, respond: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """As `answer_once`, where `respond` speaks to the network and no transaction may be open meanwhile.

    Opens one afterwards. Two requests in the same instant may both take effect; one answer is stored.
    """
    if repeat is None:
        return respond()
    if (first := find_answer(repeat)) is not None:
        return _replay(first)
    response = respond()
    with suppress(Raced), transaction.atomic():
        _store(repeat, response)
    return response


def _store(repeat: Repeat, response: HttpResponseBase) -> None:
    if 200 <= response.status_code < 300:
        data = getattr(response, "data", None)
        body = b"" if data is None else dumps(data)
        sql.run([insert_statement(repeat, status=response.status_code, body=body, now=now())])


def _replay(answer: Stored) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    response.headers["Idempotent-Replayed"] = "true"
    return response
