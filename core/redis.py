"""The one connection pool to Redis or Valkey: short time-outs, no retries, since nothing here may wait for it."""

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


@cache
def client() -> redis.Redis:
    """This process's client. Commands raise redis.RedisError within 0.2 s where the server is away."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=0.2,
        socket_timeout=0.5,
        retry=Retry(NoBackoff(), 0),
    )
