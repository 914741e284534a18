"""What machines may ask."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from core import redis


def late() -> timedelta:
    """A probe that finds work waiting for two minutes."""
    return timedelta(minutes=2)


@pytest.mark.django_db
def test_ready_means_database_broker_and_outbox(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": "ok", "broker": "ok", "outbox": "ok"}}


@pytest.mark.django_db
def test_work_that_waits_too_long_is_not_ready(client: Client, settings: Settings) -> None:
    settings.LAG_PROBES = [f"{__name__}.late"]
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["outbox"] == "oldest due work waits 120 s"


@pytest.mark.django_db
def test_a_broker_that_is_away_is_not_ready(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    redis.client.cache_clear()
    try:
        answer = client.get("/readyz")
    finally:
        redis.client.cache_clear()
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "ok", "broker": "does not answer", "outbox": "ok"}


def test_a_living_process_says_so_without_looking_at_the_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_metrics_do_not_exist_but_for_the_allowed(settings: Settings) -> None:
    client = Client()
    assert client.get("/metrics").status_code == 404
    settings.METRICS_ALLOW = ["10.0.0.0/8"]
    assert client.get("/metrics").status_code == 404
    settings.METRICS_ALLOW = ["127.0.0.1/32"]
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert 'http_requests_total{method="GET",route="metrics",status="404"}' in answer.content.decode()
