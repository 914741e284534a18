"""Databases that exist for one run: made on the server that the run is given, and gone when it ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from psycopg import sql

REDIS_NUMBERS = range(15, 0, -1)


def in_database(server: str, name: str) -> str:
    """The URL of one database of the server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


@contextmanager
def database(server: str, purpose: str) -> Iterator[str]:
    """The URL of a new, empty database; it is dropped at the end, whoever is still connected."""
    name = f"leaddistro_bench_{purpose}_{os.getpid()}"
    with psycopg.connect(in_database(server, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield in_database(server, name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def redis_url(server: str) -> Iterator[str]:
    """The URL of the server's highest numbered empty database; it is emptied again at the end."""
    for number in REDIS_NUMBERS:
        client = redis.Redis.from_url(f"{server.rstrip('/')}/{number}")
        if client.dbsize() == 0:
            try:
                yield f"{server.rstrip('/')}/{number}"
            finally:
                client.flushdb()
                client.close()
            return
        client.close()
    raise SystemExit("No empty Redis database among 1 to 15: name another server in BENCH_REDIS_URL.")
