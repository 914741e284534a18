"""The buyers' side of the demo: takes signed webhooks and checks them, answers pings and posts, and shows the last."""

import time
from collections.abc import Mapping
from typing import Any

import redis
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from core import json
from core.clock import now, rfc3339
from core.gate import aside
from core.redis import client
from leads.demo.exchange import reply_to
from leads.demo.keepsake import recall
from webhooks.signing import ID, BadSignature, parse_secret, verify

SHOWN = 100
_LIST = "demo:deliveries"
_KEPT_SECONDS = 7 * 24 * 3600
_LONGEST = 20_000


@csrf_exempt  # a server posts here: it has no session, and its signature says who it is
@require_POST
def receive(request: HttpRequest, slug: str) -> HttpResponse:
    """204 for a delivery signed with this receiver's secret, 401 for any other; both are shown, the newest first."""
    try:
        _check(slug, request.headers, request.body)
    except BadSignature as problem:
        _remember(_line(request, slug, refused=str(problem)))
        return HttpResponse(f"{problem}\n", status=401, content_type="text/plain")
    _remember(_line(request, slug))
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def answer(request: HttpRequest, slug: str, stage: str) -> HttpResponse:
    """What a bidder's system answers to a ping or a post, after as long as it takes it."""
    try:
        reply = reply_to(slug, stage, request.body)
    except KeyError as nobody:
        raise Http404 from nobody
    with aside():
        time.sleep(reply.wait)
    _remember(_line(request, slug) | {"event": stage, "answered": reply.said})
    response = HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)
    response._has_been_logged = True  # type: ignore[attr-defined] # Django need not report a failure that is played
    return response


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The page of the last deliveries."""
    return render(request, "demo/receiver.html", {"deliveries": _remembered(), "shown": SHOWN})


def _check(slug: str, headers: Mapping[str, str], body: bytes) -> None:
    keepsake = recall()
    secret = keepsake and keepsake.secrets.get(slug)
    if not secret:
        raise BadSignature("nobody receives at this address")
    verify([parse_secret(secret)], headers, body, now=int(now().timestamp()))


def _line(request: HttpRequest, slug: str, *, refused: str = "") -> dict[str, Any]:
    text = request.body[:_LONGEST].decode(errors="replace")
    return {
        "at": rfc3339(now()),
        "slug": slug,
        "id": request.headers.get(ID, "")[:100],
        "refused": refused,
        "body": text,
        **_headline(text),
    }


def _headline(text: str) -> dict[str, Any]:
    """What the table shows of a body without being opened."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    known = document if isinstance(document, dict) else {}
    return {name: known.get(name) for name in ("event", "lead_id", "price")}


def _remember(line: Mapping[str, Any]) -> None:
    """Keep it in front of the list. Where the broker is away nothing is kept: the delivery counts all the same."""
    try:
        with client().pipeline() as pipe:
            pipe.lpush(_LIST, json.dumps(line))
            pipe.ltrim(_LIST, 0, SHOWN - 1)
            pipe.expire(_LIST, _KEPT_SECONDS)
            pipe.execute()
    except redis.RedisError:
        return


def _remembered() -> list[dict[str, Any]] | None:
    """The deliveries, the newest first; None where the broker that keeps them is away."""
    try:
        lines = client().lrange(_LIST, 0, SHOWN - 1)
    except redis.RedisError:
        return None
    return [json.loads(line) for line in lines]


urlpatterns = [
    path("receiver/", show),
    path("receiver/<slug:slug>", receive),
    path("exchange/<slug:slug>/<slug:stage>", answer),
]
