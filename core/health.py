"""What the operator's machines ask us: are you alive, are you ready, what have you counted."""

import os
from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from core.client_address import is_within, parse_address, parse_networks
from core.redis import client

LAG_LIMIT = timedelta(seconds=60)  # the oldest due work may wait this long before we call ourselves not ready


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200: this process answers. Nothing else is looked at, so a broken database restarts nobody."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 where the database answers, the broker answers and nothing due waits too long; else 503. Says which."""
    checks = {"database": _check(_database), "broker": _check(_broker), "outbox": _check(_outbox)}
    ready = all(result == "ok" for result in checks.values())
    return JsonResponse({"status": "ready" if ready else "not ready", "checks": checks}, status=200 if ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text form, for clients within METRICS_ALLOW; to everybody else the page does not exist."""
    if not is_within(parse_address(request.META["REMOTE_ADDR"]), parse_networks(settings.METRICS_ALLOW)):
        raise Http404
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _check(probe: Callable[[], str]) -> str:
    try:
        return probe()
    except (DatabaseError, redis.RedisError):
        return "does not answer"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _broker() -> str:
    if settings.BROKER_FOLDER is None:
        client().ping()
    return "ok"


def _outbox() -> str:
    """The lag of the outbox as the wiring's probe tells it; core knows of no outbox."""
    worst: timedelta = max((import_string(probe)() for probe in settings.LAG_PROBES), default=timedelta())
    return "ok" if worst <= LAG_LIMIT else f"oldest due work waits {worst.total_seconds():.0f} s"
