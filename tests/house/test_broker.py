"""Celery on its brokers: Valkey, files, and one that is away."""

import time
from pathlib import Path

import pytest
from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

from leaddistro.broker import over_files, over_redis
from leaddistro.celery import BEATS, app


def test_a_socket_and_its_database_are_named_as_celery_names_them() -> None:
    assert (
        over_redis("unix:///data/valkey.sock?db=3")["broker_url"] == "redis+socket:///data/valkey.sock?virtual_host=3"
    )
    assert over_redis("unix:///data/valkey.sock")["broker_url"] == "redis+socket:///data/valkey.sock?virtual_host=0"
    assert over_redis("rediss://user:word@example.com:6380/1")["broker_url"] == "rediss://user:word@example.com:6380/1"


def test_a_message_goes_through_valkey() -> None:
    assert pass_on(over_redis(settings.REDIS_URL)) == {"hello": 1}


def test_a_message_goes_through_files(tmp_path: Path) -> None:
    assert pass_on(over_files(tmp_path / "queue")) == {"hello": 1}


def test_a_broker_that_is_away_costs_milliseconds() -> None:
    celery = Celery(set_as_current=False)
    celery.conf.update(over_redis("unix:///nowhere/valkey.sock"), task_publish_retry=False)
    started = time.monotonic()
    with pytest.raises(OperationalError):
        celery.send_task("anything")
    assert time.monotonic() - started < 0.3


def test_every_beat_names_a_task_that_exists() -> None:
    app.loader.import_default_modules()
    assert {beat["task"] for beat in BEATS.values()} <= set(app.tasks)


def test_beats_that_nobody_took_do_not_pile_up() -> None:
    assert all(beat["options"]["expires"] for beat in BEATS.values())


def pass_on(configuration: dict[str, object]) -> object:
    """What arrives on the other side of the broker."""
    celery = Celery(set_as_current=False)
    celery.conf.update(configuration)
    with celery.connection() as connection, connection.SimpleQueue("test-of-the-broker") as queue:
        queue.put({"hello": 1})
        message = queue.get(timeout=10)
        message.ack()
        return message.payload
