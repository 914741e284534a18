"""Revoked means refused by the very next request, in every process that knew the key."""

from multiprocessing import get_context
from multiprocessing.connection import Connection

import pytest
from django.db import connections

from accounts.keys import revoke_key
from accounts.principals import SystemActor
from core import redis
from tests.accounts.asking import Api, make_agency, make_key

PROCESSES = 4


def serve(pipe: Connection, key: str) -> None:
    """Ask with the key whenever told to, and say what came of it."""
    while pipe.recv():
        pipe.send(Api(key).get("/v1/keys/current").status_code)
    connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_a_key_revoked_here_is_refused_by_the_next_request_in_every_process() -> None:
    made = make_agency()
    key = make_key(made)
    connections.close_all()
    redis.client().close()
    context = get_context("fork")
    pipes = [context.Pipe() for _ in range(PROCESSES)]
    processes = [context.Process(target=serve, args=(theirs, key.text)) for _, theirs in pipes]
    for process in processes:
        process.start()

    def ask_all() -> list[int]:
        for ours, _ in pipes:
            ours.send(True)
        return [ours.recv() for ours, _ in pipes]

    assert ask_all() == [200] * PROCESSES
    revoke_key(actor=SystemActor(made.agency.pk, "system:test"), key=key.row)
    assert ask_all() == [401] * PROCESSES
    for ours, _ in pipes:
        ours.send(False)
    for process in processes:
        process.join()
